"""A primary key that counts in int ends at 2,147,483,647, in smallint at 32,767.

The day it is full, no row can be inserted; and making it bigint then rewrites the table, and every table that
references it, under an exclusive lock. bigint costs four bytes a row, often none because of alignment.

Safe when: the key does not count by itself (codes, keys that come from elsewhere).
"""

from collections.abc import Iterator

from instar.catalog import Column, ConstraintKind, Table
from instar.lint.around import COLUMNS_MADE, at, columns_made, span
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = "CREATE TABLE orders (id serial PRIMARY KEY, note text);"
GOOD = "CREATE TABLE orders (id bigserial PRIMARY KEY, note text);"
PROOF = Proof(
    "shows",
    "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'id' "
    "AND atttypid <> 'int8'::regtype",
)

_LAST = {"int4": "2,147,483,647", "int2": "32,767"}


def check(look: Look) -> Iterator[Finding]:
    """Flag counting keys of new tables that end too soon."""
    for index, effect, change, table, column in columns_made(look):
        if change.kind not in {"create table", "add column"} or column.type not in _LAST or not _counts(table, column):
            continue
        start, end = span(effect, column.name) if change.kind == "create table" else (None, None)
        name = f"{look.name(table.name)}.{look.name(column.name)}"
        with at(look, index, effect, change):
            yield look.finding(
                f"{name} ends at {_LAST[column.type]}",
                why=f"after that no row can be inserted into {look.name(table.name)}, and making {column.name} bigint "
                "rewrites the table under an exclusive lock",
                advice=f"make {name} bigint",
                start=start,
                end=end,
            )


def _counts(table: Table, column: Column) -> bool:
    keys = (item.columns for item in table.constraints if item.kind is ConstraintKind.PRIMARY_KEY)
    counting = column.identity or column.default.lower().startswith("nextval")
    return counting and any(key == (column.name,) for key in keys)
