"""DROP NOT NULL lets NULL into a column whose readers have never met one.

The released application reads the column into a type that has no room for NULL. Release an application that copes with
it before anything writes one. Off by default: the statement itself breaks nothing, the first NULL does.

Safe when: this migration has created the table.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("drop not null",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);"
BAD = "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;"
GOOD = "ALTER TABLE users ADD COLUMN second_email text;"
PROOF = Proof("changes", "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'email'")


def check(look: Look) -> Iterator[Finding]:
    """Flag a column that may hold NULL from now on."""
    change = look.change
    if change is None or change.relation in look.unit.created:
        return
    table, column = look.name(), look.name(change.name)
    yield look.finding(
        f"{table}.{column} may hold NULL from now on",
        why=f"code of the released application that reads {column} has never met a NULL",
        advice=f"release an application that copes with NULL in {column} before anything writes one",
    )
