"""json keeps the text as it came, has no equality and no index: jsonb is what people mean.

`SELECT DISTINCT` and `GROUP BY` fail on json, `->` parses the whole text for every row, and no GIN index can be built
on it. json is right only where the exact text, with its blanks and double keys, must be kept.
Columns that are added to a table in use are what `json-column` is about.
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE events (id bigint PRIMARY KEY, payload json NOT NULL);"
GOOD = "CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'events'::regclass "
    "AND format_type(atttypid, atttypmod) = 'json'",
)

check = of_type(
    lambda kind: kind == "json",
    "{name} is json, which has no equality and no index",
    why="SELECT DISTINCT, GROUP BY and UNION over it fail, and every access parses the whole text",
    advice="make {name} jsonb, unless the exact text must be kept",
)
