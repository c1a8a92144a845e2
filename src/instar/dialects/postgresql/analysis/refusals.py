"""What PostgreSQL refuses because of names, or of what depends on what goes, as far as the schema tells for certain."""

from collections.abc import Callable, Iterator

from instar.catalog import Schema, Table
from instar.dialects import _refused
from instar.dialects._refused import Refusal, Words
from instar.dialects.postgresql import _libpg_query, tree
from instar.dialects.postgresql.analysis import drop, expressions, query
from instar.dialects.postgresql.analysis.objects import bare, switched_on
from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.tree import Node, Parsed
from instar.effects import Change, Effect

_WORDS = Words(
    taken='relation "{name}" already exists',
    absent='relation "{name}" does not exist',
    undroppable='{kind} "{name}" does not exist',
    column_taken='column "{name}" of relation "{table}" already exists',
    column_absent='column "{name}" of relation "{table}" does not exist',
    no_column='column "{name}" does not exist',
)
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_DROPS = {"drop table": "table", "drop view": "view", "drop materialized view": "materialized view"}
_MAINTAINS = frozenset({"truncate", "cluster", "vacuum", "vacuum full", "analyze", "lock table"})
_READS = frozenset({"targetList", "whereClause", "fromClause", "limitOption", "op", "limitCount"})
"""The fields of a SELECT that can be looked through without a doubt about what a name means."""


def of(effect: Effect, parsed: Parsed, schema: Schema) -> Refusal | None:
    """Return what the server says of a statement, and where; None where nothing known speaks against it."""
    new = _too_new(parsed, schema.version[0]) if schema.version else ""
    if new:
        return new, 0
    if not schema.certain:
        return None
    found = _refused.first(effect.changes, schema, _WORDS)
    if found is None and parsed.kind == "SelectStmt":
        found = _selected(Scope(effect.text, schema), parsed.node)
    if found is None:
        found = next(((said, change.start) for change in effect.changes for said in _one(change, effect, schema)), None)
    return found


def _too_new(parsed: Parsed, version: int) -> str:
    """Say which part of a statement a server of this version does not know."""
    if version >= _NEWEST_NEWS:
        return ""
    for since, what, used in _NEWS:
        if version < since and used(parsed):
            return f"PostgreSQL {version} does not know {what}: it came with {since}"
    return ""


def _virtual(parsed: Parsed) -> bool:
    kinds = (item for item in expressions.found(parsed.node, "Constraint") if item["contype"] == "CONSTR_GENERATED")
    return any(item.get("generated_kind") == "v" for item in kinds)


_NEWEST_NEWS = 18
_NEWS: tuple[tuple[int, str, Callable[[Parsed], bool]], ...] = (
    (12, "REINDEX CONCURRENTLY",
     lambda item: item.kind == "ReindexStmt" and switched_on(item.node, "concurrently", "params")),
    (15, "MERGE", lambda item: item.kind == "MergeStmt" or any(expressions.found(item.node, "MergeStmt"))),
    (15, "NULLS NOT DISTINCT",
     lambda item: "nulls_not_distinct" in item.node
     or any("nulls_not_distinct" in one for one in expressions.found(item.node, "Constraint"))),
    (18, "virtual generated columns", _virtual),
)  # fmt: skip
"""The version that brought something, what it is called, and whether a statement uses it."""


def _one(change: Change, effect: Effect, schema: Schema) -> Iterator[str]:
    if change.kind in _MAINTAINS and change.relation and _refused.absent(schema, change.relation):
        yield f'relation "{bare(change.relation)}" does not exist'
    if change.kind == "drop index" and "if exists" not in change.flags and _refused.absent(schema, change.name):
        yield f'index "{bare(change.name)}" does not exist'
    if change.kind == "create index" and "if not exists" not in change.flags and change.index is not None:
        owner = schema.owner(change.name)
        if owner and _refused.made(schema, owner):
            yield f'relation "{bare(change.name)}" already exists'
    if change.kind == "create type" and change.name in schema.types:
        known = schema.complete or bool(schema.types[change.name].created)
        if known:
            yield f'type "{bare(change.name)}" already exists'
    if "cascade" not in change.flags:
        yield from _standing(change, effect, schema)


