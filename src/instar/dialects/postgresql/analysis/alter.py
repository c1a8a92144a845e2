"""ALTER TABLE and its likes: each subcommand goes to the module that knows it.

A module's SUBCOMMANDS maps kinds of subcommands ("AT_AddColumn") to functions `(Subcommand) -> changes`. The lock of
the whole statement is the strongest that any of them needs.
"""

import re

from msgspec.structs import replace

from instar.catalog import Table
from instar.dialects.postgresql.analysis import (
    alter_columns,
    alter_constraints,
    alter_fields,
    alter_relations,
    alter_type,
    composite,
    index,
    objects,
    partition,
    spans,
)
from instar.dialects.postgresql.analysis.alter_columns import mentioned
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.analysis.subcommand import Handler, Refused, Subcommand
from instar.dialects.postgresql.tree import Node
from instar.effects import Change

_NAME = r'(?:[uU]&)?(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
_RELATION = re.compile(rf"(?:only\b)?[\s(]*{_NAME}(?:\s*\.\s*{_NAME}){{0,2}}[\s*)]*", re.IGNORECASE)


_DROPS = ("AT_DropColumn", "AT_DropConstraint")
_SUBCOMMANDS: dict[str, Handler] = {
    **alter_columns.SUBCOMMANDS,
    **alter_constraints.SUBCOMMANDS,
    **alter_fields.SUBCOMMANDS,
    **alter_relations.SUBCOMMANDS,
    **alter_type.SUBCOMMANDS,
    **partition.SUBCOMMANDS,
}


def alter(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE, FOREIGN TABLE, and TYPE of a row type."""
    relation, kind = node["relation"], node.get("objtype")
    if kind == "OBJECT_TYPE":
        return Parts((composite.alter(scope, relation),))
    key = scope.key(relation)
    if kind == "OBJECT_INDEX" or scope.schema.owner(key):
        return index.alter(scope, node)
    if scope.schema.complete and scope.schema.table(key) is None:
        return _absent(scope, node, key)
    if node.get("missing_ok") and scope.schema.lacks(key):
        return _absent(scope, node, key)
    table = scope.table(relation)
    left = _left(table, node)
    changes: list[Change] = []
    for item, span in zip(node["cmds"], _spans(scope, node), strict=False):
        command = item["AlterTableCmd"]
        seen = table if command["subtype"] in _DROPS else left
        sub = Subcommand(scope, command, seen, node, span, changes)
        try:
            changes += _SUBCOMMANDS.get(command["subtype"], alter_relations.other)(sub)
        except Refused as refused:
            place = span[0] if refused.place is None else refused.place
            return Parts(tuple(changes), error=refused.message, at=place)
    return Parts(tuple(changes))


def _spans(scope: Scope, node: Node) -> list[tuple[int, int]]:
    """Return where the subcommands stand in the text."""
    start = scope.character(node["relation"]["location"])
    match = _RELATION.match(scope.text, start)
    return spans.items(scope.text, match.end() if match else start)


def _left(table: Table, node: Node) -> Table:
    """Return the table without what the statement drops: the server drops first, wherever it stands in the text."""
    commands = [item["AlterTableCmd"] for item in node["cmds"]]
    names = {kind: {item["name"] for item in commands if item["subtype"] == kind} for kind in _DROPS}
    columns, constraints = names["AT_DropColumn"], names["AT_DropConstraint"]
    if not (columns or constraints):
        return table
    return replace(
        table,
        columns=tuple(item for item in table.columns if item.name not in columns),
        constraints=tuple(item for item in table.constraints if item.name not in constraints),
        indexes=tuple(
            item for item in table.indexes if item.constraint not in constraints and not columns & mentioned(item)
        ),
    )


def _absent(scope: Scope, node: Node, key: str) -> Parts:
    """Return what is left where there is no such relation."""
    if node.get("missing_ok"):
        return Parts((Change("alter table options", key, flags=frozenset({"if exists"}), cleared=f"no {key}"),))
    place = scope.character(node["relation"]["location"])
    return Parts(error=f'relation "{objects.bare(key)}" does not exist', at=place)


HANDLES = {"AlterTableStmt": alter}
