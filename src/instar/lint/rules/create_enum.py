"""An enum's values cannot be dropped, and change only by DDL: a table of values can be edited like any other.

A value can be added and renamed, never taken away; what depends on the type has to be rebuilt for that. A lookup table
with a foreign key, or a CHECK, is easier to change. Off by default: a matter of taste.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("create type",)
BAD = "CREATE TYPE status AS ENUM ('open', 'done');"
GOOD = "CREATE TABLE statuses (name text PRIMARY KEY);"
PROOF = Proof("shows", "SELECT typname FROM pg_type WHERE typtype = 'e'")

_ENUM = "enum"


def check(look: Look) -> Iterator[Finding]:
    """Flag an enum."""
    change = look.change
    if change is None or not (_ENUM in change.flags or f" {_ENUM}" in look.effect.text.lower()):
        return
    name = look.name(change.relation or change.name)
    yield look.finding(
        f"values of {name} can be added, but never dropped",
        why=f"to take a value away, every column of type {name} has to get another type, which rewrites its table",
        advice="use a lookup table with a foreign key, or a CHECK",
    )
