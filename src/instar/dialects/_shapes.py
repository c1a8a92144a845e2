"""Tables of the live catalog as shapes of rows, for the engines whose catalog says enough."""

import re
from collections.abc import Callable, Iterator, Mapping

from instar.catalog import Column, Constraint, ConstraintKind, Schema, Table
from instar.shapes import Field, Kind, Reference, Shape

_CONSTANT = re.compile(r"\(*(?:'(?:[^']|'')*'|[-+]?\d+(?:\.\d+)?|true|false|null)\)*\Z", re.IGNORECASE)

Kinds = Callable[[Column, Table], Kind]
"""Says what values a column takes."""


def shape(table: Table, whole: Schema, kinds: Kinds, name: str, serial: str = "") -> Shape:
    """Describe what rows of a table must be like. `name` is how it is written, `serial` the column that counts."""
    primary = _primary(table)
    fields = tuple(_field(item, kinds(item, table), primary, serial) for item in table.columns)
    keys = tuple(dict.fromkeys(_keys(table, {item.name: item for item in fields})))
    return Shape(
        key=table.name,
        name=name,
        source=name,
        fields=fields,
        primary=primary or _naming(keys, fields),
        keys=keys,
        references=tuple(_reference(item, whole) for item in table.constraints if _is_reference(item, whole)),
        checks=tuple(_checks(table)),
        triggers=bool(table.triggers),
    )


def _checks(table: Table) -> Iterator[str]:
    for item in table.constraints:
        if item.kind is ConstraintKind.CHECK and item.enforced:
            yield item.expression


def _primary(table: Table) -> tuple[str, ...]:
    found = (item.columns for item in table.constraints if item.kind is ConstraintKind.PRIMARY_KEY)
    return next(found, ())


def _field(item: Column, kind: Kind, primary: tuple[str, ...], serial: str) -> Field:
    default = "serial" if item.identity or item.name == serial else _default(item.default)
    return Field(item.name, kind, item.nullable and item.name not in primary, default, bool(item.generated))


def _default(expression: str) -> str:
    if not expression:
        return ""
    if "nextval(" in expression.lower():
        return "serial"
    return "constant" if _CONSTANT.match(expression) else "volatile"


def _keys(table: Table, fields: Mapping[str, Field]) -> list[tuple[str, ...]]:
    found = [
        item.columns for item in table.constraints
        if item.kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}
    ]  # fmt: skip
    for index in table.indexes:
        few = all(name in fields and fields[name].kind.name in {"boolean", "choice"} for name in index.columns)
        if index.unique and "" not in index.columns and not (index.predicate and few):
            found.append(index.columns)
    return [key for key in found if key and all(name in fields for name in key)]


def _naming(keys: tuple[tuple[str, ...], ...], fields: tuple[Field, ...]) -> tuple[str, ...]:
    required = {item.name for item in fields if not item.nullable}
    return next((key for key in keys if required.issuperset(key)), ())


def _is_reference(item: Constraint, whole: Schema) -> bool:
    return item.kind is ConstraintKind.FOREIGN_KEY and whole.table(item.references) is not None


def _reference(item: Constraint, whole: Schema) -> Reference:
    other = whole.known(item.references)
    referenced = item.referenced or _primary(other)
    spelled = {column.name.lower(): column.name for column in other.columns}
    names = tuple(spelled.get(name.lower(), name) for name in referenced)
    return Reference(item.columns, other.name, names, item.deferrable, name=item.name)
