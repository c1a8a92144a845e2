"""One subcommand of ALTER TABLE: what its analysis works with."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from instar.catalog import Column, Table
from instar.dialects.postgresql.analysis import objects
from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Lock, LockMode, Work, WorkKind

STORED = frozenset({"table", "materialized view"})
"""Kinds of relations that have rows of their own."""
AX = LockMode.ACCESS_EXCLUSIVE
SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
SRX = LockMode.SHARE_ROW_EXCLUSIVE


class Refused(Exception):  # noqa: N818 - it is the server that refuses
    """The server refuses the subcommand; the message is the server's."""

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Subcommand:
    """A subcommand on `table`. `earlier` are the changes of those before it in the same statement."""

    def __init__(
        self, scope: Scope, node: Node, table: Table, statement: Node, span: tuple[int, int], earlier: Sequence[Change]
    ) -> None:
        self.scope = scope
        self.schema = scope.schema
        self.node = node
        self.table = table
        self.start, self.end = span
        self.earlier = earlier
        self.only = not statement["relation"].get("inh", False)
        self.name: str = node.get("name", "")
        self.cascade = node.get("behavior") == "DROP_CASCADE"
        self.version = scope.schema.version[0] if scope.schema.version else 0

    @cached_property
    def family(self) -> tuple[Table, ...]:
        """The table and, unless ONLY it is meant, its partitions and the tables that inherit from it."""
        return (self.table,) if self.only else (self.table, *self.schema.children(self.table.name))

    @property
    def text(self) -> str:
        """The subcommand as it is written."""
        return self.scope.text[self.start : self.end]

    def column(self, name: str = "", table: Table | None = None) -> Column | None:
        """Return a column, as this statement has made it so far."""
        name = name or self.name
        made = (item.column for item in reversed(self.earlier) if item.kind == "add column" and item.name == name)
        return next(made, None) or (table or self.table).column(name)

    def inherits(self, column: str) -> bool:
        """Whether a column comes from the table's parent, so that only the parent can change or drop it."""
        parent = self.schema.table(self.table.parent) if self.table.parent else None
        return parent is not None and parent.column(column) is not None

    def locks(self, mode: LockMode, tables: Iterable[Table] | None = None) -> tuple[Lock, ...]:
        """Return a lock on each of the family (or of `tables`)."""
        return tuple(objects.lock(item, mode) for item in (self.family if tables is None else tables))

    def work(self, kind: WorkKind, reason: str, tables: Iterable[Table] | None = None) -> tuple[Work, ...]:
        """Return work on each of the family (or of `tables`) that has rows of its own."""
        found = self.family if tables is None else tables
        return tuple(Work(kind, item.name, reason=reason) for item in found if item.kind in STORED)

    def rewrite(self, reason: str, unknown: str = "") -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
        """Return locks and work of writing the whole family anew; with `unknown`, of perhaps doing so."""
        stored = [item for item in self.family if item.kind in STORED]
        work = tuple(Work(WorkKind.REWRITE, item.name, reason=reason, unknown=unknown) for item in stored)
        locks = self.locks(AX)
        if not unknown:
            locks += tuple(lock for item in stored for lock in objects.index_locks(item, AX))
        return locks, work

    def change(self, kind: str, name: str | None = None, **fields: Any) -> Change:
        """Return a change of the table, placed where the subcommand stands."""
        flags = frozenset((*fields.pop("flags", ()), *self._flags()))
        return Change(
            kind,
            self.table.name,
            self.name if name is None else name,
            flags=flags,
            start=self.start,
            end=self.end,
            **fields,
        )

    def _flags(self) -> Iterable[str]:
        if self.only:
            yield "only"
        if self.cascade:
            yield "cascade"
        if self.node.get("missing_ok"):
            yield "if not exists" if self.node["subtype"] == "AT_AddColumn" else "if exists"

    def refuse_before(self, version: int, what: str) -> None:
        """Refuse what servers older than `version` do not know."""
        if self.version and self.version < version:
            raise Refused(f"PostgreSQL {self.version} does not know {what}: it came with {version}")


Handler = Callable[[Subcommand], tuple[Change, ...]]
