"""A unique index or constraint cannot be built when two rows have the same value.

CREATE UNIQUE INDEX CONCURRENTLY finds that out after it has read the whole table, and leaves an INVALID index behind.
Look before: a query below `-- migrate:before` stops the migration with the duplicates shown, before anything is done.

Safe when: the migration looks for duplicates below `-- migrate:before`; the columns are unique already; the table is
new or empty.
"""

import re
from collections.abc import Iterator

from instar.catalog import ConstraintKind, Table
from instar.effects import Change
from instar.lint.around import checked, keys_written, listed
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("create index", "add constraint")
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"
ROWS = "INSERT INTO users (id, email) VALUES (1, 'a@example.com'), (2, 'a@example.com');"
BAD = "CREATE UNIQUE INDEX uk_users_email ON users (email);"
GOOD = """-- migrate:before
SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1 LIMIT 5;
-- migrate:up
DELETE FROM users WHERE id = 2;
CREATE UNIQUE INDEX uk_users_email ON users (email);
"""
PROOF = Proof("fails", "could not create unique index")
EXAMPLES = {
    "sqlite": Example(SETUP, BAD, GOOD, Proof("fails", "UNIQUE constraint failed")),
    "mysql": Example(SETUP, BAD, GOOD, Proof("fails", "Duplicate entry")),
    "mariadb": Example(SETUP, BAD, GOOD, Proof("fails", "Duplicate entry")),
}
_UNIQUE = frozenset({ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY})

_HOW = re.compile(r"(?:\s+(?:\w+_ops|asc|desc|nulls\s+(?:first|last)))+$", re.IGNORECASE)
"""What stands behind a key of an index and not in a query."""


def check(look: Look) -> Iterator[Finding]:
    """Flag a unique index that nobody has tried on the rows."""
    change = look.change
    if change is None or look.new() or "using index" in change.flags:
        return
    columns, condition = _columns(change)
    names = [item for item in columns if item]
    keys = _keys(look, change, columns)
    if not keys or _unique(look.table(), set(columns)):
        return
    if checked(look, change.relation, *names, *(change.index.uses if change.index and not all(columns) else ())):
        return
    table, listing = look.name(), ", ".join(keys)
    loose = _not_null(look, names) if all(columns) else f" WHERE {' AND '.join(f'{key} IS NOT NULL' for key in keys)}"
    where = f" WHERE {condition}" if condition else loose
    probe = f"SELECT {listing}, count(*) FROM {table}{where} GROUP BY {listing} HAVING count(*) > 1 LIMIT 5;"
    yield look.finding(
        f"nobody has looked whether two rows of {table} have the same {listed(keys)}",
        why=f"the server finds that out after it has read all of {table}, and refuses it",
        advice=f"put this below -- migrate:before: {probe}",
    )


def _keys(look: Look, change: Change, columns: tuple[str, ...]) -> list[str]:
    """Return what must be unique as SQL: columns, and expressions as the statement writes them."""
    if all(columns) or change.index is None:
        return [look.name(item) for item in columns if item]
    return [_HOW.sub("", key) for key in keys_written(change.index)]


def _columns(change: Change) -> tuple[tuple[str, ...], str]:
    if change.kind == "add constraint":
        made = change.constraint
        return (made.columns, "") if made is not None and made.kind in _UNIQUE else ((), "")
    index = change.index
    return (index.columns, index.predicate) if index is not None and index.unique else ((), "")


def _unique(table: Table, columns: set[str]) -> bool:
    """Whether an index that is there already says so, of these columns or of some of them."""
    return any(
        item.unique and item.valid and not item.predicate and "" not in item.columns and set(item.columns) <= columns
        for item in table.indexes
    )


def _not_null(look: Look, names: list[str]) -> str:
    table = look.table()
    loose = [name for name in names if (column := table.column(name)) is None or column.nullable]
    return f" WHERE {' AND '.join(f'{look.name(name)} IS NOT NULL' for name in loose)}" if loose else ""