def _standing(change: Change, effect: Effect, schema: Schema) -> Iterator[str]:
    """Yield what is said where something stands on what goes, or on the column that changes."""
    if change.kind in _DROPS and _needed(change, effect, schema):
        kind = _DROPS[change.kind]
        yield f"cannot drop {kind} {bare(change.relation)} because other objects depend on it"
    if change.kind == "drop column" and (_read(change, schema) or _referenced(change, schema)):
        table = bare(change.relation)
        yield f"cannot drop column {change.name} of table {table} because other objects depend on it"
    if change.kind == "change type" and _read(change, schema):
        yield "cannot alter type of a column used by a view or rule"


def _needed(change: Change, effect: Effect, schema: Schema) -> bool:
    """Whether a view or a foreign key stays that stands on a relation that goes."""
    dropped = [schema.table(item.relation) for item in effect.changes if item.kind in _DROPS]
    gone = {key for table in dropped if table is not None for key in drop.fall(schema, table, cascade=False).gone}
    keys = (table.name for table, item in schema.referencing(change.relation) if item.name)
    views = (view.name for view in schema.views(change.relation) if change.relation in view.sources)
    return any(name not in gone and _refused.made(schema, name) for name in (*keys, *views))


def _referenced(change: Change, schema: Schema) -> bool:
    """Whether a foreign key of another table that stays stands on a column that goes."""
    return any(
        table.name != change.relation and change.name in item.referenced and _refused.made(schema, table.name)
        for table, item in schema.referencing(change.relation)
    )


def _read(change: Change, schema: Schema) -> bool:
    """Whether a view that stays reads a column of its relation."""
    views = (view for view in schema.views(change.relation) if change.relation in view.sources)
    return any(_refused.made(schema, view.name) and _uses(view, change, schema) for view in views)


def _uses(view: Table, change: Change, schema: Schema) -> bool:
    """Whether a view's text names the column, and no other of its relations has one that is called so."""
    others = [_refused.whole(schema, key) for key in view.sources if key != change.relation]
    if any(other is None or other.column(change.name) is not None for other in others):
        return False
    try:
        parsed = tree.parse(view.definition)
    except _libpg_query.ParserError:
        return False
    named = {name for item in parsed for name in expressions.columns(item.node)}
    own = {item.get("name") for part in parsed for item in expressions.found(part.node, "ResTarget")}
    return change.name in named and change.name not in own - named


def _selected(scope: Scope, node: Node) -> Refusal | None:
    """Return what is wrong with the names of a query: a relation, or a column where only one relation can have it."""
    schema = scope.schema
    for key in sorted(query.read(scope, {"SelectStmt": node}).named):
        if _refused.absent(schema, key) and not key.startswith("pg_temp."):
            return f'relation "{bare(key)}" does not exist', _place(scope, node, bare(key))
    tables = node.get("fromClause", [])
    plain = len(tables) == 1 and "RangeVar" in tables[0] and set(node) <= _READS
    if not plain or any(True for kind in ("SubLink", "SelectStmt") for _ in expressions.found(node, kind)):
        return None
    named = tables[0]["RangeVar"]
    table = _refused.whole(schema, scope.key(named))
    if table is None or table.kind not in {"table", "partitioned"} or "colnames" in named.get("alias", {}):
        return None
    known = {item.name for item in table.columns} | _SYSTEM_COLUMNS
    known |= {named["relname"], named.get("alias", {}).get("aliasname", "")}
    for reference in expressions.found(node, "ColumnRef"):
        name = expressions.column(reference)
        if len(reference["fields"]) == 1 and name and name not in known:
            return f'column "{name}" does not exist', scope.character(reference.get("location", 0))
    return None


def _place(scope: Scope, node: Node, name: str) -> int:
    found = (item for item in expressions.found(node, "RangeVar") if item["relname"] == name)
    return next((scope.character(item.get("location", 0)) for item in found), 0)
