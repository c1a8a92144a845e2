"""An index that is built CONCURRENTLY without a name cannot be found again after a crash.

A build that is interrupted leaves an INVALID index behind. instar drops it and builds anew, if it knows what it is
called; the server gives an unnamed one the next free name each time, and the remains of the last attempt stay.

Safe when: the index has a name.
"""

import re
from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "transaction"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("create index",)
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);"
BAD = "CREATE INDEX CONCURRENTLY ON orders (customer_id);"
GOOD = "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);"
PROOF = Proof("style")
FIXED = True

_WORD = re.compile(r"\bconcurrently\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a build without a name, and write in the one that the server would choose."""
    change = look.change
    assert change is not None
    if not {"concurrently", "unnamed"} <= change.flags or look.depth:
        return
    name = rewrite.name(look, change.name.rpartition(".")[2])
    named = _WORD.sub(f"CONCURRENTLY {name}", look.effect.text, count=1)
    yield look.finding(
        f"what an interrupted build leaves on {look.name()} cannot be found again: the index has no name",
        why="an interrupted CREATE INDEX CONCURRENTLY leaves an INVALID index, which instar drops by its name",
        advice=f"name the index: {name}",
        fix=Fix(f"{named};", same=look.table().complete, segments=True),
    )
