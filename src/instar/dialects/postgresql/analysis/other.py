"""Schemas, extensions, rights, owners, comments, publications, statistics objects: catalog entries and short locks."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from instar.catalog import Schema, Table
from instar.dialects.postgresql.analysis.objects import existing, index_of, lock, made, strings
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode

_AX, _SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
_RELATIONS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"})
_INSIDE = frozenset({"OBJECT_COLUMN", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"})
_KINDS = {"OBJECT_VIEW": "view", "OBJECT_MATVIEW": "materialized view", "OBJECT_SEQUENCE": "sequence"}
_WITHOUT_RELATIONS = frozenset(
    {
        "amcheck", "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int", "dict_xsyn",
        "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "insert_username", "intagg", "intarray", "isn", "lo",
        "ltree", "moddatetime", "pageinspect", "pg_freespacemap", "pg_prewarm", "pg_surgery", "pg_trgm",
        "pg_visibility", "pg_walinspect", "pgcrypto", "pgrowlocks", "pgstattuple", "plpgsql", "postgres_fdw", "refint",
        "seg", "sslinfo", "tablefunc", "tcn", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "xml2",
    }
)  # fmt: skip
"""The extensions that come with PostgreSQL and make no relation; pg_depend of a server that has them says so."""


def schema(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE SCHEMA and what is created in it."""
    from instar.dialects.postgresql import analysis
    from instar.dialects.postgresql.tree import Parsed

    flags = frozenset({"if not exists"}) if node.get("if_not_exists") else frozenset()
    changes = [Change("create schema", name=node.get("schemaname", ""), flags=flags)]
    creates: list[str] = []
    for item in node.get("schemaElts", ()):
        kind, element = next(iter(item.items()))
        inside = _placed(element, node.get("schemaname", ""))
        effect = analysis.of_parsed(scope.text, Parsed(kind, inside, 0, len(scope.text)), scope.schema)
        changes += effect.changes
        creates += effect.creates
    return Parts(tuple(changes), creates=tuple(creates))


def _placed(node: Node, place: str) -> Node:
    """Return the element of a CREATE SCHEMA with its relation in that schema."""
    for field in ("relation", "view", "sequence"):
        if field in node and not node[field].get("schemaname"):
            return {**node, field: {**node[field], "schemaname": place}}
    return node


