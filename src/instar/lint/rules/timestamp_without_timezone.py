"""timestamp (without time zone) does not say which moment is meant.

What it holds is a clock's face: `now()` puts the session's local time in, another session with another TimeZone reads
it as something else, and the hour that winter time repeats is there twice. timestamptz stores the moment, in the same
eight bytes.
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
BAD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamp NOT NULL);"
GOOD = "CREATE TABLE logins (id bigint PRIMARY KEY, happened_at timestamptz NOT NULL);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'logins'::regclass AND atttypid = 'timestamp'::regtype",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag columns that hold a time without its zone."""
    for name, _, (start, end) in typed(look, lambda kind: kind.partition("(")[0] == "timestamp"):
        yield look.finding(
            f"{name} does not say which moment it means",
            why="sessions with different TimeZone settings write and read different moments",
            advice=f"make {name} timestamptz (TIMESTAMP WITH TIME ZONE)",
            start=start,
            end=end,
        )
