"""PostgreSQL's types as kinds of values."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from instar.shapes import Kind

_HEADER = 4
"""What the modifier of a length or a precision has on top."""
_INTEGERS = {"int2": 15, "int4": 31, "int8": 63}
_PLAIN: Mapping[str, str] = {
    "bool": "boolean", "text": "text", "citext": "text", "bytea": "bytes", "date": "date", "time": "time",
    "timetz": "timetz", "timestamp": "timestamp", "timestamptz": "timestamptz", "interval": "interval",
    "uuid": "uuid", "json": "json", "jsonb": "json", "xml": "xml", "inet": "inet", "cidr": "cidr",
    "macaddr": "macaddr", "macaddr8": "macaddr8", "point": "point", "lseg": "lseg", "box": "box", "path": "path",
    "polygon": "polygon", "circle": "circle", "line": "line", "tsvector": "tsvector", "tsquery": "tsquery",
    "jsonpath": "jsonpath", "hstore": "hstore", "ltree": "ltree", "lquery": "lquery", "pg_lsn": "lsn",
    "pg_snapshot": "snapshot", "txid_snapshot": "snapshot", "tid": "tid", "char": "letter", "regclass": "relation",
    "regtype": "type", "regrole": "role", "regnamespace": "namespace", "regproc": "procedure",
    "regprocedure": "signature", "regoper": "operation", "regoperator": "operator", "regconfig": "configuration",
    "regdictionary": "configuration", "float4": "float", "float8": "float", "cube": "cube",
    "geometry": "wkt point", "geography": "wkt point",
}  # fmt: skip
_NUMBERED = {"oid": 16_000, "xid": 16_000, "cid": 16_000, "xid8": 16_000}


class Type(Struct, frozen=True):
    """A row of pg_type with what belongs to it."""

    oid: int
    schema: str
    name: str
    type: str
    category: str
    element: int
    base: int
    modifier: int
    required: bool
    labels: tuple[str, ...]
    checks: tuple[str, ...]
    members: tuple[tuple[int, int], ...]
    subtype: int


class Types:
    """All types of a database; `kind` says what values one takes."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._types: dict[int, Type] = {}
        for oid, schema, name, sort, category, element, base, modifier, required, labels, checks, members, sub in rows:
            self._types[int(oid)] = Type(
                int(oid), schema, name, sort, category, int(element), int(base), modifier, required,
                tuple(labels or ()), tuple(checks or ()),
                tuple((int(kind), int(mark)) for kind, mark in members or ()), int(sub or 0),
            )  # fmt: skip

    def base(self, oid: int) -> Type:
        """Return the type below all domains."""
        found = self._types[oid]
        return self.base(found.base) if found.type == "d" else found

    def kind(self, oid: int, modifier: int = -1, depth: int = 0) -> Kind:
        """Return what values the type with that modifier takes."""
        found = self._types.get(oid)
        if found is None or depth > 8:  # noqa: PLR2004 - types that hold themselves through arrays
            return Kind("unknown")
        made = self._kind(found, modifier, depth)
        return replace(made, spelled=made.spelled or found.name)

    def _kind(self, found: Type, modifier: int, depth: int) -> Kind:
        if found.type == "d":
            below = self.kind(found.base, found.modifier, depth + 1)
            checks = (*below.checks, *found.checks)
            return replace(below, checks=checks, nullable=below.nullable and not found.required)
        if found.type == "e":
            return Kind("choice", choices=found.labels)
        if found.type in {"r", "m"}:
            part = Kind("range", parts=(self.kind(found.subtype, -1, depth + 1),))
            return part if found.type == "r" else Kind("multirange", parts=part.parts)
        if found.type == "c":
            return Kind("composite", parts=tuple(self.kind(kind, mark, depth + 1) for kind, mark in found.members))
        if found.category == "A" and found.element:
            return Kind("array", parts=(self.kind(found.element, modifier, depth + 1),))
        return _simple(found.name, modifier)


def _simple(name: str, modifier: int) -> Kind:
    length = max(modifier - _HEADER, 0) if modifier >= 0 else 0
    if name in _INTEGERS:
        top = 2 ** _INTEGERS[name]
        return Kind("integer", low=-top, high=top - 1)
    if name in _NUMBERED:
        return Kind("integer", low=1, high=_NUMBERED[name])
    if name == "numeric":
        # Since PostgreSQL 15 a scale may be negative or greater than the precision: eleven bits with a sign.
        scale = ((length & 0x7FF) ^ 1024) - 1024
        return Kind("decimal", digits=length >> 16 if length else 0, scale=scale if length else 0)
    if name in {"timestamp", "timestamptz", "time", "timetz"}:
        return Kind(_PLAIN[name], scale=max(modifier, 0), fixed=modifier >= 0)
    measured = {
        "money": Kind("money", digits=12, scale=2),
        "varchar": Kind("text", length=length), "bpchar": Kind("text", length=length), "name": Kind("text", length=63),
        "bit": Kind("bits", length=max(modifier, 0), fixed=True), "varbit": Kind("bits", length=max(modifier, 0)),
        "vector": Kind("vector", length=max(modifier, 0)), "halfvec": Kind("vector", length=max(modifier, 0)),
    }  # fmt: skip
    return measured.get(name) or Kind(_PLAIN.get(name, "unknown"))
