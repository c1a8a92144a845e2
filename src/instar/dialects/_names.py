"""Names that an engine compares without regard to case, spelled as whoever made the object spelled them."""

from collections.abc import Iterable

from instar.catalog import Schema, Table


def same(known: Iterable[str], wanted: str) -> str:
    """Return the one of `known` that `wanted` means; `wanted` itself when none does."""
    folded = wanted.lower()
    return next((name for name in known if name == wanted or name.lower() == folded), wanted)


def column(table: Table, wanted: str) -> str:
    """Return a column's name as the table has it."""
    return same((item.name for item in table.columns), wanted)


def columns(table: Table, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return columns' names as the table has them."""
    return tuple(column(table, name) for name in wanted)


def relation(schema: Schema, place: str, name: str) -> str:
    """Return the key of an existing relation, whatever case it is written in."""
    key = schema.resolve(place, name)
    return key if key in schema.tables or not schema.tables else same(schema.tables, key)
