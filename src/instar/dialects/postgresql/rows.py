"""What rows must be like in PostgreSQL, read from the catalog; how they are written, read and summed up."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from msgspec.structs import replace

from instar.dialects import Command, Names, Session, _named
from instar.dialects.postgresql.kinds import Types
from instar.shapes import Digest, Field, Kind, Reference, Shape

_CONSTANT = re.compile(
    r"(?:'(?:[^']|'')*'|\(?-?\d+(?:\.\d+)?\)?|true|false|NULL|ARRAY\[\])(?:::[\w .\"\[\](),]+)?\Z", re.IGNORECASE
)
_SETTINGS = (
    "SET LOCAL DateStyle = 'ISO, YMD'", "SET LOCAL IntervalStyle = 'postgres'", "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL extra_float_digits = 1", "SET LOCAL bytea_output = 'hex'", "SET LOCAL row_security = off",
    "SET LOCAL lc_monetary = 'C'", "SET LOCAL quote_all_identifiers = off",
)  # fmt: skip
_MARK = "instar_rows"
LINES = 1000
"""How many rows a table may have so that each is summed up by itself, too."""


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


class Rows:
    """See instar.dialects.Rows for what its methods promise."""

    deferring: tuple[str, ...] = ("SET CONSTRAINTS ALL DEFERRED",)
    settling: tuple[str, ...] = ("SET CONSTRAINTS ALL IMMEDIATE",)

    def shapes(self, session: Session, names: Names) -> tuple[Shape, ...]:
        """Read all tables, without our own and those of extensions."""
        texts = _named.filled(__name__, {}, "rows.sql")
        found = [
            outcome.rows or [] for outcome in
            session.run([Command(texts[part]) for part in ("tables", "columns", "constraints", "indexes", "types")])
        ]  # fmt: skip
        return tuple(_Catalog(*found).shapes(session.resolve(names)))

    def empty(self, session: Session, shapes: Sequence[Shape]) -> frozenset[str]:
        """Return the keys of the tables without rows."""
        asked = [Command(f"SELECT NOT EXISTS (SELECT FROM {shape.source})") for shape in shapes]
        outcomes = session.run(asked)
        return frozenset(
            shape.key for shape, outcome in zip(shapes, outcomes, strict=True) if outcome.rows and outcome.rows[0][0]
        )

    def literal(self, value: object, kind: Kind) -> str:
        """Write a value as SQL; the server gives it the column's type."""
        return "NULL" if value is None else _quoted(written(value, kind))

    def inserting(self, shape: Shape, columns: Sequence[str], rows: Sequence[Sequence[str]], *, returned: bool) -> str:
        """Write an INSERT of rows of literals."""
        explicit = any(item.always and item.name in columns for item in shape.fields)
        end = " RETURNING *" if returned else ""
        if not columns:
            return f"INSERT INTO {shape.name} DEFAULT VALUES{end}"
        listed = ", ".join(quote(name) for name in columns)
        lines = ",\n".join(f"({', '.join(row)})" for row in rows)
        override = "OVERRIDING SYSTEM VALUE " if explicit else ""
        return f"INSERT INTO {shape.name} ({listed}) {override}VALUES\n{lines}{end}"

    def inserted(self, session: Session, text: str) -> list[dict[str, object]]:
        """Insert a row and return it as it is now."""
        outcome = session.run([Command(text)])[0]
        return [dict(zip(outcome.columns, row, strict=True)) for row in outcome.rows or []]

    def selecting(self, shape: Shape, columns: Sequence[str], limit: int) -> str:
        """Write a query for the values of columns, as texts."""
        listed = ", ".join(f"{quote(name)}::pg_catalog.text" for name in columns)
        order = ", ".join(quote(name) for name in columns)
        filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        return f"SELECT {listed} FROM {shape.source} WHERE {filled} ORDER BY {order} LIMIT {limit}"

    def digests(self, session: Session, shapes: Sequence[Shape]) -> dict[str, Digest]:
        """Sum up the content of tables, all in one view of the database."""
        with _canonical(session):
            outcomes = session.run([Command(text) for shape in shapes for text in (_sums(shape), _lines(shape))])
        sums, lines = outcomes[::2], outcomes[1::2]
        return {
            shape.key: _digest(shape, (first.rows or [()])[0], second.rows or [])
            for shape, first, second in zip(shapes, sums, lines, strict=True)
        }


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in text else f"'{escaped}'"


