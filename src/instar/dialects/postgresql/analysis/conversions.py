"""Whether a change of a column's type writes the table anew, decided as the server does: by cast and modifiers.

The server keeps the file when its expression for the new value comes down to the old bytes: the types are binary
coercible, and no modifier cuts anything off. Measured on PostgreSQL 12 to 18.
"""

from msgspec import Struct

from instar.catalog import Schema
from instar.dialects.postgresql.analysis import expressions, types
from instar.dialects.postgresql.tree import Node

# pg_cast, castmethod 'b': both types are the same bytes.
_BINARY = frozenset(
    tuple(pair.split(">"))
    for pair in [
        "bit>varbit",
        "varbit>bit",
        "cidr>inet",
        "text>varchar",
        "text>bpchar",
        "varchar>text",
        "varchar>bpchar",
        "xml>text",
        "xml>varchar",
        "xml>bpchar",
        "citext>text",
        "citext>varchar",
        "text>citext",
        "varchar>citext",
        "regoper>regoperator",
        "regoperator>regoper",
        "regproc>regprocedure",
        "regprocedure>regproc",
    ]
)
_OID_LIKE = frozenset(
    [
        "oid",
        "int4",
        "regclass",
        "regcollation",
        "regconfig",
        "regdictionary",
        "regnamespace",
        "regoper",
        "regoperator",
        "regproc",
        "regprocedure",
        "regrole",
        "regtype",
    ]
)
# pg_cast, castcontext 'a' or 'i', those that call a function: what ALTER TYPE does without USING.
_AUTOMATIC = frozenset(
    tuple(pair.split(">"))
    for pair in [
        "box>polygon",
        "bpchar>char",
        "bpchar>name",
        "date>timestamp",
        "date>timestamptz",
        "float4>float8",
        "float4>int2",
        "float4>int4",
        "float4>int8",
        "float4>numeric",
        "float8>float4",
        "float8>int2",
        "float8>int4",
        "float8>int8",
        "float8>numeric",
        "inet>cidr",
        "int2>float4",
        "int2>float8",
        "int2>int4",
        "int2>int8",
        "int2>numeric",
        "int2>oid",
        "int4>float4",
        "int4>float8",
        "int4>int2",
        "int4>int8",
        "int4>money",
        "int4>numeric",
        "int8>float4",
        "int8>float8",
        "int8>int2",
        "int8>int4",
        "int8>money",
        "int8>numeric",
        "int8>oid",
        "interval>time",
        "json>jsonb",
        "jsonb>json",
        "macaddr>macaddr8",
        "macaddr8>macaddr",
        "money>numeric",
        "numeric>float4",
        "numeric>float8",
        "numeric>int2",
        "numeric>int4",
        "numeric>int8",
        "numeric>money",
        "oid>int8",
        "path>polygon",
        "point>box",
        "polygon>path",
        "text>char",
        "text>name",
        "time>interval",
        "time>timetz",
        "timestamp>date",
        "timestamp>time",
        "timestamp>timestamptz",
        "timestamptz>date",
        "timestamptz>time",
        "timestamptz>timestamp",
        "timestamptz>timetz",
        "timetz>time",
        "varchar>char",
        "varchar>name",
    ]
)
_STRINGS = frozenset({"text", "varchar", "bpchar"})
_REGISTERED = frozenset(name for name in _OID_LIKE if name.startswith("reg"))
_CLASSES = {
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8"), "number"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), "string"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "date"),
    **{name: name for name in ("uuid", "bool", "bytea", "jsonb", "inet", "macaddr", "interval")},
}
"""What no operator compares across."""
_UTC = frozenset(
    [
        "utc",
        "gmt",
        "uct",
        "zulu",
        "universal",
        "greenwich",
        "gmt0",
        "gmt+0",
        "gmt-0",
        "etc/utc",
        "etc/gmt",
        "etc/uct",
        "etc/zulu",
        "etc/universal",
        "etc/greenwich",
        "etc/gmt0",
        "etc/gmt+0",
        "etc/gmt-0",
        "0",
        "+00",
        "+00:00",
    ]
)
_FINEST = 6
"""Digits of a second that a time holds."""
_LEAST = {"year": 5, "month": 4, "day": 3, "hour": 2, "minute": 1, "second": 0}


class Conversion(Struct, frozen=True):
    """What becomes of a column's values: `rewrite`, or an `unknown` fact that decides, or an `error` of the server.

    `reason` says why the table is rewritten, or why it is not.
    """

    rewrite: bool = False
    reason: str = ""
    unknown: str = ""
    error: str = ""


def conversion(old: str, new: str, schema: Schema, using: Node | None = None, column: str = "") -> Conversion:
    """Say what the change from type `old` to `new` (canonical names) does; `using` is the tree behind USING."""
    steps = [new] if using is None else _steps(using, new, schema, column)
    if steps is None:
        return Conversion(rewrite=True, reason="the USING expression is computed for every row")
    if not old:
        return Conversion(unknown="old type")
    if using is None and (error := _refused(old, new, schema, column)):
        return Conversion(error=error)
    was = old
    for step in steps:
        found = _step(was, step, schema)
        if found.rewrite or found.unknown:
            reason = found.reason or f"{old} becomes {new}, and every row is written anew"
            return Conversion(rewrite=found.rewrite, unknown=found.unknown, reason=reason)
        was = step
    return Conversion(reason="the stored values stay as they are")


def _steps(tree: Node, new: str, schema: Schema, column: str) -> list[str] | None:
    """Return the types that a chain of casts of the column goes through, None when it is another expression."""
    casts: list[str] = []
    while True:
        kind, node = next(iter(tree.items()))
        if kind == "TypeCast":
            casts.append(types.canonical(node["typeName"], schema))
        elif kind == "ColumnRef":
            return [*reversed(casts), new] if expressions.column(node) == column else None
        elif kind != "CollateClause":
            return None
        tree = node["arg"]


