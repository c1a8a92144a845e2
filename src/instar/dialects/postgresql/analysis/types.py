"""Types as the linter writes them: the catalog's own name with modifiers, "varchar(50)", "int4", "timestamptz(3)[]"."""

import re

from instar.catalog import Schema, Type
from instar.dialects.postgresql import tree
from instar.dialects.postgresql._libpg_query import ParserError
from instar.dialects.postgresql.tree import Node

SERIAL = {
    "serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8", "smallserial": "int2",
    "serial2": "int2",
}  # fmt: skip
"""What looks like a type and is an integer with a sequence."""
BUILT_IN = frozenset(
    """
    bool bytea char name int8 int2 int2vector int4 regproc text oid tid xid cid oidvector json xml xid8 point lseg path
    box polygon line float4 float8 unknown circle money macaddr inet cidr macaddr8 aclitem bpchar varchar date time
    timestamp timestamptz interval timetz bit varbit numeric refcursor regprocedure regoper regoperator regclass
    regcollation regtype regrole regnamespace uuid pg_lsn tsvector gtsvector tsquery regconfig regdictionary jsonb
    jsonpath txid_snapshot pg_snapshot int4range int4multirange numrange nummultirange tsrange tsmultirange tstzrange
    tstzmultirange daterange datemultirange int8range int8multirange record void anyelement anyarray
    """.split()  # noqa: SIM905 - a list of ninety quoted words reads worse
)
_SHOWN = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
    "bool": "boolean", "varchar": "character varying", "bpchar": "character", "varbit": "bit varying",
    "timestamptz": "timestamp", "timetz": "time", "char": '"char"',
}  # fmt: skip
_FIELDS = {
    4: "year", 2: "month", 8: "day", 1024: "hour", 2048: "minute", 4096: "second", 6: "year to month",
    1032: "day to hour", 3080: "day to minute", 7176: "day to second", 3072: "hour to minute", 7168: "hour to second",
    6144: "minute to second",
}  # fmt: skip
# The fields of an interval's modifier, as bits (INTERVAL_MASK in PostgreSQL's utils/datetime.h).
_SHAPE = re.compile(
    r"(?P<base>[^(\[]+?)(?: (?P<fields>(?:year|month|day|hour|minute|second)[a-z ]*))?"
    r"(?:\((?P<mods>[^)]*)\))?(?P<array>\[\])?"
)


def canonical(node: Node, schema: Schema) -> str:
    """Return the canonical name of a TypeName node; a serial type is its integer type."""
    names: list[str] = [item["String"]["sval"] for item in node["names"]]
    array = "[]" if node.get("arrayBounds") else ""
    if len(names) > 1 and names[-2] != "pg_catalog":
        return schema.resolve(names[-2], names[-1]) + _modifiers(names[-1], node) + array
    name: str = SERIAL.get(names[-1], names[-1])
    if name not in BUILT_IN and len(names) == 1:
        name = schema.resolve("", name)
    return name + _modifiers(name, node) + array


def spelled(text: str, schema: Schema) -> str:
    """Return the canonical name of a type as SQL and format_type() write it ("character varying(50)")."""
    try:
        statement = tree.parse(f"SELECT NULL::{text}")[0].node
    except ParserError:
        return text
    cast = statement["targetList"][0]["ResTarget"]["val"].get("TypeCast")
    return canonical(cast["typeName"], schema) if cast else text


def is_serial(node: Node) -> bool:
    """Whether a TypeName is one of the serial pseudo-types."""
    names = node["names"]
    return len(names) == 1 and names[0]["String"]["sval"] in SERIAL


def _modifiers(name: str, node: Node) -> str:
    values = [_modifier(item) for item in node.get("typmods", ())]
    if not values:
        return ""
    if name == "interval":
        return _interval(values)
    if name == "numeric" and len(values) == 1:
        values.append("0")
    return f"({','.join(values)})"


def _interval(values: list[str]) -> str:
    fields = _FIELDS.get(int(values[0]), "")
    precision = f"({values[1]})" if len(values) > 1 else ""
    return (f" {fields}" if fields else "") + precision


def _modifier(node: Node) -> str:
    constant = node.get("A_Const")
    if constant is not None:
        value = constant.get("ival", constant.get("sval", {}))
        return str(value.get("ival", value.get("sval", 0)))
    reference = node.get("ColumnRef")
    return str(reference["fields"][-1]["String"]["sval"]) if reference else "?"


def split(name: str) -> tuple[str, tuple[str, ...], bool]:
    """Return the parts of a canonical name: the base, its modifiers as text, whether it is an array."""
    match = _SHAPE.fullmatch(name)
    if match is None:
        return name, (), False
    mods = match["mods"].split(",") if match["mods"] else []
    if match["fields"]:
        mods.insert(0, match["fields"])
    return match["base"], tuple(mods), bool(match["array"])


def shown(name: str) -> str:
    """Return a canonical name as the server's messages write it: "integer" for int4."""
    base, mods, array = split(name)
    inside = f"({','.join(mods)})" if mods else ""
    zone = {"timestamp": " without time zone", "timestamptz": " with time zone", "time": " without time zone",
            "timetz": " with time zone"}.get(base, "")  # fmt: skip
    return _SHOWN.get(base, base) + inside + zone + "[]" * array


def domain(name: str, schema: Schema) -> Type | None:
    """Return the domain that a canonical name is, if it is a known one."""
    found = schema.types.get(split(name)[0])
    return found if found is not None and found.kind == "domain" else None
