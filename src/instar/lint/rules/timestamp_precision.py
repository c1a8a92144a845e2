"""timestamp(0) and its like round: a moment may be stored that has not come yet.

`timestamptz(0)` rounds half a second up, into the future, so that `created_at <= now()` does not hold for a row that
was just written. Store all digits and cut when showing: date_trunc(). Off by default: other precisions are a choice.
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamptz(0) NOT NULL);"
GOOD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamptz NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'logins'::regclass AND attname = 'happened_at' "
    "AND atttypmod >= 0",
)

check = of_type(
    lambda kind: kind.startswith(("timestamp(", "timestamptz(")),
    "{name} rounds: {type} may store a moment that has not come yet",
    why="half a unit and more is rounded up",
    advice="store all digits in {name}, and cut with date_trunc() where it is shown",
)
