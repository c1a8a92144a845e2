"""A floating-point column whose name says that it holds an amount of money.

0.1 + 0.2 is not 0.3 there: sums do not agree with their parts. numeric, or integer cents, do. Off by default: it goes
by the column's name.
"""

import re
from collections.abc import Iterator

from instar.lint.around import typed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = frozenset({"create table", "create table as", "add column", "change type", "modify column"})
BAD = "CREATE TABLE invoices (id bigint PRIMARY KEY, total_amount double precision NOT NULL);"
GOOD = "CREATE TABLE invoices (id bigint PRIMARY KEY, total_amount numeric(12,2) NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'invoices'::regclass AND atttypid = 'float8'::regtype",
)

_FLOATS = frozenset({"float4", "float8", "real", "float", "double", "double precision"})
_MONEY = re.compile(r"amount|price|total|cost|fee|balance|salary|tax|payment|charge", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag amounts in floating point."""
    for name, column, (start, end) in typed(look, lambda kind: kind in _FLOATS):
        if not _MONEY.search(column.name):
            continue
        yield look.finding(
            f"sums of {name} do not agree with their parts",
            why="floating-point numbers hold 0.1 only nearly",
            advice=f"make {name} numeric, or count cents in bigint",
            start=start,
            end=end,
        )