def extension(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE EXTENSION."""
    del scope
    flags = frozenset({"if not exists"}) if node.get("if_not_exists") else frozenset()
    return Parts((Change("create extension", name=node["extname"], flags=flags),))


def grant(scope: Scope, node: Node) -> Parts:
    """Analyse GRANT and REVOKE on objects."""
    kind = "grant" if node.get("is_grant") else "revoke"
    rights = tuple(item["AccessPriv"].get("priv_name", "") for item in node.get("privileges", ()))
    objects = [item["RangeVar"] for item in node.get("objects", ()) if "RangeVar" in item]
    flags = frozenset({node.get("objtype", "").removeprefix("OBJECT_").lower()})
    changes = tuple(Change(kind, scope.key(item), columns=rights, flags=flags) for item in objects)
    if changes:
        return Parts(changes)
    names = [".".join(strings(item)) for item in node.get("objects", ())]
    return Parts(tuple(Change(kind, name=name, columns=rights, flags=flags) for name in names) or (Change(kind),))


def role(scope: Scope, node: Node) -> Parts:
    """Analyse GRANT and REVOKE of roles."""
    del scope
    return Parts((Change("grant" if node.get("is_grant") else "revoke", flags=frozenset({"role"})),))


def owner(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER .. OWNER TO of what is no relation."""
    kind = node["objectType"].removeprefix("OBJECT_").lower()
    return Parts((Change("set owner", name=_object_key(scope, node["object"]), flags=frozenset({kind})),))


def comment(scope: Scope, node: Node) -> Parts:
    """Analyse COMMENT ON and SECURITY LABEL: a weak lock, where the object is or belongs to a relation."""
    kind = node["objtype"]
    word = kind.removeprefix("OBJECT_").lower()
    change = Change("comment", flags=frozenset({word}), text=node.get("comment", ""))
    if kind in _RELATIONS:
        table = _known(scope.schema, strings(node["object"]), kind)
        return Parts((replace(change, relation=table.name, locks=(lock(table, _SUX),)),))
    if kind in _INSIDE:
        parts = strings(node["object"])
        table = scope.schema.known(existing(scope.schema, parts[:-1]))
        held = lock(table, _SUX if kind == "OBJECT_COLUMN" else LockMode.ACCESS_SHARE)
        return Parts((replace(change, relation=table.name, name=parts[-1], locks=(held,)),))
    if kind == "OBJECT_INDEX":
        key = existing(scope.schema, strings(node["object"]))
        table_of, _ = index_of(scope.schema, key)
        relation = table_of.name if table_of else ""
        return Parts((replace(change, relation=relation, name=key, locks=(Lock(key, _SUX, "index"),)),))
    return Parts((replace(change, name=_object_key(scope, node["object"])),))


def _known(schema: Schema, parts: list[str], kind: str) -> Table:
    key = existing(schema, parts)
    return schema.table(key) or Table(key, kind=_KINDS.get(kind, "table"), complete=False)


def _object_key(scope: Scope, item: Any) -> str:
    names = strings(item)
    return existing(scope.schema, names) if names else ""


def publication(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE PUBLICATION: a weak lock on each table that is named."""
    tables = list(_published(scope, node))
    locks = tuple(lock(item, _SUX) for item in tables)
    names = tuple(item.name for item in tables)
    return Parts((Change("create publication", name=node["pubname"], locks=locks, others=names),))


def alter_publication(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER PUBLICATION."""
    parts = publication(scope, node)
    return Parts(tuple(replace(item, kind="alter publication") for item in parts.changes))


def _published(scope: Scope, node: Node) -> Iterator[Table]:
    for item in node.get("pubobjects", ()):
        found = item["PublicationObjSpec"].get("pubtable")
        if found is None:
            continue
        table = scope.table(found["relation"])
        yield table
        if table.kind != "partitioned" and found["relation"].get("inh", False):
            yield from scope.schema.children(table.name)


def function(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER FUNCTION and ALTER PROCEDURE."""
    key = existing(scope.schema, strings(node["func"]["objname"]))
    words = frozenset(
        strings(item["DefElem"]["arg"])[0] for item in node["actions"] if item["DefElem"]["defname"] == "volatility"
    )
    return Parts((Change("alter function", name=key, flags=words),))


def _simple(kind: str, field: str = "", *words: str) -> Callable[[Scope, Node], Parts]:
    """Return the handler of a statement of which only the kind and a name matter."""

    def handle(scope: Scope, node: Node) -> Parts:
        value = node.get(field, "") if field else ""
        if isinstance(value, list):
            value = made(scope.schema, strings(value))
        return Parts((Change(kind, name=value, flags=frozenset(words)),))

    return handle


def _learn_function(schema: Schema, change: Change, version: str) -> None:
    del version
    known = schema.functions.get(change.name)
    if known is not None and change.flags:
        schema.functions[change.name] = replace(known, volatility=next(iter(change.flags)))


def _learn_statistics(schema: Schema, change: Change, version: str) -> None:
    del version
    table = schema.table(change.relation)
    if table is not None and change.name:
        schema.put(replace(table, statistics=(*table.statistics, change.name)))


def _learn_unseen(schema: Schema, change: Change, version: str) -> None:
    """Remember that the relations of an extension are not known."""
    del version
    if change.name not in _WITHOUT_RELATIONS or change.flags & {"update", "contents"}:
        schema.doubt()


HANDLES = {
    "CreateSchemaStmt": schema,
    "CreateExtensionStmt": extension,
    "AlterExtensionStmt": _simple("create extension", "extname", "update"),
    "AlterExtensionContentsStmt": _simple("create extension", "extname", "contents"),
    "GrantStmt": grant,
    "GrantRoleStmt": role,
    "AlterDefaultPrivilegesStmt": _simple("default privileges"),
    "AlterOwnerStmt": owner,
    "ReassignOwnedStmt": _simple("set owner", "", "all"),
    "DropOwnedStmt": _simple("drop object", "", "owned"),
    "CommentStmt": comment,
    "SecLabelStmt": comment,
    "CreatePublicationStmt": publication,
    "AlterPublicationStmt": alter_publication,
    "AlterFunctionStmt": function,
    "AlterEventTrigStmt": _simple("create event trigger", "trigname", "alter"),
    "AlterTableMoveAllStmt": _simple("set tablespace", "", "all"),
    "ImportForeignSchemaStmt": _simple("create foreign table", "local_schema", "import"),
    "DropRoleStmt": _simple("drop object", "", "role"),
    "DropdbStmt": _simple("drop object", "dbname", "database"),
    "DropTableSpaceStmt": _simple("drop object", "tablespacename", "tablespace"),
    "DropSubscriptionStmt": _simple("drop object", "subname", "subscription"),
    "DropUserMappingStmt": _simple("drop object", "servername", "user mapping"),
    "AlterTypeStmt": _simple("alter type", "typeName"),
}
LEARNS = {
    "create extension": _learn_unseen,
    "alter function": _learn_function,
    "create statistics": _learn_statistics,
}
