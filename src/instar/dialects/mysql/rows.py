"""What rows must be like in MariaDB and MySQL, how they are written, and how their content is summed up."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from instar.catalog import Column, Table
from instar.dialects import Command, Names, Session, _shapes
from instar.shapes import Digest, Kind, Shape

_STRING = re.compile(r"(?:_\w+\s*)?'((?:[^'\\]|''|\\.)*)'")
_JSON = re.compile(r"json_valid\(`?((?:[^`)])+)`?\)", re.IGNORECASE)
_NUMBERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_LENGTHS = {"tinytext": 255, "text": 65_535, "tinyblob": 255, "blob": 65_535}
_PLAIN: Mapping[str, str] = {
    "float": "float", "double": "float", "date": "date", "datetime": "timestamp", "timestamp": "timestamp",
    "time": "time", "json": "json", "uuid": "uuid", "inet6": "inet6", "inet4": "inet",
    "char": "text", "varchar": "text", "tinytext": "text", "text": "text", "mediumtext": "text", "longtext": "text",
    "binary": "bytes", "varbinary": "bytes", "tinyblob": "bytes", "blob": "bytes", "mediumblob": "bytes",
    "longblob": "bytes", "bit": "bits", "enum": "choice", "set": "set",
    "geometry": "wkt point", "point": "wkt point", "linestring": "wkt line", "polygon": "wkt polygon",
    "multipoint": "wkt points", "multilinestring": "wkt lines", "multipolygon": "wkt polygons",
    "geometrycollection": "wkt collection",
}  # fmt: skip
_PARTITIONS = """
SELECT table_name, partition_method, partition_expression, partition_description
FROM information_schema.partitions
WHERE table_schema = DATABASE() AND partition_method IS NOT NULL
ORDER BY table_name, partition_ordinal_position
"""
_LINES = 1000


def quote(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


class Rows:
    """See instar.dialects.Rows for what its methods promise."""

    deferring: tuple[str, ...] = ()
    settling: tuple[str, ...] = ()

    def shapes(self, session: Session, names: Names) -> tuple[Shape, ...]:
        """Read all tables of the database, without our own."""
        whole = session.catalog()
        bounds = _bounds(session.query(_PARTITIONS))
        ours = {names.history, names.log}
        found = []
        for _, table in sorted(whole.tables.items()):
            if table.kind == "table" and table.name not in ours and not table.name.startswith(f"{names.internal}_"):
                made = _shapes.shape(table, whole, _kind, quote(table.name))
                checks = tuple(_standard(check) for check in made.checks)
                found.append(replace(made, checks=checks, alternatives=bounds.get(table.name, ())))
        return tuple(found)

    def empty(self, session: Session, shapes: Sequence[Shape]) -> frozenset[str]:
        """Return the keys of the tables without rows."""
        return frozenset(
            shape.key for shape in shapes if not session.query(f"SELECT EXISTS (SELECT 1 FROM {shape.source})")[0][0]
        )

    def literal(self, value: object, kind: Kind) -> str:
        """Write a value as SQL, whatever sql_mode says of backslashes."""
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        if isinstance(value, int | float):
            return str(value + 0)
        text = _duration(value) if isinstance(value, timedelta) else str(value)
        if kind.name == "bits":
            return f"b'{text}'"
        if kind.name.startswith("wkt"):
            return f"ST_GeomFromText('{text}')"
        return _quoted(text)

    def inserting(self, shape: Shape, columns: Sequence[str], rows: Sequence[Sequence[str]], *, returned: bool) -> str:  # noqa: ARG002
        """Write an INSERT of rows of literals."""
        listed = ", ".join(quote(name) for name in columns)
        return f"INSERT INTO {shape.name} ({listed}) VALUES\n" + ",\n".join(f"({', '.join(row)})" for row in rows)

    def inserted(self, session: Session, text: str) -> list[dict[str, object]]:
        """Insert a row and return it as it is now, where the server can (MariaDB)."""
        outcome = session.run([Command(f"{text} RETURNING *")])[0]
        return [dict(zip(outcome.columns, row, strict=True)) for row in outcome.rows or []]

    def selecting(self, shape: Shape, columns: Sequence[str], limit: int) -> str:
        """Write a query for the values of columns."""
        listed = ", ".join(quote(name) for name in columns)
        filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        return f"SELECT {listed} FROM {shape.source} WHERE {filled} ORDER BY {listed} LIMIT {limit}"

    def digests(self, session: Session, shapes: Sequence[Shape]) -> dict[str, Digest]:
        """Sum up the content of tables, all in one view of the database."""
        found = {}
        with _canonical(session):
            for shape in shapes:
                sums = session.query(_sums(shape))[0]
                found[shape.key] = _digest(shape, sums, session.query(_inner(shape, _LINES + 1)))
        return found


def _quoted(text: str) -> str:
    if "\\" in text or not text.isascii():
        return f"_utf8mb4 X'{text.encode().hex()}'"
    return "'" + text.replace("'", "''") + "'"


def _duration(value: timedelta) -> str:
    """Write what the driver makes of a TIME."""
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _standard(check: str) -> str:
    """Mark the strings of a condition as such with backslashes."""
    return _STRING.sub(lambda found: f"E'{found[1]}'", check)


def _bounds(rows: list[tuple[object, ...]]) -> dict[str, tuple[str, ...]]:
    """Return what holds in each partition: at least one must."""
    found: dict[str, list[str]] = {}
    for table, method, expression, description in rows:
        kept = found.setdefault(str(table), [])
        if description is None or "MAXVALUE" in str(description) or "," in str(expression):
            kept.append("true")
        elif "RANGE" in str(method):
            kept.append(f"{expression} < {_text(description)}")
        else:
            kept.append(f"{expression} IN ({_text(description)})")
    return {table: tuple(kept) for table, kept in found.items()}


def _text(found: object) -> str:
    return found.decode() if isinstance(found, bytes) else str(found)


def _kind(item: Column, table: Table) -> Kind:
    spelled = item.type.lower()
    name = re.split(r"[\s(]", spelled, maxsplit=1)[0]
    inside = item.type.partition("(")[2].rpartition(")")[0]
    numbers = [int(found) for found in re.findall(r"\d+", inside)] if "'" not in inside else []
    if any(match[1] == item.name for check in table.constraints if (match := _JSON.search(check.expression))):
        return Kind("json", spelled="longtext")
    if name in {"boolean", "bool"} or spelled == "tinyint(1)":
        return Kind("boolean", spelled="tinyint")
    name = {"integer": "int", "dec": "decimal", "numeric": "decimal", "real": "double"}.get(name, name)
    if name in _NUMBERS:
        top = 2 ** (_NUMBERS[name] - (0 if "unsigned" in spelled else 1))
        return Kind("integer", low=0 if "unsigned" in spelled else -top, high=top - 1, spelled=name)
    if name == "year":
        return Kind("integer", low=1950, high=2100, spelled=name)
    if name == "decimal":
        low = 0 if "unsigned" in spelled else None
        digits = numbers[0] if numbers else 10
        return Kind("decimal", low=low, digits=digits, scale=numbers[1] if len(numbers) > 1 else 0, spelled=name)
    choices = tuple(found.replace("''", "'") for found in re.findall(r"'((?:[^']|'')*)'", inside))
    length = numbers[0] if numbers else _LENGTHS.get(name, 1 if name in {"char", "binary", "bit"} else 0)
    timed = name in {"datetime", "timestamp", "time"}
    return Kind(
        _PLAIN.get(name, "unknown"), length=0 if timed else length, fixed=timed or name == "bit", choices=choices,
        scale=numbers[0] if timed and numbers else 0, spelled=name,
    )  # fmt: skip


@contextmanager
def _canonical(session: Session) -> Iterator[None]:
    """Make every value's text the same whatever the session has set."""
    zone, mode = session.query("SELECT @@SESSION.time_zone, @@SESSION.sql_mode")[0]
    inside = session.in_transaction()
    session.query("SET @@SESSION.time_zone = '+00:00', @@SESSION.sql_mode = ''")
    try:
        if not inside:
            session.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield
    finally:
        if not inside:
            session.query("ROLLBACK")
        session.query("SET @@SESSION.time_zone = %s, @@SESSION.sql_mode = %s", (zone, mode))


