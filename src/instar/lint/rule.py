"""What a rule is: a module in `lint/rules/` with a docstring, examples that prove it, and `check`.

A rule's file is its identifier with underscores for hyphens. It holds:

* the docstring: the first line says what is wrong (that is what `instar rules` lists); then why, who waits, what to do.
  "Safe when: ..." says what clears it. The docs page of the rule is made of it.
* `GROUP`: one of GROUPS. `SEVERITY`: what it weighs unless the configuration says otherwise; None = off.
* `DIALECTS`: the engines it is for. `VERSIONS` (optional): first and last major version, None = open.
* `ON`: the kinds of change (instar.effects.KINDS) that it wants to see. "" in it: called once for every statement with
  `look.change` None; "migration" in it: called once for every migration, after its last statement.
* `DOWN` (optional, False): whether it also looks at `down` sections.
* `SETUP`: what is there before (an earlier, released migration), `BAD` and `GOOD`: migrations in instar's own layout,
  and `PROOF`: what is seen on a real server when they run (see Proof). `FIXED = True` when `BAD` is fixed by `--fix`.
* `check(look) -> Iterator[Finding]`: made with `look.finding(...)`, `look.unknown(...)`.
"""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from instar.lint.look import Look
from instar.model import Finding, Severity

GROUPS = {
    "blocking": "Work and locks that make the application wait",
    "compatibility": "What breaks the application that runs while the migration does, or after it",
    "data": "What may fail on the rows that are there, or lose some of them",
    "transaction": "Transactions, repetition and time-outs",
    "design": "Types and design",
    "naming": "Names",
    "hygiene": "The files themselves, and the linter's own bookkeeping",
}


class Proof(Struct, frozen=True):
    """What the test of a rule looks for on a real server, for `BAD` and `GOOD` after `SETUP` (tables have rows).

    `kind`:
    "work": BAD does work over the rows of `subject` while it holds a lock that blocks; GOOD does not.
    "lock": BAD locks `subject` as strongly as `lock` ("ACCESS EXCLUSIVE"); GOOD locks it less, or for no work.
    "held": BAD holds a blocking lock on `subject` while another statement works or locks another table; GOOD does not.
    "fails": the server refuses BAD, with `subject` in its message; GOOD runs.
    "breaks": the statement `subject`, which works before, fails after BAD; it still works after GOOD.
    "changes": the query `subject` gives other rows after BAD than before; after GOOD the same.
    "shows": the query `subject` gives rows after BAD (a catalog query: an invalid index, ...), none after GOOD.
    "algorithm": MySQL/MariaDB: the server refuses BAD with ALGORITHM=`subject` (and LOCK=NONE); it accepts GOOD.
    "style": nothing to see: both run. Only for conventions and for the files themselves.
    """

    kind: str
    subject: str = ""
    lock: str = ""


class Rule(Protocol):
    """A module in `lint/rules/`, as the engine sees it. Optional names are read with a default."""

    __doc__: str | None
    __name__: str
    GROUP: str
    SEVERITY: Severity | None
    DIALECTS: tuple[str, ...]
    ON: tuple[str, ...]
    BAD: str
    GOOD: str
    PROOF: Proof

    def check(self, look: Look) -> Iterator[Finding]:
        """Yield what is wrong."""
