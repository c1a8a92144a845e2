"""A new enum value, or a new attribute of a composite type, reaches clients that do not know it.

The released application maps the labels to a type of its own and fails on one that it does not know, as soon as the
first row has it. Off by default: it depends on who writes the value first.

Safe when: this migration has created the type.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("add enum value",)
SETUP = "CREATE TYPE status AS ENUM ('open', 'done');"
BAD = "ALTER TYPE status ADD VALUE 'cancelled' AFTER 'open';"
GOOD = "CREATE TYPE reason AS ENUM ('cancelled');"
PROOF = Proof("changes", "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'status'::regtype ORDER BY enumsortorder")


def check(look: Look) -> Iterator[Finding]:
    """Flag a value that the released application does not know."""
    change = look.change
    if change is None or change.relation in look.unit.created or change.cleared:
        return
    yield look.finding(
        f"the released application does not know the value {change.name!r} of {look.name()}",
        why="it fails on the first row that has it, where it maps labels to a type of its own",
        advice=f"write {change.name!r} only when every running release can read it",
    )