def written(value: object, kind: Kind) -> str:
    """Return a value in the form that the type reads."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, list):
        part = Kind("range", parts=kind.parts) if kind.name == "multirange" else _part(kind)
        inner = ",".join("NULL" if item is None else _inside(written(item, part), kind.name) for item in value)
        return f"{{{inner}}}"
    if isinstance(value, tuple):
        return _tuple(value, kind)
    if isinstance(value, date) and kind.name == "timestamptz":
        return f"{value}+00"
    return f"{value}+00" if kind.name == "timetz" and not isinstance(value, str) else str(value)


def _part(kind: Kind) -> Kind:
    return kind.parts[0] if kind.parts else Kind("unknown")


def _inside(text: str, kind: str) -> str:
    if kind == "multirange":
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tuple(value: tuple[object, ...], kind: Kind) -> str:
    """Write a range's bounds, or a composite value's fields."""
    if kind.name == "range":
        low, high = (_inside(written(item, _part(kind)), "range") for item in value)
        return f"[{low},{high})"
    parts = kind.parts or (Kind("unknown"),) * len(value)
    fields = ("" if item is None else _inside(written(item, part), "") for item, part in zip(value, parts, strict=True))
    return f"({','.join(fields)})"


class _Catalog:
    """The answers of rows.sql, joined."""

    def __init__(
        self,
        tables: list[tuple[Any, ...]],
        columns: list[tuple[Any, ...]],
        constraints: list[tuple[Any, ...]],
        indexes: list[tuple[Any, ...]],
        types: list[tuple[Any, ...]],
    ) -> None:
        self.tables = tables
        self.types = Types(types)
        self.columns = _by_first(columns)
        self.constraints = _by_first(constraints)
        self.indexes = _by_first(indexes)
        self.keys = {table[0]: f"{table[1]}.{table[2]}" for table in tables}

    def shapes(self, names: Names) -> Iterator[Shape]:
        """Yield the tables that are not ours."""
        for table in self.tables:
            schema, name = table[1], table[2]
            ours = schema == names.schema and name in {names.history, names.log}
            if not ours and schema != names.internal:
                yield self.shape(table)

    def shape(self, table: tuple[Any, ...]) -> Shape:
        """Join what belongs to a table."""
        oid, schema, name, kind, part, triggers, bounds = table
        rows = self.columns.get(oid, [])
        by_number = {row[1]: row[2] for row in rows}
        spelled = f"{quote(schema)}.{quote(name)}"
        fields = tuple(self.field(row) for row in rows)
        keys, primary = self.unique(oid, by_number, fields)
        return Shape(
            key=f"{schema}.{name}",
            name=spelled,
            source=spelled if kind == "p" else f"ONLY {spelled}",
            fields=fields,
            primary=primary,
            keys=keys,
            references=tuple(self.references(oid, by_number)),
            checks=tuple(row[8] for row in self.constraints.get(oid, []) if row[1] == "c"),
            alternatives=tuple(bounds or ()),
            spread=self.spread(oid, by_number),
            part=part,
            refused="it has no partition" if kind == "p" and not bounds else "",
            triggers=triggers,
        )

    def field(self, row: tuple[Any, ...]) -> Field:
        """Describe a column."""
        _, _, name, type_, modifier, required, identity, generated, expression = row
        kind = self.types.kind(int(type_), modifier)
        base = self.types.base(int(type_))
        named = replace(kind, spelled=base.name)
        default = "serial" if identity else _default(expression)
        return Field(name, named, kind.nullable and not required, default, bool(generated), identity == "a")

    def unique(
        self, oid: int, names: Mapping[int, str], fields: tuple[Field, ...]
    ) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
        """Return the column lists that must differ, and the one that names a row."""
        by_name = {item.name: item for item in fields}
        keys: list[tuple[str, ...]] = []
        primary: tuple[str, ...] = ()
        for _, is_primary, numbers, count, partial in self.indexes.get(oid, []):
            columns = tuple(names[number] for number in numbers[:count] if number in names)
            if len(columns) < count:
                continue
            few = all(by_name[name].kind.name in {"boolean", "choice"} for name in columns)
            if not partial or not few:
                keys.append(columns)
            whole = not partial and not any(by_name[name].nullable for name in columns)
            if is_primary or (whole and not primary):
                primary = columns
        return tuple(dict.fromkeys(keys)), primary

    def references(self, oid: int, names: Mapping[int, str]) -> Iterator[Reference]:
        """Yield the foreign keys of a table."""
        seen = set()
        for _, kind, name, columns, other, others, deferrable, match, _ in self.constraints.get(oid, []):
            if kind != "f" or other not in self.keys:
                continue
            there = {row[1]: row[2] for row in self.columns.get(other, [])}
            made = Reference(
                tuple(names[number] for number in columns), self.keys[other],
                tuple(there[number] for number in others), deferrable, match == "f", name,
            )  # fmt: skip
            if (made.columns, made.table, made.referenced) not in seen:
                seen.add((made.columns, made.table, made.referenced))
                yield made

    def spread(self, oid: int, names: Mapping[int, str]) -> tuple[str, ...]:
        """Return the columns that exclusion constraints mention."""
        words = {
            word.replace('""', '"')
            for row in self.constraints.get(oid, []) if row[1] == "x"
            for word in re.findall(r'"((?:[^"]|"")+)"|(\w+)', row[8])
            for word in word if word
        }  # fmt: skip
        return tuple(name for name in names.values() if name in words)


def _by_first(rows: list[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _default(expression: str | None) -> str:
    if expression is None:
        return ""
    if expression.startswith("nextval("):
        return "serial"
    return "constant" if _CONSTANT.match(expression) else "volatile"


@contextmanager
def _canonical(session: Session) -> Iterator[None]:
    """Make every value's text the same whatever the session, the role and the database have set."""
    inside = session.in_transaction()
    begin = f"SAVEPOINT {_MARK}" if inside else "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    try:
        session.run([Command(text) for text in (begin, *_SETTINGS)])
        yield
    finally:
        end = (f"ROLLBACK TO SAVEPOINT {_MARK}", f"RELEASE SAVEPOINT {_MARK}") if inside else ("ROLLBACK",)
        if session.in_transaction():
            session.run([Command(text) for text in end])


