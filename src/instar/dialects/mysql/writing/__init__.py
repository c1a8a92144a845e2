"""The statements that make, change and drop a MySQL or MariaDB database's objects, from their facts alone."""

from collections.abc import Callable

from instar.dialects.mysql.writing import columns, keys, programs, tables, views
from instar.dialects.mysql.writing.text import alter, last
from instar.snapshot import Object, Snapshot

_CREATING: dict[str, Callable[[Object, Snapshot], tuple[str, ...]]] = {
    "table": tables.creating,
    "index": keys.creating,
    "constraint": keys.creating,
    "period": keys.creating,
    "view": views.creating,
    "sequence": views.creating_sequence,
    "trigger": programs.creating,
    "function": programs.creating,
    "procedure": programs.creating,
    "event": programs.creating,
}
_ALTERING: dict[str, Callable[[Object, Object, Snapshot], tuple[str, ...] | None]] = {
    "table": tables.altering,
    "column": columns.altering,
    "index": keys.altering,
    "constraint": keys.altering,
    "period": keys.altering,
    "view": views.altering,
    "sequence": views.altering_sequence,
    "trigger": programs.altering,
    "function": programs.altering,
    "procedure": programs.altering,
    "event": programs.altering,
}


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that make an object; a table's own one makes its columns, indexes and checks."""
    if item.kind == "column" or keys.inside(item):
        return ()
    return _CREATING[item.kind](item, whole)


def adding(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that make an object whose owner is there already."""
    if item.kind == "column":
        return tables.adding_column(item, whole)
    if item.kind == "trigger":
        return programs.adding(item, whole)
    return _CREATING[item.kind](item, whole)


def dropping(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that take an object away."""
    if item.kind == "column":
        return (alter(item.of, whole, f"DROP COLUMN {last(item)}"),)
    if item.kind in {"index", "constraint", "period"}:
        return keys.dropping(item, whole)
    return (f"DROP {item.kind.upper()} {item.name}",)


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return the statements that turn `before` into `after`; None where none does so safely."""
    return _ALTERING[before.kind](before, after, whole)
