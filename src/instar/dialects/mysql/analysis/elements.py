"""Definitions as they stand in CREATE TABLE and behind ALTER TABLE ... ADD: columns, indexes, constraints."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index
from instar.dialects._reader import Reader
from instar.dialects.mysql.analysis import types

PRIMARY = "PRIMARY"
"""What the server calls every primary key."""
_NOW = frozenset({"now", "current_timestamp", "localtime", "localtimestamp"})
_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"})
_ATTRIBUTE = frozenset({
    "not", "null", "default", "on", "auto_increment", "unique", "primary", "key", "comment", "collate", "character",
    "charset", "generated", "as", "references", "constraint", "check", "first", "after", "virtual", "stored",
    "persistent", "invisible", "visible", "column_format", "storage", "with", "without", "binary", "srid",
})  # fmt: skip


class Definition(Struct, frozen=True):
    """A column as it is written: with its place, and the constraints that stand beside it.

    `charset` is the character set or collation that it names, "" for the table's. `binary` is the BINARY attribute.
    """

    column: Column
    unique: bool = False
    primary: bool = False
    references: Constraint | None = None
    check: Constraint | None = None
    first: bool = False
    after: str = ""
    updates: bool = False
    start: int = 0
    end: int = 0

    def parts(self) -> Iterator[tuple[Constraint, Index | None]]:
        """Yield the constraints beside the column, with their indexes."""
        name = self.column.name
        if self.primary:
            yield key(ConstraintKind.PRIMARY_KEY, PRIMARY, (name,), named=False)
        if self.unique:
            yield key(ConstraintKind.UNIQUE, "", (name,), named=False)
        if self.references is not None:
            yield self.references, None
        if self.check is not None:
            yield self.check, None


def key(kind: ConstraintKind, name: str, columns: tuple[str, ...], *, named: bool) -> tuple[Constraint, Index]:
    """Make a primary key or a unique constraint, and the index that carries it."""
    primary = kind is ConstraintKind.PRIMARY_KEY
    index = Index(name, "", columns, unique=True, primary=primary, uses=frozenset(columns), constraint=name)
    return Constraint(name, kind, columns, named=named, index=name), index


def column(reader: Reader, text: str, *, mariadb: bool) -> Definition:
    """Take a column's name and definition."""
    start, name = reader.start, reader.name()
    serial, json = reader.word() == "serial", mariadb and reader.word() == "json"
    made = Column(name, types.read(reader, mariadb=mariadb), nullable=not serial, identity=serial)
    found = Definition(made, unique=serial, start=start)
    while reader:
        found = _attribute(found, reader, text)
    check = found.check
    if mariadb and json and check is None:
        check = Constraint("", ConstraintKind.CHECK, (name,), f"json_valid({name})", named=False)
    if mariadb and check is not None and not check.name:
        check = replace(check, name=name)
    return replace(found, column=_settled(found), check=check, end=reader.stop)


def _settled(found: Definition) -> Column:
    made = found.column
    numeric = types.kind(made.type).base in _NUMBERS
    default = made.default.strip("'") if numeric and made.default.startswith("'") else made.default
    return replace(made, default=default, nullable=made.nullable and not found.primary)


def _attribute(found: Definition, reader: Reader, text: str) -> Definition:  # noqa: PLR0911 - one answer per word
    """Take one attribute behind a column's type."""
    made = found.column
    if reader.accept("not", "null"):
        return replace(found, column=replace(made, nullable=False))
    if reader.accept("default"):
        return replace(found, column=replace(made, default=default(reader, text)))
    if reader.accept("auto_increment"):
        return replace(found, column=replace(made, identity=True, nullable=False))
    if reader.accept("on", "update"):
        default(reader, text)
        return replace(found, updates=True)
    if reader.accept("unique"):
        reader.accept("key")
        return replace(found, unique=True)
    if reader.accept("primary", "key") or reader.accept("key"):
        return replace(found, primary=True)
    return _rarer(found, reader, text)


def _rarer(found: Definition, reader: Reader, text: str) -> Definition:  # noqa: PLR0911 - one answer per word
    made = found.column
    if reader.accept("collate") or reader.accept("charset") or reader.accept("character", "set"):
        named = reader.name().lower()
        plain = types.charset(named) == types.charset(made.collation) and "_" not in named
        return replace(found, column=replace(made, collation=made.collation if plain else _collation(named)))
    if reader.accept("generated", "always", "as") or reader.word() == "as":
        reader.accept("as")
        return replace(found, column=_generated(made, reader, text))
    if reader.word() == "references":
        return replace(found, references=references(reader, "", (made.name,), named=False))
    if reader.word() in {"constraint", "check"}:
        name = reader.name() if reader.accept("constraint") and reader.word() != "check" else ""
        return replace(found, check=check(reader, text, name))
    if reader.accept("first"):
        return replace(found, first=True)
    if reader.accept("after"):
        return replace(found, after=reader.name())
    reader.skip()
    return found


def _collation(named: str) -> str:
    return "utf8mb3" + named[4:] if named == "utf8" or named.startswith("utf8_") else named


