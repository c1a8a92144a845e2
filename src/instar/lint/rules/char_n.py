"""char(n) is filled up with blanks, which count for some operators and not for others.

`char(10)` stores ten characters always; comparing ignores the blanks at the end, LIKE and regular expressions do not,
concatenating drops them. It is neither smaller nor faster. Off by default: for codes whose length never changes it does
no harm.
"""

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
BAD = "CREATE TABLE countries (code char(2) PRIMARY KEY);"
GOOD = "CREATE TABLE countries (code text PRIMARY KEY);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'countries'::regclass "
    "AND format_type(atttypid, atttypmod) = 'character(2)'",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag padded text."""
    for name, _, (start, end) in typed(look, lambda kind: kind.partition("(")[0] == "bpchar"):
        yield look.finding(
            f"{name} is filled up with blanks, which some operators count and others do not",
            why="LIKE and regular expressions see the blanks, = does not",
            advice=f"make {name} text, with a CHECK on its length",
            start=start,
            end=end,
        )