def _trimmed(column: str) -> str:
    """Leave out the zeros behind a point."""
    text = f"CAST({column} AS CHAR)"
    return f"IF(LOCATE('.', {text}), TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {text})), {text})"


def _as_time(column: str) -> str:
    return f"REPLACE({_trimmed(column)}, ' 00:00:00', '')"


def _number(column: str) -> str:
    return f"CAST({column} + 0 AS CHAR)"


def _shown(column: str) -> str:
    return f"CAST({column} AS CHAR)"


def _bytes(column: str) -> str:
    return column


def _shape(column: str) -> str:
    return f"CONCAT(ST_SRID({column}), ' ', HEX(ST_AsWKB({column})))"


_CANONICAL: Mapping[str, Callable[[str], str]] = {
    "decimal": _trimmed, "datetime": _as_time, "timestamp": _as_time, "time": _trimmed, "bit": _number,
    "float": lambda column: f"CAST(CAST({column} AS DOUBLE) AS CHAR)",
    **dict.fromkeys((*_NUMBERS, "year"), _number),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), _bytes),
    **dict.fromkeys((name for name, kind in _PLAIN.items() if kind.startswith("wkt")), _shape),
    **dict.fromkeys(
        ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"),
        lambda column: f"CONVERT({column} USING utf8mb4)",
    ),
}  # fmt: skip


