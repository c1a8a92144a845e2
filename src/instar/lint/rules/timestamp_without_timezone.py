"""timestamp (without time zone) does not say which moment is meant.

What it holds is a clock's face: `now()` puts the session's local time in, another session with another TimeZone reads
it as something else, and the hour that winter time repeats is there twice. timestamptz stores the moment, in the same
eight bytes.
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamp NOT NULL);"
GOOD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamptz NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'logins'::regclass AND atttypid = 'timestamp'::regtype",
)

check = of_type(
    lambda kind: kind.partition("(")[0] == "timestamp",
    "{name} does not say which moment it means",
    why="sessions with different TimeZone settings write and read different moments",
    advice="make {name} timestamptz (TIMESTAMP WITH TIME ZONE)",
)
