"""char(n) is filled up with blanks, which count for some operators and not for others.

`char(10)` stores ten characters always; comparing ignores the blanks at the end, LIKE and regular expressions do not,
concatenating drops them. It is neither smaller nor faster. Off by default: for codes whose length never changes it does
no harm.
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE countries (code char(2) PRIMARY KEY);"
GOOD = "CREATE TABLE countries (code text PRIMARY KEY);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'countries'::regclass "
    "AND format_type(atttypid, atttypmod) = 'character(2)'",
)

check = of_type(
    lambda kind: kind.partition("(")[0] == "bpchar",
    "{name} is filled up with blanks, which some operators count and others do not",
    why="LIKE and regular expressions see the blanks, = does not",
    advice="make {name} text, with a CHECK on its length",
)