def _step(old: str, new: str, schema: Schema) -> Conversion:
    if old == new:
        return Conversion()
    (base, mods, array), (wanted, limits, wanted_array) = types.split(old), types.split(new)
    if array or wanted_array:
        # An array is converted element by element as soon as the elements need any cast, even an empty one.
        kept = array == wanted_array and base == wanted and not limits
        return Conversion(rewrite=not kept)
    target = types.domain(new, schema)
    if target is not None:
        if constrained(target.name, schema):
            return Conversion(rewrite=True, reason=f"{new} has a constraint, which is checked for every row")
        return _step(old, target.base, schema)
    source = types.domain(old, schema)
    if source is not None:
        return _step(types.split(source.base)[0], new, schema)
    return _between(base, mods, wanted, limits, schema) or Conversion(rewrite=True)


def _between(
    base: str, mods: tuple[str, ...], wanted: str, limits: tuple[str, ...], schema: Schema
) -> Conversion | None:
    """Return the outcome for two types that are neither arrays nor domains; None: the table is rewritten."""
    if base == wanted:
        if base not in types.BUILT_IN and limits and base not in schema.types:
            return Conversion(unknown=f"what the modifier of {base} does")
        return Conversion() if _same_kind(base, mods, limits) else None
    if {base, wanted} == {"timestamp", "timestamptz"}:
        return _zoned(schema.timezone) if _same_kind("timestamp", (), limits) else None
    if _is_binary(base, wanted):
        return Conversion() if _same_kind(wanted, (), limits) else None
    foreign = next((name for name in (base, wanted) if not _is_known(name, schema)), "")
    return Conversion(unknown=f"what type {foreign} is") if foreign else None


def _is_known(name: str, schema: Schema) -> bool:
    return name in types.BUILT_IN or name in schema.types or name == "citext"


def _is_binary(old: str, new: str) -> bool:
    if old in _OID_LIKE and new in _OID_LIKE:
        return "oid" in (old, new) or "int4" in (old, new) or (old, new) in _BINARY
    return (old, new) in _BINARY


def _zoned(timezone: str) -> Conversion:
    if not timezone:
        return Conversion(unknown="TimeZone")
    if timezone.lower() in _UTC:
        return Conversion(reason=f"the session's TimeZone is {timezone}")
    return Conversion(rewrite=True, reason=f"the session's TimeZone is {timezone}, not UTC")


def _same_kind(base: str, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether no value of `base(old)` changes under `base(new)`: the server's own support functions know it."""
    if old == new or (not new and base != "bit"):
        return True
    if base in ("varchar", "varbit"):
        return bool(old) and int(new[0]) >= int(old[0])
    if base == "numeric":
        return bool(old) and old[1] == new[1] and int(new[0]) >= int(old[0])
    if base in ("timestamp", "timestamptz", "time", "timetz"):
        return int(new[0]) >= _FINEST or (bool(old) and int(new[0]) >= int(old[0]))
    if base == "interval":
        return _same_interval(old, new)
    return False


def _same_interval(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    (was, digits), (least, wanted) = _interval(old), _interval(new)
    return least <= was and (wanted >= _FINEST or wanted >= digits)


def _interval(mods: tuple[str, ...]) -> tuple[int, int]:
    """Return the smallest field (0 = second) and the digits of a second of an interval's modifiers."""
    fields = [item for item in mods if not item.isdigit()]
    digits = [int(item) for item in mods if item.isdigit()]
    least = _LEAST[fields[0].split()[-1]] if fields else 0
    return least, digits[0] if digits else 0xFFFF


def constrained(name: str, schema: Schema) -> bool:
    """Whether a domain, or one that it is made of, has a constraint."""
    found = types.domain(name, schema)
    return found is not None and (found.constrained or constrained(found.base, schema))


def base_of(name: str, schema: Schema) -> str:
    """Return the type below all domains, without modifiers, with [] for an array."""
    while (found := types.domain(name, schema)) is not None:
        name = found.base
    base, _, array = types.split(name)
    return base + "[]" * array


def comparable(one: str, other: str, schema: Schema) -> bool:
    """Whether a foreign key may join columns of these types, as far as that is known."""
    first, second = (_CLASSES.get(base_of(name, schema), "") for name in (one, other))
    return not first or not second or first == second


def operators(name: str, schema: Schema) -> str:
    """Return a word for the default operator class of a type: an index keeps its file where it is the same."""
    base = base_of(name, schema)
    same = {"varchar": "text", "cidr": "inet", **dict.fromkeys(_REGISTERED, "oid")}
    return same.get(base, base)


def _refused(old: str, new: str, schema: Schema, column: str) -> str:
    """Return the server's message where there is no automatic cast, "" where there is or where that is not known."""
    base, wanted = base_of(old, schema), base_of(new, schema)
    if base == wanted or wanted in _STRINGS or not (_is_plain(base, schema) and _is_plain(wanted, schema)):
        return ""
    if base.endswith("[]") and wanted.endswith("[]"):
        base, wanted = base.removesuffix("[]"), wanted.removesuffix("[]")
    if base == wanted or wanted in _STRINGS or _is_binary(base, wanted) or (base, wanted) in _AUTOMATIC:
        return ""
    if wanted in _REGISTERED:
        return ""
    return f'column "{column}" cannot be cast automatically to type {types.shown(new)}'


def _is_plain(name: str, schema: Schema) -> bool:
    """Whether all casts of a type are known: the server's own, and enums."""
    name = name.removesuffix("[]")
    found = schema.types.get(name)
    return name in types.BUILT_IN or (found is not None and found.kind == "enum")
