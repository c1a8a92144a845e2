"""How much a change asks of the server: the cheapest algorithm that can do it, and whether writes wait meanwhile.

Locks are told in PostgreSQL's words (LockMode), by what they block:

* INSTANT, and what changes only the definition in place: ACCESS_EXCLUSIVE without work. The metadata lock is had for a
  moment, but it queues behind every open transaction on the table, and all others queue behind it.
* NOCOPY and INPLACE with LOCK=NONE: SHARE_UPDATE_EXCLUSIVE with work. Reads and writes go on; the same moment of
  the metadata lock comes at the end.
* LOCK=SHARED, and COPY before MariaDB 11.2: SHARE with work. Writes wait until the last row is done.

Sources: MariaDB 10.11 as measured (tests/dialects/test_mariadb_algorithms.py); its documentation, "InnoDB Online DDL
Operations" and "ALTER TABLE ... LOCK=NONE with ALGORITHM=COPY" (11.2); MySQL 8.0 Reference Manual, 17.12.1 "Online DDL
Operations".
"""

from enum import IntEnum

from msgspec import Struct

from instar.catalog import Table
from instar.effects import Lock, LockMode, Work, WorkKind


class Level(IntEnum):
    """How an ALTER TABLE is carried out, from the cheapest on."""

    INSTANT = 0
    """Only the definition changes."""
    NOCOPY = 1
    """In place, without rebuilding the table: indexes may be built."""
    REBUILD = 2
    """In place, but every row is written anew."""
    COPY = 3
    """The server copies the table row by row into a new one."""


class Engine(Struct, frozen=True):
    """The server that a statement is for. An empty version means the newest known behaviour of long support."""

    mariadb: bool
    version: tuple[int, ...] = ()
    checks_foreign_keys: bool = True

    def since(self, *version: int) -> bool:
        """Whether the server is at least as new as `version`; what is not known of its version counts as newest."""
        return self.version >= version[: len(self.version)]

    def surely(self, *version: int) -> bool:
        """Whether the server is known to be at least as new as `version`."""
        return bool(self.version) and self.version >= version

    def word(self, level: Level) -> str:
        """Return the word for ALGORITHM=: MySQL knows no NOCOPY."""
        if level is Level.REBUILD or (level is Level.NOCOPY and not self.mariadb):
            return "INPLACE"
        return level.name

    @property
    def copies_online(self) -> bool:
        """Whether ALGORITHM=COPY lets writes through."""
        return self.mariadb and self.surely(11, 2)


class Need(Struct, frozen=True):
    """What a change asks for. `reason` says why it is not cheaper; `unknown` names the fact that would decide it.

    `builds` are the indexes that are built, `shared` says that writes wait although it is done in place, `layout` that
    the rows' layout changes (which together with an index to be built is a rebuild).
    """

    level: Level = Level.INSTANT
    reason: str = ""
    unknown: str = ""
    builds: tuple[str, ...] = ()
    shared: bool = False
    layout: bool = False


def joined(needs: list[Need]) -> Need:
    """Return what several changes in one statement ask for together."""
    level = max((item.level for item in needs), default=Level.INSTANT)
    builds = tuple(name for item in needs for name in item.builds)
    layout = any(item.layout for item in needs)
    shared = any(item.shared for item in needs)
    if layout and builds and level is Level.NOCOPY:
        reason = "columns change in the same statement that builds an index"
        return Need(Level.REBUILD, reason, "", builds, shared, layout)
    heaviest = [item for item in needs if item.level >= level] or needs
    certain = [item for item in heaviest if not item.unknown]
    chosen = next(iter(certain or heaviest), Need())
    reason = chosen.reason or next((item.reason for item in needs if item.reason), "")
    return Need(level, reason, chosen.unknown, builds, shared, layout)


def locks(need: Need, table: Table, engine: Engine) -> tuple[Lock, ...]:
    """Return the lock on the table."""
    if need.level is Level.COPY and not engine.copies_online:
        return (Lock(table.name, LockMode.SHARE),)
    if need.shared:
        return (Lock(table.name, LockMode.SHARE),)
    working = need.builds or need.level >= Level.REBUILD
    return (Lock(table.name, LockMode.SHARE_UPDATE_EXCLUSIVE if working else LockMode.ACCESS_EXCLUSIVE),)


def mode_of_parent(level: Level, *, mariadb: bool) -> LockMode:
    """Return the lock on the table that a new foreign key references.

    MariaDB stops its writers as long as it copies the other table, and nobody where it copies nothing.
    """
    if not mariadb:
        return LockMode.ACCESS_EXCLUSIVE
    return LockMode.SHARE if level is Level.COPY else LockMode.ROW_SHARE


def work(need: Need, table: Table) -> tuple[Work, ...]:
    """Return the work on existing rows."""
    if need.level >= Level.REBUILD:
        return (Work(WorkKind.REWRITE, table.name, reason=need.reason, unknown=need.unknown),)
    if not need.builds:
        return ()
    built = (Work(WorkKind.BUILD, table.name, name, need.reason) for name in need.builds)
    return (Work(WorkKind.SCAN, table.name, reason=need.reason), *built)
