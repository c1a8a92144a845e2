"""varchar(n): the limit is a business rule in a place where it is hard to change.

text and varchar are stored and searched alike. A limit that turns out too short is quick to raise; a CHECK says the
same and can be changed without looking at the type. Off by default: many teams, and our standards, use varchar(n).
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) NOT NULL);"
GOOD = "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass "
    "AND format_type(atttypid, atttypmod) = 'character varying(50)'",
)

check = of_type(
    lambda kind: kind.startswith("varchar("),
    "{name} is {type}: the limit is part of the type",
    why="text is stored and searched in the same way",
    advice="make {name} text, with a CHECK where the limit is meant",
)
