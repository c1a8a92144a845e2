"""Which partitions a statement on rows writes to, as far as its constants and its condition say."""

from collections.abc import Iterator

from instar.catalog import Schema, Table
from instar.dialects.postgresql.analysis import bounds
from instar.dialects.postgresql.analysis.bounds import Span, UnprovenError, Value
from instar.dialects.postgresql.tree import Node

Row = dict[str, Value | None]


def written(schema: Schema, table: Table, node: Node) -> Iterator[Table]:
    """Yield the partitions that INSERT or COPY puts rows into: all of them where the rows are not constants."""
    rows = list(_rows(table, node))
    found: dict[str, Table] = {}
    for row in rows or [{}]:
        found |= {item.name: item for item in _routed(schema, table, row)}
    yield from found.values()


def _rows(table: Table, node: Node) -> Iterator[Row]:
    lists = node.get("selectStmt", {}).get("SelectStmt", {}).get("valuesLists", ())
    given = [item["ResTarget"].get("name", "") for item in node.get("cols", ())]
    names = given or [item.name for item in table.columns]
    for values in lists:
        yield dict(zip(names, map(bounds.constant, values["List"]["items"]), strict=False))


def _routed(schema: Schema, table: Table, row: Row) -> Iterator[Table]:
    children = [item for item in schema.children(table.name) if item.parent == table.name]
    keys = bounds.columns_of(table.key)
    value = row.get(keys[0]) if len(keys) == 1 else None
    if value is not None:
        children = _holding(children, value)
    for child in children:
        yield child
        yield from _routed(schema, child, row)


def _holding(children: list[Table], value: Value) -> list[Table]:
    """Return the partition that holds a value; all of them where that is not certain."""
    try:
        spans = {item.name: bounds.of_bound(bounds.parsed(item.bound)) for item in children if not item.default}
        held = [item for item in children if bounds.within((Span(value, value),), spans.get(item.name, ()))]
    except UnprovenError:
        return children
    return held or [item for item in children if item.default]


def left(schema: Schema, table: Table, condition: Node) -> Iterator[Table]:
    """Yield the partitions, or inheriting tables, that the planner leaves to UPDATE or DELETE under a condition."""
    children = [item for item in schema.children(table.name) if item.parent == table.name]
    keys = bounds.columns_of(table.key) if condition and table.kind == "partitioned" else ()
    for child in _unpruned(children, condition, keys[0]) if len(keys) == 1 else children:
        yield child
        yield from left(schema, child, condition)


def _unpruned(children: list[Table], condition: Node, key: str) -> list[Table]:
    allowed = bounds.condition(condition, key)
    if allowed == bounds.ALL:
        return children
    try:
        spans = {item.name: bounds.of_bound(bounds.parsed(item.bound)) for item in children if not item.default}
        others = tuple(span for part in spans.values() for span in part)
        elsewhere = bounds.within(allowed, others)
        return [
            item for item in children if (not elsewhere if item.default else bounds.meet(allowed, spans[item.name]))
        ]
    except UnprovenError:
        return children
