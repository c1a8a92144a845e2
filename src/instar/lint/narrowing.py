"""Which changes of a type lose values, or are refused because of them: by the canonical names of the types."""

import re

from msgspec import Struct

_TYPE = re.compile(
    r"(?P<base>[a-z0-9_ ]+?)\s*(?:\((?P<mods>[\d,\s-]+)\))?(?:\s+(?:unsigned|zerofill|signed))*$", re.IGNORECASE
)
_TEXT = frozenset({"varchar", "character varying", "text", "bpchar", "char", "character", "citext"})
_PADDED = frozenset({"bpchar", "char", "character"})
_INTEGERS = {
    "int1": 8, "tinyint": 8, "int2": 16, "smallint": 16, "mediumint": 24, "int4": 32, "int": 32, "integer": 32,
    "int8": 64, "bigint": 64,
}  # fmt: skip
_NUMERIC = frozenset({"numeric", "decimal"})
_FLOATS = {"float4": 24, "real": 24, "float8": 53, "double precision": 53, "double": 53}
_MOMENTS = frozenset({"timestamp", "timestamptz", "datetime"})
_NO_LIMIT = 1 << 30


class Narrowing(Struct, frozen=True):
    """What does not fit into the new type: for people, and as a condition on the column `{column}`.

    `silent`: the server changes such values (it rounds them) instead of refusing the statement.
    """

    what: str
    probe: str
    silent: bool = False


class _Type(Struct, frozen=True):
    base: str
    mods: tuple[int, ...] = ()


def narrowing(old: str, new: str) -> Narrowing | None:
    """Return what is lost when a column of type `old` becomes `new`; None where nothing is, or it is not known."""
    before, after = _parsed(old), _parsed(new)
    if before is None or after is None:
        return None
    for family in (_text, _integer, _numeric, _moment):
        found = family(before, after)
        if found is not None:
            return found
    return None


def _parsed(text: str) -> _Type | None:
    found = _TYPE.match(text.strip())
    if found is None:
        return None
    mods = tuple(int(item) for item in found["mods"].split(",")) if found["mods"] else ()
    return _Type(found["base"].strip().lower(), mods)


def _text(old: _Type, new: _Type) -> Narrowing | None:
    if old.base not in _TEXT or new.base not in _TEXT:
        return None
    limit = _length(new)
    if _length(old) <= limit:
        return None
    return Narrowing(f"values longer than {limit} characters", f"char_length({{column}}) > {limit}")


def _length(kind: _Type) -> int:
    return kind.mods[0] if kind.mods else 1 if kind.base in _PADDED else _NO_LIMIT


def _integer(old: _Type, new: _Type) -> Narrowing | None:
    bits = _INTEGERS.get(new.base)
    if bits is None:
        return None
    if old.base in _NUMERIC or old.base in _FLOATS:
        return Narrowing("fractions", "{column} <> round({column})", silent=True)
    if _INTEGERS.get(old.base, 0) <= bits:
        return None
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    return Narrowing(f"values outside {least} to {most}", f"{{column}} NOT BETWEEN {least} AND {most}")


def _numeric(old: _Type, new: _Type) -> Narrowing | None:
    if new.base in _FLOATS:
        wider = _FLOATS.get(old.base, 0) > _FLOATS[new.base]
        exact = old.base in _NUMERIC
        return Narrowing("digits beyond its precision", "{column} IS NOT NULL", silent=True) if wider or exact else None
    if new.base not in _NUMERIC or not new.mods or old.base not in _NUMERIC | _FLOATS.keys() | _INTEGERS.keys():
        return None
    scale = new.mods[1] if len(new.mods) > 1 else 0
    whole = new.mods[0] - scale
    if _whole(old) > whole:
        return Narrowing(f"values of 1e{whole} and more", f"abs({{column}}) >= 1e{whole}")
    if _scale(old) > scale:
        what = f"digits behind decimal place {scale}" if scale else "fractions"
        return Narrowing(what, f"{{column}} <> round({{column}}, {scale})", silent=True)
    return None


def _whole(kind: _Type) -> int:
    if kind.base in _INTEGERS:
        return len(str(1 << _INTEGERS[kind.base] - 1))
    return kind.mods[0] - _scale(kind) if kind.mods else _NO_LIMIT


def _scale(kind: _Type) -> int:
    if kind.base in _INTEGERS:
        return 0
    return (kind.mods[1] if len(kind.mods) > 1 else 0) if kind.mods else _NO_LIMIT


def _moment(old: _Type, new: _Type) -> Narrowing | None:
    if old.base not in _MOMENTS:
        return None
    if new.base == "date":
        return Narrowing("times of the day", "{column} <> CAST({column} AS date)", silent=True)
    # Without a precision PostgreSQL keeps six digits; MySQL none, where a change to it is seen by the same numbers.
    if new.base in _MOMENTS and new.mods and (old.mods[0] if old.mods else 6) > new.mods[0]:
        return Narrowing(f"digits behind {new.mods[0]} of the second", "{column} IS NOT NULL", silent=True)
    return None
