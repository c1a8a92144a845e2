"""What a rule is: a module in `lint/rules/` with a docstring, examples that prove it, and `check`.

A rule's file is its identifier with underscores for hyphens. It holds:

* the docstring: the first line says what is wrong (that is what `instar rules` lists); then why, who waits, what to do.
  "Safe when: ..." says what clears it. The docs page of the rule is made of it.
* `GROUP`: one of GROUPS. `SEVERITY`: what it weighs unless the configuration says otherwise; None = off.
* `DIALECTS`: the engines it is for. `VERSIONS` (optional): first and last major version, None = open.
* `ON`: the kinds of change (instar.effects.KINDS) that it wants to see. "" in it: called once for every statement with
  `look.change` None; "migration" in it: called once for every migration, after its last statement; "findings" in it:
  called after all other rules, with what they said in `look.found`, and the names of those that ran in `look.ran`.
* `NEEDS` (optional): kinds of change of which the section must have one before "migration" is called.
* `DOWN` (optional, False): whether it also looks at `down` sections.
* `STORED` (optional, False): whether it also looks into the bodies of functions that are only created.
* `SETUP`: what is there before (an earlier, released migration), `BAD` and `GOOD`: migrations in instar's own layout,
  and `PROOF`: what is seen on a real server when they run (see Proof). `FIXED = True` when `BAD` is fixed by `--fix`.
* `ROWS` (optional): SQL that fills the tables of SETUP; without it they get rows by the types of their columns.
* `EXAMPLES` (optional): another Example for an engine whose SQL differs, by the name of the dialect.
* `OPTIONS` and `COUNTS` (optional): for the examples: what instar.lint.look.Options gets, and rows of tables.
* `check(look) -> Iterator[Finding]`: made with `look.finding(...)`, `look.unknown(...)`.
"""

from collections.abc import Iterator, Mapping
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
    "undone": as "changes", but after BAD (GOOD) and its own `down`: what does not come back.
    "style": nothing to see: both run. Only for conventions and for the files themselves.

    Engines other than PostgreSQL: "work" is "algorithm" INPLACE on MariaDB and MySQL; "lock" and "held" are "style".
    """

    kind: str
    subject: str = ""
    lock: str = ""


class Example(Struct, frozen=True):
    """What proves a rule on one engine, where its SQL differs: see SETUP, BAD, GOOD and PROOF above."""

    setup: str
    bad: str
    good: str
    proof: Proof


def example_for(rule: "Rule", dialect: str) -> Example:
    """Return the example that proves `rule` on an engine."""
    other: Mapping[str, Example] = getattr(rule, "EXAMPLES", {})
    return other.get(dialect) or Example(getattr(rule, "SETUP", ""), rule.BAD, rule.GOOD, rule.PROOF)


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
