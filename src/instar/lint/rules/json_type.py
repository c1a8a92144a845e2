"""json keeps the text as it came, has no equality and no index: jsonb is what people mean.

`SELECT DISTINCT` and `GROUP BY` fail on json, `->` parses the whole text for every row, and no GIN index can be built
on it. json is right only where the exact text, with its blanks and double keys, must be kept.
Columns that are added to a table in use are what `json-column` is about.
"""

from collections.abc import Iterator

from instar.lint.around import typed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = frozenset({"create table", "create table as", "add column", "change type", "modify column"})
BAD = "CREATE TABLE events (id bigint PRIMARY KEY, payload json NOT NULL);"
GOOD = "CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'events'::regclass "
    "AND format_type(atttypid, atttypmod) = 'json'",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag json columns."""
    for name, _, (start, end) in typed(look, lambda kind: kind == "json"):
        yield look.finding(
            f"{name} is json, which has no equality and no index",
            why="SELECT DISTINCT, GROUP BY and UNION over it fail, and every access parses the whole text",
            advice=f"make {name} jsonb, unless the exact text must be kept",
            start=start,
            end=end,
        )
