"""A json column has no equality: SELECT DISTINCT, GROUP BY and UNION over its table fail from now on.

The released application did not ask for the column, but `SELECT DISTINCT *`, or an ORM's `distinct()`, takes it along:
"could not identify an equality operator for type json". jsonb has one, can be indexed, and is read faster.

Safe when: this migration has created the table (see `json-type` for that).
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("add column", "change type")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = "ALTER TABLE users ADD COLUMN settings json;"
GOOD = "ALTER TABLE users ADD COLUMN settings jsonb;"
PROOF = Proof("breaks", "SELECT DISTINCT * FROM users")


def check(look: Look) -> Iterator[Finding]:
    """Flag a json column in a table that is in use."""
    change = look.change
    if change is None or change.column is None or change.column.type != "json":
        return
    if change.relation in look.unit.created:
        return
    table, column = look.name(), look.name(change.column.name)
    fixed = f"ALTER TABLE {table} ADD COLUMN {column} jsonb;"
    yield look.finding(
        f"SELECT DISTINCT * FROM {table} fails as soon as {column} is there: json has no equality operator",
        why=f"queries of the released application that take all columns of {table}, with DISTINCT, GROUP BY or UNION, "
        'fail with "could not identify an equality operator for type json"',
        advice=f"make {column} jsonb",
        fix=Fix(fixed) if change.kind == "add column" and not look.depth else None,
    )
