"""The whole schema of a PostgreSQL database as a Snapshot: a query per catalog, none per object, sent at once.

What it holds is what `pg_dump --schema-only` shows, of PostgreSQL 12 to 18. Source of columns and meanings: PostgreSQL
manual, chapter 52 (System Catalogs), and pg_dump's own queries.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from instar.dialects import Command, Names, Outcome, _named
from instar.dialects.postgresql.snapshot import families, marks, tables
from instar.dialects.postgresql.snapshot.draft import Draft, Drafts, Row
from instar.dialects.postgresql.snapshot.fields import fields
from instar.errors import DatabaseError
from instar.snapshot import Object, Snapshot

if TYPE_CHECKING:
    from instar.dialects.postgresql.connect import PostgreSQLSession

_ORDER = (
    "rare.schemas",
    "rare.extensions",
    "relations.relations",
    "types.types",
    "types.ranges",
    "relations.columns",
    "relations.sequences",
    "relations.constraints",
    "relations.domains",
    "relations.triggers",
    "relations.rules",
    "routines.routines",
    "routines.aggregates",
    "relations.indexes",
    "marks.comments",
    "marks.depends",
    "relations.index_columns",
    "marks.grants",
)
_IF_ANY = frozenset(["types.types", "types.ranges"])
_WITH = {
    "rare.publications": ("rare.publication_tables", "rare.publication_schemas"),
    "operators.classes": ("operators.members",),
    "operators.families": ("operators.members",),
    "search.configurations": ("search.mappings",),
}
_SCHEMAS_PUBLISHED_SINCE = 15
_NOT_PREPARED = "26000"


def read(session: "PostgreSQLSession", names: Names | None = None) -> Snapshot:
    """Read all objects as one transaction sees them, and leave the session as it was.

    Where the session is ours alone, the queries stay prepared from the second time on: planning them takes longer than
    reading a small database does.
    """
    names = names or Names()
    with _collector_paused():
        try:
            return _read(session, names)
        except DatabaseError as error:
            if error.sqlstate != _NOT_PREPARED:
                raise
        return _read(session, names)  # a script has deallocated them, and now the session knows it


def _read(session: "PostgreSQLSession", names: Names) -> Snapshot:
    params = () if session.direct else None
    with _undisturbed(session) as (before, after):
        first = _statements("begin", {})
        asked = Command(first["place"], (names.schema, names.history, names.log))
        texts = (first["settings"], first["census"])
        *_, place, _, census = session.run([*before, asked, *(Command(text, params) for text in texts)])
        schema, *tracking = _rows(place)[0]
        extended, rare, catalogs, numbers = _rows(census)[0]
        version = session.server.version[0]
        statements = _filled(version, names.internal, tuple(extended))
        wanted = _wanted(tuple(rare), version)
        gathered = _Gathered([statements[name][0] for name in wanted], dict(zip(numbers, catalogs, strict=True)))
        session.run([*(Command(statements[name][1], params) for name in wanted), *after], arrived=gathered.take)
    drafts = gathered.finished()
    kept = _without_ours(drafts, frozenset(f"{schema}.{name}" for name in tracking))
    return Snapshot(map(_object, kept), dialect=session.dialect, version=session.server.version)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let the collector of garbage wait: of the ten thousands of objects that are made, none is garbage."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def _undisturbed(session: "PostgreSQLSession") -> Iterator[tuple[list[Command], list[Command]]]:
    """Keep to one view of the catalog; yield what to send before the first query and after the last.

    That is a transaction of ours. In one that is open, a savepoint is made and left here.
    """
    if session.in_transaction():
        session.run([Command("SAVEPOINT instar_snapshot")])
        try:
            yield [], []
        finally:
            ends = ("ROLLBACK TO SAVEPOINT instar_snapshot", "RELEASE SAVEPOINT instar_snapshot")
            session.run([Command(text) for text in ends])
        return
    try:
        yield [Command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")], [Command("ROLLBACK")]
    finally:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])


def _statements(file: str, filling: Mapping[str, str]) -> Mapping[str, str]:
    return _named.filled(__name__, filling, f"{file}.sql")


@cache
def _filled(version: int, internal: str, extended: tuple[str, ...]) -> Mapping[str, tuple[str, str]]:
    """Return every query with its full name, by file and name."""
    filling = fields(version, internal, extended)
    found = {}
    for file in ("relations", "types", "routines", "rare", "operators", "search", "marks"):
        for name, text in _statements(file, filling).items():
            found[f"{file}.{name.rpartition('.')[2]}"] = (name, text)
    return found


def _wanted(rare: Sequence[str], version: int) -> list[str]:
    """Return the queries to ask, owners before what belongs to them; those of empty catalogs are saved."""
    more = [name for first in rare for name in (first, *_WITH.get(first, ()))]
    needed = (name for name in _ORDER if name not in _IF_ANY or name in rare)
    wanted = list(dict.fromkeys((*needed, *more)))
    if version < _SCHEMAS_PUBLISHED_SINCE and "rare.publication_schemas" in wanted:
        wanted.remove("rare.publication_schemas")
    return wanted


def _rows(outcome: Outcome) -> Sequence[Row]:
    return outcome.rows or ()


class _Gathered:
    """The answers to all queries, worked on while the server is at the next one."""

    def __init__(self, names: Sequence[str], catalogs: Mapping[int, str]) -> None:
        self._names, self._catalogs = names, catalogs
        self._drafts = Drafts()
        self._rows: dict[str, Sequence[Row]] = {}

    def take(self, index: int, outcome: Outcome) -> None:
        """Take over the answer to a query; a name with a catalog is that of rows that are objects each."""
        if index == len(self._names):
            return  # the transaction has ended
        catalog, dot, _ = self._names[index].partition(".")
        if dot:
            self._drafts.add(catalog, outcome)
        else:
            self._rows[self._names[index]] = _rows(outcome)

    def finished(self) -> Drafts:
        """Return all drafts, complete."""
        _finish(self._drafts, self._rows)
        marks.need(self._drafts, self._rows["depends"], self._catalogs)
        return self._drafts


def _finish(drafts: Drafts, rows: Mapping[str, Sequence[Row]]) -> None:
    tables.finish(drafts, rows["index_columns"])
    families.finish(drafts, rows)
    for draft in drafts.own.values():
        if draft.notes:
            tables.options(draft)
    marks.comment(drafts, rows["comments"])
    marks.label(drafts, rows.get("labels", ()))
    marks.grant(drafts, rows["grants"])


def _without_ours(drafts: Drafts, ours: frozenset[str]) -> list[Draft]:
    """Leave out the tracking tables with all that is theirs, and identity sequences of which nothing is to be said."""
    kept = []
    for draft in drafts.own.values():
        if "identity" in draft.notes:
            if not draft.facts:
                continue
            draft.facts["identity"] = "true"
        root = _root(draft)
        if root.name in ours and root.kind == "table":
            continue
        kept.append(draft)
    return kept


def _root(draft: Draft) -> Draft:
    while draft.owner is not None:
        draft = draft.owner
    return draft


def _object(draft: Draft) -> Object:
    of = draft.owner.key if draft.owner is not None else ""
    return Object(draft.kind, draft.name, of, draft.facts, tuple(sorted(set(draft.needs))) if draft.needs else ())