def _generated(made: Column, reader: Reader, text: str) -> Column:
    group = reader.group()
    stored = reader.one_of({"virtual", "stored", "persistent"}) in {"stored", "persistent"}
    expression = group.text(text) if group is not None else ""
    return replace(made, generated="stored" if stored else "virtual", expression=expression)


def default(reader: Reader, text: str) -> str:
    """Take a DEFAULT's value: a literal, a function, or an expression in parentheses."""
    start = reader.start
    if (group := reader.group()) is not None:
        return f"({group.text(text)})"
    word = reader.word()
    reader.skip()
    while reader and (reader.word() in {".", "("} or text[reader.stop - 1] in ".-+"):
        if reader.group() is None:
            reader.skip()
    if word in {"b", "x", "_utf8mb4", "_utf8", "n"} and reader.token is not None and reader.token.kind == "string":
        reader.skip()
    shown = text[start : reader.stop]
    if word in _NOW:
        inside = shown.partition("(")[2].rstrip(")")
        return f"current_timestamp({inside})"
    return {"null": "", "true": "1", "false": "0"}.get(word, shown)


def references(reader: Reader, name: str, columns: tuple[str, ...], *, named: bool) -> Constraint:
    """Take REFERENCES with its actions."""
    reader.accept("references")
    place, table = reader.qualified()
    group = reader.group()
    referenced = tuple(part.name() for part in group.parts()) if group is not None else ()
    action = ""
    while reader and reader.word() in {"on", "match"}:
        if reader.accept("match"):
            reader.skip()
            continue
        reader.skip()
        deleting = reader.one_of({"delete", "update"}) == "delete"
        said = _action(reader)
        action = said if deleting else action
    target = f"{place}.{table}" if place else table
    return Constraint(
        name, ConstraintKind.FOREIGN_KEY, columns,
        references=target, referenced=referenced, on_delete=action, named=named,
    )  # fmt: skip


def _action(reader: Reader) -> str:
    first = reader.word()
    reader.skip()
    if first in {"set", "no"}:
        first += f" {reader.word()}"
        reader.skip()
    return "" if first in {"restrict", "no action"} else first


def check(reader: Reader, text: str, name: str) -> Constraint:
    """Take CHECK (...)."""
    reader.accept("check")
    group = reader.group()
    shown = group.text(text) if group is not None else ""
    mentioned = tuple(sorted(group.identifiers())) if group is not None else ()
    enforced = not reader.accept("not", "enforced")
    reader.accept("enforced")
    return Constraint(name, ConstraintKind.CHECK, mentioned, shown, enforced=enforced, named=bool(name))


def table_part(reader: Reader, text: str) -> tuple[Constraint | None, Index | None]:
    """Take an index or a constraint of a table; (None, None) when what comes is a column."""
    name = ""
    if reader.accept("constraint"):
        name = reader.name() if reader.word() not in {"primary", "unique", "foreign", "check"} else ""
    word = reader.word()
    if word == "check" and reader.word(1) == "(":
        return check(reader, text, name), None
    if reader.accept("primary", "key"):
        return key(ConstraintKind.PRIMARY_KEY, PRIMARY, _columns(reader)[0], named=bool(name))
    if reader.accept("foreign", "key"):
        return _foreign(reader, name), None
    if word in {"unique", "index", "key", "fulltext", "spatial"}:
        return index(reader, name)
    return None, None


def _foreign(reader: Reader, name: str) -> Constraint:
    reader.accept("if", "not", "exists")
    if reader.word() != "(":
        reader.name()
    columns = _columns(reader)[0]
    return references(reader, name, columns, named=bool(name))


def index(reader: Reader, name: str = "") -> tuple[Constraint | None, Index]:
    """Take UNIQUE | FULLTEXT | SPATIAL | INDEX | KEY with its name and columns."""
    word = reader.word()
    reader.skip()
    reader.one_of({"index", "key"})
    reader.accept("if", "not", "exists")
    if reader.word() != "(":
        name = reader.name() if reader.word() != "using" else name
    method = word if word in {"fulltext", "spatial"} else _method(reader)
    columns, uses = _columns(reader)
    if word == "unique":
        constraint, made = key(ConstraintKind.UNIQUE, name, columns, named=bool(name))
        return constraint, replace(made, uses=uses)
    return None, Index(name, "", columns, uses=uses, method=method)


def _method(reader: Reader) -> str:
    if not reader.accept("using"):
        return "btree"
    found = reader.word()
    reader.skip()
    return found


def _columns(reader: Reader) -> tuple[tuple[str, ...], frozenset[str]]:
    """Take an index's columns, "" for an expression; and all columns that it mentions."""
    _method(reader)
    group = reader.group()
    columns: list[str] = []
    uses: set[str] = set()
    for part in group.parts() if group is not None else ():
        inside = part.group()
        name = "" if inside is not None else part.name()
        columns.append(name)
        uses |= inside.identifiers() if inside is not None else {name}
    return tuple(columns), frozenset(uses)
