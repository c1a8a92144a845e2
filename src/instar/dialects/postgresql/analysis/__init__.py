"""What a PostgreSQL statement changes, locks and works on, by its parse tree and what is known of the schema.

A module here handles a family of statements: its HANDLES maps kinds of nodes to functions `(Scope, node) -> Parts`, and
its LEARNS maps kinds of changes to functions `(Schema, Change, version)` that change the schema accordingly. The locks
are those that were measured on PostgreSQL 12 to 18; the tests run every kind of statement and compare.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects.postgresql import _libpg_query, tree
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node, Parsed
from instar.effects import Change, Effect, Lock, Work, WorkKind, strongest

Handler = Callable[[Scope, Node], Parts]
Learner = Callable[[Schema, Change, str], None]


def analyse(text: str, schema: Schema) -> Effect:
    """Say what one statement does; see instar.dialects.Dialect."""
    try:
        parsed = tree.parse(text)
    except _libpg_query.ParserError as error:
        return Effect(text, error=error.message, at=len(text.encode()[: error.position].decode(errors="replace")))
    if not parsed:
        return Effect(text)
    from instar.dialects.postgresql.analysis import refusals

    effect = of_parsed(text, parsed[0], schema)
    refused = None if effect.error else refusals.of(effect, parsed[0], schema)
    return replace(effect, error=refused[0], at=refused[1]) if refused else effect


def of_parsed(text: str, parsed: Parsed, schema: Schema) -> Effect:
    """Say what a statement does whose tree is at hand."""
    handler = _handlers().get(parsed.kind)
    scope = Scope(text, schema)
    parts = handler(scope, parsed.node) if handler else Parts((Change("other"),))
    changes = tuple(_unread(change, schema) for change in parts.changes)
    locks: list[Lock] = [lock for change in changes for lock in change.locks]
    work: dict[Work, None] = {item: None for change in changes for item in change.work}
    return Effect(
        text=text,
        verb=parts.verb or _ROWS.get(parsed.kind) or _verb(text),
        changes=changes,
        locks=strongest(locks),
        work=tuple(work),
        inner=parts.inner,
        dynamic=parts.dynamic,
        error=parts.error,
        at=parts.at,
        creates=parts.creates,
    )


_ROWS = {
    "SelectStmt": "SELECT", "InsertStmt": "INSERT", "UpdateStmt": "UPDATE", "DeleteStmt": "DELETE",
    "MergeStmt": "MERGE", "CopyStmt": "COPY", "CallStmt": "CALL", "TruncateStmt": "TRUNCATE",
}  # fmt: skip
"""What begins these statements for people, whatever stands in front (WITH)."""


def _unread(change: Change, schema: Schema) -> Change:
    """Leave out scans of tables whose file is empty, as the live catalog tells."""
    empty = {item for item in change.work if item.kind is WorkKind.SCAN and schema.known(item.relation).rows == 0}
    if not empty:
        return change
    kept = tuple(item for item in change.work if item not in empty)
    names = ", ".join(sorted({item.relation for item in empty}))
    return replace(change, work=kept, cleared=change.cleared or ("" if kept else f"no rows in {names}"))


def _verb(text: str) -> str:
    words = text.split(None, 3)[:2]
    return " ".join(words).upper()


def learn(effect: Effect, schema: Schema, version: str) -> None:
    """Change `schema` as the statement would; `version` is the migration that it belongs to."""
    learners = _learners()
    for change in effect.changes:
        learner = learners.get(change.kind)
        if learner is not None:
            learner(schema, change, version)
        if change.kind == "do":
            for inner in effect.inner:
                learn(inner, schema, version)


@cache
def _handlers() -> dict[str, Handler]:
    """Gather the HANDLES of all modules here: nodes by kind."""
    return _gathered("HANDLES")


@cache
def _learners() -> dict[str, Learner]:
    """Gather the LEARNS of all modules here: changes by kind."""
    return _gathered("LEARNS")


def _gathered(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__):
        found.update(getattr(importlib.import_module(f"{__name__}.{module.name}"), name, {}))
    return found


__all__ = ["Change", "analyse", "learn", "of_parsed"]
