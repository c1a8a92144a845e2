"""Keys and bounds of partitions, and what a CHECK proves of them.

A bound or a condition on one column is a list of spans of values. A partition need not be scanned when the values that
its CHECKs let pass all lie within its bound; a DEFAULT partition, when none of them does.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from instar.catalog import Constraint, ConstraintKind, Table
from instar.dialects.postgresql import _libpg_query, tree
from instar.dialects.postgresql.analysis.objects import strings
from instar.dialects.postgresql.tree import Node

Value = tuple[str, Any]
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?$")
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_NEGATED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "<>", "<>": "="}


class UnprovenError(Exception):
    """Two values cannot be compared here, or an expression is not understood."""


class Span(Struct, frozen=True):
    """Values from `low` to `high`; None is without end. `closed` says whether the ends belong to it.

    `without` are single values that do not.
    """

    low: Value | None = None
    high: Value | None = None
    closed: tuple[bool, bool] = (True, True)
    without: frozenset[Value] = frozenset()


ALL = (Span(),)


def key_text(spec: Node) -> str:
    """Write a partition key as the server does: RANGE (created_at)."""
    strategy = {"r": "RANGE", "l": "LIST", "h": "HASH"}.get(spec["strategy"][-1:].lower(), "")
    strategy = strategy or spec["strategy"].removeprefix("PARTITION_STRATEGY_")
    items = [item["PartitionElem"].get("name", "(expression)") for item in spec.get("partParams", ())]
    return f"{strategy} ({', '.join(items)})"


def columns_of(key: str) -> tuple[str, ...]:
    """Return the columns of a partition key, () where an expression is among them."""
    inside = key.partition("(")[2].removesuffix(")")
    names = [name.strip().strip('"') for name in inside.split(",")]
    return () if any(not re.fullmatch(r"\w+", name) for name in names) else tuple(names)


def text(bound: Node) -> str:
    """Write a bound as the server does."""
    if bound.get("is_default"):
        return "DEFAULT"
    if bound.get("strategy") == "l":
        return f"FOR VALUES IN ({', '.join(_shown(item) for item in bound.get('listdatums', ()))})"
    if bound.get("strategy") == "r":
        low = ", ".join(_shown(item) for item in bound.get("lowerdatums", ()))
        high = ", ".join(_shown(item) for item in bound.get("upperdatums", ()))
        return f"FOR VALUES FROM ({low}) TO ({high})"
    return f"FOR VALUES WITH (modulus {bound.get('modulus', 0)}, remainder {bound.get('remainder', 0)})"


def _shown(node: Node) -> str:
    if "ColumnRef" in node:
        return strings(node["ColumnRef"]["fields"])[-1].upper()
    value = constant(node)
    if value is None:
        return "NULL" if node.get("A_Const", {}).get("isnull") else "..."
    plain = value[0] == "number" and value[1] >= 0
    return str(value[1]) if plain else "'" + str(value[1]).replace("'", "''") + "'"


def constant(node: Any) -> Value | None:
    """Return a constant as ("number", 5), ("time", "2024-01-01 00:00:00") or ("text", "x"), casts looked through."""
    while isinstance(node, dict) and "TypeCast" in node:
        node = node["TypeCast"].get("arg")
    found = node.get("A_Const") if isinstance(node, dict) else None
    if found is None or found.get("isnull"):
        return _negative(node)
    if "ival" in found or "fval" in found:
        return ("number", Decimal(found["fval"]["fval"] if "fval" in found else found["ival"].get("ival", 0)))
    if "boolval" in found:
        return ("text", str(found["boolval"].get("boolval", False)).lower())
    said = found.get("sval", {}).get("sval", "")
    match = _DAY.match(said)
    # The clock counts, not the zone behind it: the server shows its own bounds and CHECKs in the session's zone.
    return ("time", _moment(said[: match.start("zone")] if match["zone"] else said)) if match else ("text", said)


def _negative(node: Any) -> Value | None:
    operation = node.get("A_Expr", {}) if isinstance(node, dict) else {}
    if strings(operation.get("name", [])) == ["-"] and "lexpr" not in operation:
        value = constant(operation.get("rexpr"))
        return ("number", -value[1]) if value and value[0] == "number" else None
    return None


def _moment(said: str) -> str:
    day, _, time = said.replace("T", " ").partition(" ")
    return f"{day} {time or '00:00:00'}" if time.count(":") != 1 else f"{day} {time}:00"


def of_bound(bound: Node) -> tuple[Span, ...]:
    """Return the values of a bound on one column. Raises UnprovenError for several columns, hashes, expressions."""
    if bound.get("strategy") == "l":
        return tuple(Span(value, value) for value in map(constant, bound["listdatums"]) if value is not None)
    if bound.get("strategy") != "r" or len(bound["lowerdatums"]) != 1:
        raise UnprovenError
    low, high = bound["lowerdatums"][0], bound["upperdatums"][0]
    ends = [None if "ColumnRef" in item else constant(item) for item in (low, high)]
    if any(end is None and "ColumnRef" not in item for end, item in zip(ends, (low, high), strict=True)):
        raise UnprovenError
    return (Span(ends[0], ends[1], (True, ends[1] is None)),)


def parsed(written: str) -> Node:
    """Return the node of a bound that is written as the server does."""
    found = tree.parse(f"ALTER TABLE a ATTACH PARTITION b {written}")[0].node
    bound: Node = found["cmds"][0]["AlterTableCmd"]["def"]["PartitionCmd"]["bound"]
    return bound


def takes_null(bound: Node) -> bool:
    """Whether a list bound names NULL."""
    return any(item.get("A_Const", {}).get("isnull") for item in bound.get("listdatums", ()))


def proves(table: Table, key: str, bound: Node) -> bool:
    """Whether the validated CHECKs (and NOT NULLs) of `table` let only rows within `bound` pass."""
    columns = columns_of(key)
    if len(columns) != 1 or bound.get("is_default"):
        return False
    try:
        inside = within(_allowed(table, columns[0]), of_bound(bound))
    except UnprovenError:
        return False
    return inside and (takes_null(bound) or never_null(table, columns[0]))


def excludes(table: Table, key: str, bound: Node) -> bool:
    """Whether the validated CHECKs of a DEFAULT partition let no row of `bound` pass."""
    columns = columns_of(key)
    if len(columns) != 1:
        return False
    if takes_null(bound) and not never_null(table, columns[0]):
        return False
    try:
        return not meet(_allowed(table, columns[0]), of_bound(bound))
    except UnprovenError:
        return False


def never_null(table: Table, name: str) -> bool:
    """Whether a column holds no NULL for certain."""
    column = table.column(name)
    return (column is not None and not column.nullable) or any(
        name in item.not_null for item in table.constraints if item.validated
    )


def condition(node: Node, column: str) -> tuple[Span, ...]:
    """Return the values of a column for which a condition may be true."""
    return _spans(node, column, wanted=True)


def checks(table: Table, columns: Iterable[str]) -> tuple[Constraint, ...]:
    """Return the validated CHECKs that mention one of `columns`."""
    wanted = set(columns)
    kinds = (item for item in table.constraints if item.kind is ConstraintKind.CHECK)
    return tuple(item for item in kinds if item.validated and item.enforced and wanted & set(item.columns))


def _allowed(table: Table, column: str) -> tuple[Span, ...]:
    spans: tuple[Span, ...] = ALL
    for item in checks(table, (column,)):
        spans = meet(spans, _spans(_parsed(item.expression), column, wanted=True))
    return spans


def _parsed(expression: str) -> Node:
    try:
        found = tree.parse(f"SELECT 1 WHERE {expression.removeprefix('CHECK ')}")
    except _libpg_query.ParserError:
        return {}
    return dict(found[0].node.get("whereClause", {}))


def _spans(node: Node, column: str, *, wanted: bool) -> tuple[Span, ...]:
    """Return values of which the others certainly make the condition false (`wanted`), or true (not `wanted`)."""
    kind, inner = next(iter(node.items())) if node else ("", node)
    if kind == "BoolExpr":
        return _joined(inner, column, wanted=wanted)
    if kind == "A_Expr":
        return _comparison(inner, column, wanted=wanted)
    if kind == "NullTest" and _is_column(inner["arg"], column):
        # Spans hold values, never NULL: IS NOT NULL is true of all of them.
        return ALL if (inner["nulltesttype"] == "IS_NOT_NULL") is wanted else ()
    return ALL


def _joined(node: Node, column: str, *, wanted: bool) -> tuple[Span, ...]:
    if node["boolop"] == "NOT_EXPR":
        return _spans(node["args"][0], column, wanted=not wanted)
    parts = [_spans(item, column, wanted=wanted) for item in node["args"]]
    if (node["boolop"] == "AND_EXPR") is wanted:
        return _met(parts)
    return tuple(span for part in parts for span in part)


def _met(parts: Sequence[tuple[Span, ...]]) -> tuple[Span, ...]:
    spans: tuple[Span, ...] = ALL
    for part in parts:
        spans = meet(spans, part)
    return spans


def _comparison(node: Node, column: str, *, wanted: bool) -> tuple[Span, ...]:
    name = strings(node.get("name", []))[-1:]
    left, right = node.get("lexpr"), node.get("rexpr")
    if node["kind"] in {"AEXPR_IN", "AEXPR_OP_ANY"} and name == ["="] and _is_column(left, column):
        return _points(right, wanted=wanted)
    if node["kind"] == "AEXPR_BETWEEN" and _is_column(left, column) and wanted:
        low, high = (constant(item) for item in right["List"]["items"])  # type: ignore[index]
        return (Span(low, high),) if low and high else ALL
    if node["kind"] != "AEXPR_OP":
        return ALL
    operator, value = name[0], constant(right)
    if not _is_column(left, column):
        operator, value = _FLIPPED.get(operator, ""), constant(left) if _is_column(right, column) else None
    operator = operator if wanted else _NEGATED.get(operator, "")
    return _compared(operator, value) if value is not None else ALL


def _compared(operator: str, value: Value) -> tuple[Span, ...]:
    return {
        "=": (Span(value, value),),
        "<": (Span(None, value, (True, False)),),
        "<=": (Span(None, value),),
        ">": (Span(value, None, (False, True)),),
        ">=": (Span(value, None),),
        "<>": (Span(without=frozenset({value})),),
    }.get(operator, ALL)


def _points(node: Any, *, wanted: bool) -> tuple[Span, ...]:
    while isinstance(node, dict) and "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    kind, inner = next(iter(node.items()))
    items = inner.get("items", inner.get("elements", ())) if kind in {"List", "A_ArrayExpr"} else ()
    values = [value for item in items if (value := constant(item)) is not None]
    if not values or len(values) < len(items):
        return ALL
    if not wanted:
        return (Span(without=frozenset(values)),)
    return tuple(Span(value, value) for value in values)


def _is_column(node: Any, column: str) -> bool:
    while isinstance(node, dict) and "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return isinstance(node, dict) and "ColumnRef" in node and strings(node["ColumnRef"]["fields"])[-1:] == [column]


def _less(one: Value, other: Value) -> bool:
    """Compare; texts are ordered by a collation that is not known here, so only equality is certain."""
    if one == other:
        return False
    if one[0] != other[0] or one[0] == "text":
        raise UnprovenError
    return bool(one[1] < other[1])


def meet(first: Sequence[Span], second: Sequence[Span]) -> tuple[Span, ...]:
    """Return the values that are in both. Raises UnprovenError where an order is not known."""
    return tuple(both for one in first for other in second if (both := _both(one, other)) is not None)


def _both(one: Span, other: Span) -> Span | None:
    without = one.without | other.without
    points = [span.low for span in (one, other) if span.low is not None and span.low == span.high]
    if points and (points[0] in without or points[-1] in without):
        return None
    if len(points) > 1:
        return one if one.low == other.low else None
    low, low_closed = _end(one, other, 0)
    high, high_closed = _end(one, other, 1)
    if low is not None and high is not None:
        if low == high:
            return Span(low, high) if low_closed and high_closed else None
        if _less(high, low):
            return None
    return Span(low, high, (low_closed, high_closed), frozenset() if points else without)


def _end(one: Span, other: Span, side: int) -> tuple[Value | None, bool]:
    """Return the higher of both lower ends (side 0), or the lower of both upper ends (side 1)."""
    mine, its = ((one.low, other.low), (one.high, other.high))[side]
    if mine is None and its is None:
        return None, True
    if mine is None or its is None:
        return (its, other.closed[side]) if mine is None else (mine, one.closed[side])
    if mine == its:
        return mine, one.closed[side] and other.closed[side]
    takes_its = _less(mine, its) if side == 0 else _less(its, mine)
    return (its, other.closed[side]) if takes_its else (mine, one.closed[side])


def within(inner: Sequence[Span], outer: Sequence[Span]) -> bool:
    """Whether each span of `inner` lies within one of `outer`."""
    return all(any(_both(span, other) == span for other in outer) for span in inner)
