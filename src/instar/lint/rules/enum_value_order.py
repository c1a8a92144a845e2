"""ADD VALUE without BEFORE or AFTER puts the new value last, and enums sort by that order.

`ORDER BY status` and `status > 'open'` follow the order of the values; it cannot be changed later without a new type.
Off by default: most enums have no order.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("add enum value",)
SETUP = "CREATE TYPE size AS ENUM ('small', 'large');"
BAD = "ALTER TYPE size ADD VALUE 'medium';"
GOOD = "ALTER TYPE size ADD VALUE 'medium' AFTER 'small';"
PROOF = Proof(
    "shows",
    "SELECT 1 FROM pg_enum m JOIN pg_enum l USING (enumtypid) "
    "WHERE m.enumlabel = 'medium' AND l.enumlabel = 'large' AND m.enumsortorder > l.enumsortorder",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag a value whose place is not said."""
    change = look.change
    if change is None or change.flags & {"before", "after"}:
        return
    yield look.finding(
        f"{change.name!r} sorts behind all other values of {look.name()}",
        why=f"ORDER BY and comparisons follow the order of the values of {look.name()}, which cannot be changed later",
        advice="say BEFORE or AFTER which value it comes",
    )
