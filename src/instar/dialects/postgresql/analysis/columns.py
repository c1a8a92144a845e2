"""Columns and constraints out of their nodes, as CREATE TABLE and ALTER TABLE write them."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Index, Table
from instar.dialects.postgresql.analysis import expressions, names, objects, spans, types
from instar.dialects.postgresql.analysis.scope import Scope, words
from instar.dialects.postgresql.tree import Node

KINDS = {
    "CONSTR_CHECK": ConstraintKind.CHECK,
    "CONSTR_FOREIGN": ConstraintKind.FOREIGN_KEY,
    "CONSTR_UNIQUE": ConstraintKind.UNIQUE,
    "CONSTR_PRIMARY": ConstraintKind.PRIMARY_KEY,
    "CONSTR_EXCLUSION": ConstraintKind.EXCLUDE,
    "CONSTR_NOTNULL": ConstraintKind.NOT_NULL,
}
INDEXED = frozenset({ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE})
"""Constraints that an index carries."""
_ACTIONS = {"c": "cascade", "n": "set null", "d": "set default", "r": "restrict"}
_LABELS = {
    ConstraintKind.CHECK: "check",
    ConstraintKind.FOREIGN_KEY: "fkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.EXCLUDE: "excl",
    ConstraintKind.NOT_NULL: "not_null",
}


def column_from(node: Node, scope: Scope, table: str = "") -> Column:
    """Return the column that a ColumnDef defines; `table` (its key) is needed for a serial's default only."""
    kinds = {item["Constraint"]["contype"]: item["Constraint"] for item in node.get("constraints", ())}
    type_name = node.get("typeName")
    serial = type_name is not None and types.is_serial(type_name)
    generated = kinds.get("CONSTR_GENERATED")
    never = "CONSTR_NOTNULL" in kinds or "CONSTR_PRIMARY" in kinds or "CONSTR_IDENTITY" in kinds
    name = node["colname"]
    return Column(
        name=name,
        type=types.canonical(type_name, scope.schema) if type_name else "",
        nullable=not (serial or never),
        default=_serial_default(table, name) if serial else default_text(node, scope),
        identity="CONSTR_IDENTITY" in kinds,
        generated={"s": "stored", "v": "virtual"}.get(generated.get("generated_kind", "s"), "") if generated else "",
        collation=collation(node.get("collClause")),
        expression=_generated_text(generated, scope) if generated else "",
    )


def _serial_default(table: str, column: str) -> str:
    return f"nextval('{objects.chosen(set(), objects.bare(table), column, 'seq')}'::regclass)"


def collation(clause: Node | None) -> str:
    """Return the name of a COLLATE clause's collation, "" without one. "default" and "pg_catalog" say nothing."""
    if not clause:
        return ""
    name = [item for item in words(clause["collname"]) if item != "pg_catalog"]
    return "" if name == ["default"] else ".".join(name)


def default_node(node: Node) -> Node | None:
    """Return the tree of a ColumnDef's DEFAULT expression."""
    for item in node.get("constraints", ()):
        if item["Constraint"]["contype"] == "CONSTR_DEFAULT":
            found: Node | None = item["Constraint"].get("raw_expr")
            return found
    return None


def default_text(node: Node, scope: Scope) -> str:
    """Return the text of a ColumnDef's DEFAULT expression, "" without one (or NULL)."""
    for item in node.get("constraints", ()):
        found = item["Constraint"]
        if found["contype"] == "CONSTR_DEFAULT":
            start = scope.character(found["location"])
            end = clause_end(node, found["location"], scope)
            text = scope.text[max(spans.after(scope.text, start, end, "default"), start) : end]
            return "" if text.lower() == "null" else text
    return ""


def clause_end(node: Node, start: int, scope: Scope) -> int:
    """Return the character where the clause of a column definition that begins at byte `start` ends."""
    clauses = [item["Constraint"] for item in node.get("constraints", ())]
    places = [item.get("location", 0) for item in clauses if not item["contype"].startswith("CONSTR_ATTR")]
    places.append(node.get("collClause", {}).get("location", 0))
    (_, end), _ = spans.item(scope.text, scope.character(node["location"]))
    after = min((place for place in places if place > start), default=0)
    if not after:
        return end
    end = scope.character(after)
    return spans.trimmed(scope.text, scope.character(start), end)


def _generated_text(node: Node, scope: Scope) -> str:
    start, end = spans.brackets(scope.text, scope.character(node["location"]))
    return scope.text[start:end].strip()