def _short(text: str) -> str:
    """Return fifteen digits of the MD5 of a text as a number."""
    return f"CAST(CONV(LEFT(MD5({text}), 15), 16, 10) AS UNSIGNED)"


def _hashed(shape: Shape) -> dict[str, str]:
    """Return the fingerprint of each column's value, 0 for NULL."""
    found = {}
    for item in shape.fields:
        text = _CANONICAL.get(item.kind.spelled, _shown)(quote(item.name))
        found[item.name] = f"COALESCE({_short(text)}, 0)"
    return found


def _inner(shape: Shape, limit: int = 0) -> str:
    hashes = _hashed(shape)
    names = ", ".join(hashes[name] for name in shape.primary)
    key = _short(f"CONCAT_WS(',', {names})") if names else "0"
    columns = "".join(f", {hashes[name]} AS h{at}" for at, name in enumerate(sorted(hashes)))
    return f"SELECT {key} AS k{columns} FROM {shape.source}" + (f" LIMIT {limit}" if limit else "")


def _sums(shape: Shape) -> str:
    numbers = range(len(shape.fields))
    listed = ", ".join(f"h{at}" for at in numbers)
    whole = _short(f"CONCAT_WS(',', {listed})")
    plain = "".join(f", COALESCE(SUM(h{at}), 0)" for at in numbers)
    keyed = "".join(", COALESCE(SUM(" + _short(f"CONCAT(k, ':', h{at})") + "), 0)" for at in numbers)
    return f"SELECT COUNT(*), COALESCE(SUM({whole}), 0){plain}{keyed} FROM ({_inner(shape)}) AS q"


def _digest(shape: Shape, sums: tuple[Any, ...], lines: list[tuple[Any, ...]]) -> Digest:
    names = sorted(item.name for item in shape.fields)
    numbers = [int(found) for found in sums]
    plain, keyed = numbers[2 : 2 + len(names)], numbers[2 + len(names) :]
    few = len(lines) <= _LINES and bool(shape.primary)
    return Digest(
        rows=numbers[0], primary=shape.primary, plain=dict(zip(names, plain, strict=True)),
        keyed=dict(zip(names, keyed, strict=True)), whole=numbers[1],
        lines=tuple(tuple(int(found) for found in line) for line in lines) if few else None,
    )  # fmt: skip
