"""A floating-point column whose name says that it holds an amount of money.

0.1 + 0.2 is not 0.3 there: sums do not agree with their parts. numeric, or integer cents, do. Off by default: it goes
by the column's name.
"""

import re

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE invoices (id bigint PRIMARY KEY, total_amount double precision NOT NULL);"
GOOD = "CREATE TABLE invoices (id bigint PRIMARY KEY, total_amount numeric(12,2) NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'invoices'::regclass AND atttypid = 'float8'::regtype",
)

_FLOATS = frozenset({"float4", "float8", "real", "float", "double", "double precision"})
_MONEY = re.compile(r"amount|price|total|cost|fee|balance|salary|tax|payment|charge", re.IGNORECASE)

check = of_type(
    lambda kind: kind in _FLOATS,
    "sums of {name} do not agree with their parts",
    why="floating-point numbers hold 0.1 only nearly",
    advice="make {name} numeric, or count cents in bigint",
    meant=lambda _, column: _MONEY.search(column.name) is not None,
)