def _shown(column: str) -> str:
    return f"{column}::pg_catalog.text"


def _as_time(text: str) -> str:
    """Leave out a midnight, so that a day is the same as a date and as a time."""
    return f"pg_catalog.replace({text}, ' 00:00:00', '')"


_CANONICAL: Mapping[str, Callable[[str], str]] = {
    "numeric": lambda column: f"pg_catalog.trim_scale({column})::pg_catalog.text",
    "money": lambda column: f"pg_catalog.trim_scale({column}::pg_catalog.numeric)::pg_catalog.text",
    "timestamp": lambda column: _as_time(f"{column}::pg_catalog.text"),
    "timestamptz": lambda column: _as_time(f"({column} AT TIME ZONE 'UTC')::pg_catalog.text"),
    # JSON that jsonb cannot hold stays as it is written.
    "json": lambda column: (
        f"CASE WHEN {column}::pg_catalog.text LIKE '%\\u0000%' THEN {column}::pg_catalog.text "
        f"ELSE {column}::pg_catalog.jsonb::pg_catalog.text END"
    ),
}


def _hashed(item: Field) -> str:
    """Return the fingerprint of a value; that of NULL is of no text."""
    text = _CANONICAL.get(item.kind.spelled, _shown)(quote(item.name))
    value = f'pg_catalog.hashtextextended(({text}) COLLATE "C", 7)'
    return f"coalesce({value}, 0)"


def _sorted(shape: Shape) -> list[Field]:
    return sorted(shape.fields, key=lambda item: item.name)


def _inner(shape: Shape, limit: int = 0) -> str:
    """Return a query for each row's fingerprints: its name's, then its values' in the order of their names."""
    hashes = {item.name: _hashed(item) for item in shape.fields}
    name = ", ".join(hashes[column] for column in shape.primary)
    row = f"pg_catalog.hashtextextended(pg_catalog.concat_ws(',', {name}), 7)" if name else "0::pg_catalog.int8"
    columns = "".join(f", {hashes[item.name]} AS h{at}" for at, item in enumerate(_sorted(shape)))
    return f"SELECT {row} AS k{columns} FROM {shape.source}" + (f" LIMIT {limit}" if limit else "")


def _sums(shape: Shape) -> str:
    numbers = range(len(shape.fields))
    plain = "".join(f", coalesce(pg_catalog.sum(h{at}), 0)" for at in numbers)
    keyed = "".join(f", coalesce(pg_catalog.sum(pg_catalog.hashint8extended(h{at}, k)), 0)" for at in numbers)
    listed = ", ".join(f"h{at}" for at in numbers) or "''"
    whole = f"pg_catalog.hashtextextended(pg_catalog.concat_ws(',', {listed}), 7)"
    total = f"coalesce(pg_catalog.sum({whole}), 0)"
    return f"SELECT pg_catalog.count(*), {total}{plain}{keyed} FROM ({_inner(shape)}) AS q"


def _lines(shape: Shape) -> str:
    return _inner(shape, LINES + 1)


def _digest(shape: Shape, sums: tuple[Any, ...], lines: list[tuple[Any, ...]]) -> Digest:
    names = [item.name for item in _sorted(shape)]
    numbers = [int(found) for found in sums]
    plain, keyed = numbers[2 : 2 + len(names)], numbers[2 + len(names) :]
    few = len(lines) <= LINES and bool(shape.primary)
    return Digest(
        rows=numbers[0], primary=shape.primary, plain=dict(zip(names, plain, strict=True)),
        keyed=dict(zip(names, keyed, strict=True)), whole=numbers[1],
        lines=tuple(tuple(int(found) for found in line) for line in lines) if few else None,
    )  # fmt: skip
