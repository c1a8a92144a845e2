"""REINDEX without CONCURRENTLY stops the table while its indexes are built again.

REINDEX holds a SHARE lock on the table, so that every INSERT, UPDATE and DELETE waits, and an ACCESS EXCLUSIVE lock on
each index that it builds. Planning a query opens all indexes of a table: nearly every SELECT waits, too. REINDEX
CONCURRENTLY builds a second index beside the old one and swaps them; instar runs it outside a transaction by itself.

Safe when: the table is new or empty; the live catalog says that it is small; CONCURRENTLY; system catalogs.
"""

import re
from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.around import outside
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("reindex",)
DOWN = True
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
"""
BAD = "REINDEX TABLE orders;"
GOOD = "REINDEX TABLE CONCURRENTLY orders;"
PROOF = Proof("lock", "orders", lock="SHARE")
FIXED = True

_REINDEX = re.compile(r"\A(\s*reindex\s*(?:\([^()]*\)\s*)?(?:index|table|schema|database)\b)", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a rebuild that blocks; of a whole schema once."""
    change = look.change
    assert change is not None
    if change.flags & {"concurrently", "system"} or change is not look.effect.changes[0]:
        return
    named = [item.relation for item in look.effect.changes if item.relation]
    if look.effect.stored or (named and all(look.new(item) or look.small(item) for item in named)):
        return
    many = bool(change.flags & {"schema", "database"})
    table = f"all tables of {look.name(change.name)}" if many else look.name(change.relation or change.name)
    index = look.name(change.name) if "index" in change.flags else "each of its indexes"
    yield look.finding(
        f"reads and writes of {table} wait while {index} is built again",
        why=f"REINDEX holds a SHARE lock on {table} and an ACCESS EXCLUSIVE lock on each index, which every query "
        "opens when it is planned",
        advice=outside(look, "build again CONCURRENTLY"),
        fix=_fix(look),
    )


def _fix(look: Look) -> Fix | None:
    match = _REINDEX.match(look.effect.text)
    if look.depth or match is None:
        return None
    return rewrite.steps([f"{match[1]} CONCURRENTLY{look.effect.text[match.end() :]}"], same=True)
