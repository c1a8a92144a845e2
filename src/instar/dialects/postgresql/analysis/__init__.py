"""What a PostgreSQL statement changes, locks and works on, by its parse tree and what is known of the schema.

A module here handles families of statements: its HANDLES maps kinds of nodes to functions `(Scope, node) -> Parts`. The
locks are those that were measured on PostgreSQL 12 to 18 (tests/lint/truth.py holds the statements; each runs there).
"""

from collections.abc import Callable
from functools import cache

from instar.catalog import Schema
from instar.dialects.postgresql import _libpg_query, tree
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node, Parsed
from instar.effects import Change, Effect, Lock, Work, strongest

Handler = Callable[[Scope, Node], Parts]


def analyse(text: str, schema: Schema) -> Effect:
    """Say what one statement does; see instar.dialects.Dialect."""
    try:
        parsed = tree.parse(text)
    except _libpg_query.ParserError as error:
        return Effect(text, error=error.message, at=len(text.encode()[: error.position].decode(errors="replace")))
    return of_parsed(text, parsed[0], schema) if parsed else Effect(text)


def of_parsed(text: str, parsed: Parsed, schema: Schema) -> Effect:
    """Say what a statement does whose tree is at hand."""
    handler = _handlers().get(parsed.kind)
    scope = Scope(text, schema)
    parts = handler(scope, parsed.node) if handler else Parts((Change("other"),))
    changes = tuple(parts.changes)
    locks: list[Lock] = [lock for change in changes for lock in change.locks]
    work: dict[Work, None] = {item: None for change in changes for item in change.work}
    return Effect(
        text=text,
        verb=parts.verb or _verb(text),
        changes=changes,
        locks=strongest(locks),
        work=tuple(work),
        inner=parts.inner,
        dynamic=parts.dynamic,
        error=parts.error,
        at=parts.at,
        creates=parts.creates,
    )


def _verb(text: str) -> str:
    words = text.split(None, 3)[:2]
    return " ".join(words).upper()


@cache
def _handlers() -> dict[str, Handler]:
    from instar.dialects.postgresql.analysis import index

    found: dict[str, Handler] = {}
    for module in (index,):
        found.update(module.HANDLES)
    return found


__all__ = ["Change", "analyse", "of_parsed"]
