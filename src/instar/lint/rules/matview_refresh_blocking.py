"""REFRESH MATERIALIZED VIEW without CONCURRENTLY stops every reader of the view until it is filled again.

It holds an ACCESS EXCLUSIVE lock on the view from its query's first row to the commit. REFRESH MATERIALIZED VIEW
CONCURRENTLY compares old and new rows and lets readers through. It needs a unique index on columns of the view, without
a WHERE, and a view that has been filled before.

Safe when: the view is new, or was never filled: nobody can read it; the live catalog says that it is small.
"""

import re
from collections.abc import Iterator

from instar.catalog import Table
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("refresh",)
DOWN = True
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);
CREATE MATERIALIZED VIEW order_totals AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX idx_order_totals_id ON order_totals (id);
"""
BAD = "REFRESH MATERIALIZED VIEW order_totals;"
GOOD = "REFRESH MATERIALIZED VIEW CONCURRENTLY order_totals;"
PROOF = Proof("lock", "order_totals", lock="ACCESS EXCLUSIVE")
FIXED = True

_REFRESH = re.compile(r"\A(\s*refresh\s+materialized\s+view\b)", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a refresh that stops readers."""
    change = look.change
    assert change is not None
    view = look.table()
    if change.flags & {"concurrently", "with no data"} or look.new() or look.small() or not view.populated:
        return
    name = look.name()
    able = _comparable(view)
    yield look.finding(
        f"reads of {name} wait until it is filled again",
        why=f"REFRESH MATERIALIZED VIEW holds an ACCESS EXCLUSIVE lock on {name} while its query runs",
        advice="refresh it CONCURRENTLY"
        if able
        else f"create a unique index on columns of {name} that tell its rows apart, then REFRESH MATERIALIZED VIEW "
        f"CONCURRENTLY {name}",
        fix=_fix(look) if able and not look.depth else None,
    )


def _comparable(view: Table) -> bool:
    return any(item.unique and all(item.columns) and not item.predicate and item.valid for item in view.indexes)


def _fix(look: Look) -> Fix:
    return Fix(_REFRESH.sub(r"\1 CONCURRENTLY", look.effect.text, count=1) + ";", same=True)
