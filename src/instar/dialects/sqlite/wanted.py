"""What the author of an ALTER TABLE that SQLite refuses wants the table to be like."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from instar.catalog import Column, Table
from instar.dialects import _names
from instar.dialects._reader import Reader
from instar.dialects.sqlite.analysis import elements, shape
from instar.dialects.sqlite.parse import lex
from instar.effects import Change, Effect

_NUMBERS = ("INT", "REAL", "NUM", "DEC", "FLOA", "DOUB", "BOOL")


class Wanted(Struct, frozen=True):
    """The table as it should be, and expressions for the columns whose values are not only copied."""

    table: Table
    values: Mapping[str, str] = field(default_factory=dict)


def wanted(effect: Effect, change: Change, table: Table) -> Wanted | None:
    """Read what a refused statement would make of `table`; None where that is not understood."""
    if not table.complete or not table.columns:
        return None
    reader = Reader([token for token in lex(effect.text) if token.start >= change.start])
    if change.kind == "add column":
        return _added(table, elements.column(reader, effect.text))
    if change.kind == "drop column":
        return Wanted(_without(table, change.name))
    return _other(table, reader, effect.text)


def _added(table: Table, found: elements.Definition) -> Wanted:
    made = shape.with_column(table, found)
    column = found.column
    if column.generated or (column.nullable and not column.default):
        return Wanted(made)
    return Wanted(made, {column.name: column.default or _nothing(column)})


def _nothing(column: Column) -> str:
    return "0" if any(word in column.type for word in _NUMBERS) else "''"


def _without(table: Table, name: str) -> Table:
    kept = tuple(item for item in table.constraints if name not in item.columns)
    indexes = tuple(item for item in table.indexes if name not in item.uses)
    return shape.without_column(replace(table, constraints=kept, indexes=indexes), name)


def _other(table: Table, reader: Reader, text: str) -> Wanted | None:
    verb = reader.one_of({"add", "drop", "alter", "modify"})
    if verb == "add" and elements.is_constraint(reader):
        return Wanted(shape.with_constraint(table, elements.table_constraint(reader, text)))
    if verb == "drop" and reader.accept("constraint"):
        name = _names.same((item.name for item in table.constraints), reader.name())
        return Wanted(replace(table, constraints=tuple(item for item in table.constraints if item.name != name)))
    reader.accept("column")
    if verb == "modify":
        return _modified(table, elements.column(reader, text))
    return _altered(table, reader, text) if verb == "alter" else None


def _modified(table: Table, found: elements.Definition) -> Wanted:
    name = _names.column(table, found.column.name)
    columns = tuple(replace(found.column, name=name) if item.name == name else item for item in table.columns)
    made = replace(table, columns=columns)
    for item in found.constraints:
        made = shape.with_constraint(made, item)
    return Wanted(made, _filled(table, found.column, name))


def _filled(table: Table, new: Column, name: str) -> dict[str, str]:
    old = table.column(name)
    needed = old is not None and old.nullable and not new.nullable
    return {name: f"coalesce({name}, {new.default or _nothing(new)})"} if needed else {}


def _altered(table: Table, reader: Reader, text: str) -> Wanted | None:
    name = _names.column(table, reader.name())
    old = table.column(name)
    if old is None:
        return None
    if reader.accept("set", "not", "null"):
        new = replace(old, nullable=False)
    elif reader.accept("drop", "not", "null"):
        new = replace(old, nullable=True)
    elif reader.accept("drop", "default"):
        new = replace(old, default="")
    elif reader.accept("set", "default"):
        new = replace(old, default=elements.default(reader, text))
    elif reader.accept("set", "data", "type") or reader.accept("type"):
        new = replace(old, type=reader.until({"using"}).text(text).upper())
    else:
        return None
    columns = tuple(new if item.name == name else item for item in table.columns)
    return Wanted(replace(table, columns=columns), _filled(table, new, name))