def constraint_from(node: Node, table: Table, scope: Scope, column: str = "", taken: Sequence[str] = ()) -> Constraint:
    """Return the constraint that a Constraint node adds to `table`; `column` where it stands in that column.

    Without a name it gets the one that the server chooses; `taken` are names given earlier in the statement.
    """
    kind = KINDS[node["contype"]]
    using = node.get("indexname", "")
    tree = node.get("raw_expr", {})
    columns = _columns(node, table, column)
    name = node.get("conname") or using or _chosen(kind, columns, node, table, scope, taken)
    enforced = node.get("is_enforced", False) or kind not in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY)
    return Constraint(
        name=name,
        kind=kind,
        columns=columns,
        expression=_check_text(node, scope) if kind is ConstraintKind.CHECK else "",
        not_null=expressions.not_null(tree) if tree else frozenset(),
        references=scope.key(node["pktable"]) if "pktable" in node else "",
        referenced=words(node.get("pk_attrs", [])),
        on_delete=_ACTIONS.get(node.get("fk_del_action", ""), ""),
        validated=enforced and not node.get("skip_validation", False),
        enforced=enforced,
        deferrable=node.get("deferrable", False),
        named="conname" in node,
        index=name if kind in INDEXED else "",
    )


def _columns(node: Node, table: Table, column: str) -> tuple[str, ...]:
    if node["contype"] == "CONSTR_CHECK":
        return expressions.columns(node.get("raw_expr"))
    if node["contype"] == "CONSTR_EXCLUSION":
        return tuple(item["List"]["items"][0]["IndexElem"].get("name", "") for item in node["exclusions"])
    if column:
        return (column,)
    if "indexname" in node:
        index = table.index(objects.beside(table.name, node["indexname"]))
        return index.columns if index else ()
    return words(node.get("fk_attrs") or node.get("keys") or [])


def _chosen(
    kind: ConstraintKind, columns: Sequence[str], node: Node, table: Table, scope: Scope, taken: Sequence[str]
) -> str:
    label = _LABELS[kind]
    if kind is ConstraintKind.PRIMARY_KEY:
        return names.relation(scope.schema, table, (), label, taken)
    if kind in INDEXED:
        return names.relation(scope.schema, table, (*columns, *words(node.get("including", []))), label, taken)
    # A check is named for its column only when it mentions exactly one.
    middle = columns if kind is not ConstraintKind.CHECK or len(columns) == 1 else ()
    return names.constraint(table, middle, label, taken)


def _check_text(node: Node, scope: Scope) -> str:
    start, end = spans.brackets(scope.text, scope.character(node["location"]))
    return scope.text[start:end].strip()


def constraints_from(
    node: Node, table: Table, scope: Scope, taken: Sequence[str] = ()
) -> tuple[tuple[Constraint, Node], ...]:
    """Return the constraints that stand in a ColumnDef, each with its node; NOT NULL only where it has a name."""
    found: list[tuple[Constraint, Node]] = []
    for item in with_attributes(node.get("constraints", ())):
        plain = item["contype"] == "CONSTR_NOTNULL" and "conname" not in item
        if item["contype"] in KINDS and not plain:
            known = [*taken, *(made.name for made, _ in found)]
            found.append((constraint_from(item, table, scope, node["colname"], known), item))
    return tuple(found)


def with_attributes(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield Constraint nodes with what the attribute nodes behind them (DEFERRABLE, NOT ENFORCED) say of them."""
    pending: Node | None = None
    for item in nodes:
        node = item["Constraint"]
        if not node["contype"].startswith("CONSTR_ATTR"):
            if pending is not None:
                yield pending
            pending = node
        elif pending is not None:
            pending = {**pending, **_ATTRIBUTES.get(node["contype"], {})}
    if pending is not None:
        yield pending


_ATTRIBUTES: dict[str, Node] = {
    "CONSTR_ATTR_DEFERRABLE": {"deferrable": True},
    "CONSTR_ATTR_DEFERRED": {"deferrable": True},
    "CONSTR_ATTR_NOT_ENFORCED": {"is_enforced": False},
}


def index_from(constraint: Constraint, node: Node, table: Table, scope: Scope) -> Index | None:
    """Return the index that carries a constraint: the one of USING INDEX under its new name, or a new one."""
    del scope
    if constraint.kind not in INDEXED:
        return None
    primary = constraint.kind is ConstraintKind.PRIMARY_KEY
    key = objects.beside(table.name, constraint.name)
    using = node.get("indexname", "")
    if using:
        old = table.index(objects.beside(table.name, using)) or Index(using, table.name, unique=True)
        return replace(old, name=key, primary=primary, constraint=constraint.name)
    predicate = node.get("where_clause")
    tree = [node.get("exclusions"), predicate]
    return Index(
        name=key,
        table=table.name,
        columns=constraint.columns,
        unique=constraint.kind is not ConstraintKind.EXCLUDE,
        primary=primary,
        uses=frozenset(expressions.columns(tree)),
        predicate="(...)" if predicate else "",
        method=node.get("access_method", "btree"),
        include=words(node.get("including", [])),
        constraint=constraint.name,
    )
