"""The statements that make, change and drop a SQLite file's objects, from their facts alone."""

from collections.abc import Callable

from instar.dialects.sqlite.writing import others, tables
from instar.dialects.sqlite.writing.rebuild import rebuilding
from instar.snapshot import Object, Snapshot

__all__ = ["adding", "altering", "creating", "dropping", "rebuilding"]

_CREATING: dict[str, Callable[[Object, Snapshot], str]] = {
    "table": tables.create,
    "virtual table": others.virtual,
    "view": others.view,
    "index": others.index,
    "trigger": others.trigger,
}
_TABLES_OWN = frozenset({"column", "constraint"})


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statement that makes an object; a table's own one makes its columns and constraints."""
    return () if item.kind in _TABLES_OWN else (_CREATING[item.kind](item, whole),)


def adding(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that make an object whose owner is there already.

    A column brings the checks and the foreign key of its own. Another constraint needs `rebuilding`: here it is made by
    making the table anew, all columns of which must be there.
    """
    if item.kind == "column":
        return (tables.add(item, whole),)
    if item.kind == "constraint":
        rest = Snapshot((other for other in whole.values() if other.key != item.key), dialect=whole.dialect)
        return () if tables.comes_with_column(item, whole) else rebuilding(rest, whole, item.of) or ()
    return creating(item, whole)


def dropping(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the statements that take an object away; of several constraints of a table see `rebuilding`."""
    if item.kind == "column":
        table = item.of.removeprefix("table ")
        return (f"ALTER TABLE {table} DROP COLUMN {tables.last(item)}",)
    if item.kind == "constraint":
        rest = Snapshot((other for other in whole.values() if other.key != item.key), dialect=whole.dialect)
        return rebuilding(whole, rest, item.of) or ()
    word = "TABLE" if item.kind == "virtual table" else item.kind.upper()
    return (f"DROP {word} {item.name}",)


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return a drop and a creation for what holds no rows; None for tables and their parts: see `rebuilding`."""
    if after.kind not in {"view", "index", "trigger"} or before.of != after.of:
        return None
    return (*dropping(before, whole), *creating(after, whole))
