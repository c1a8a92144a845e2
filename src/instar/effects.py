"""What a statement does, in neutral words: its changes, the locks it takes, and the work it does on existing rows."""

from enum import IntEnum, StrEnum

from msgspec import Struct

from instar.catalog import Column, Constraint, Function, Index, Table, Type


class LockMode(IntEnum):
    """How strong a table lock is, in PostgreSQL's order; other engines' locks are named by what they block.

    Source: PostgreSQL manual, 13.3 Explicit Locking.
    """

    NONE = 0
    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def sql(self) -> str:
        """The name as PostgreSQL's manual writes it."""
        return self.name.replace("_", " ")

    @property
    def blocks(self) -> str:
        """Whom it stops: "" where neither readers nor writers wait."""
        if self is LockMode.ACCESS_EXCLUSIVE:
            return "reads and writes"
        return "writes" if self >= LockMode.SHARE else ""


class Lock(Struct, frozen=True):
    """A lock on an object that existed before the statement; `kind` is "table", "index", "sequence" or "view"."""

    relation: str
    mode: LockMode
    kind: str = "table"


class WorkKind(StrEnum):
    """What takes time that grows with the table."""

    SCAN = "scan"
    """Reads all rows of `relation`."""
    REWRITE = "rewrite"
    """Writes all rows anew, and builds every index again."""
    BUILD = "build"
    """Builds the new index `object` (a scan of `relation` is listed by itself)."""
    REBUILD = "rebuild"
    """Builds the existing index `object` again."""
    SWAP = "swap"
    """Gives the relation an empty file (TRUNCATE)."""
    DML = "dml"
    """Changes rows: row locks, and a version of each row."""
    WAIT = "wait"
    """Waits for every older transaction that may see the table."""


ROWS = frozenset({WorkKind.SCAN, WorkKind.REWRITE, WorkKind.BUILD, WorkKind.REBUILD})
"""Work whose time grows with the number of rows."""


class Work(Struct, frozen=True):
    """Work on `relation`, which existed before the statement. `object` is an index where that is what is worked on.

    `unknown` names the fact that would decide whether the work is done ("the old type of users.name"); "" = it is done
    for certain.
    """

    kind: WorkKind
    relation: str
    object: str = ""
    reason: str = ""
    unknown: str = ""


class Change(Struct, frozen=True):
    """One thing that a statement does. A statement of several subcommands has several.

    `kind` is a verb and an object, one of KINDS. `relation` is the key of the relation that it is about, or "".
    `name` is the column, index, constraint, type, ... inside it; `new_name` what a rename makes of it. `locks` and
    `work` are what this change would take if it stood alone. `cleared` says why work that one might expect is not
    done ("a validated CHECK proves it"). `start` and `end` are characters in the statement's text.
    `flags` are words of the statement that matter: concurrently, if exists, if not exists, cascade, only, not valid,
    using index, where, unlogged, temporary, restrict, returning, limit, order, offset, or replace, ...
    `others` are further relations that it names (a foreign key's table, a partition, the tables that DML reads).
    `text` is the part that counts: a USING expression, a WHERE condition, a function's body.
    """

    kind: str
    relation: str = ""
    name: str = ""
    new_name: str = ""
    locks: tuple[Lock, ...] = ()
    work: tuple[Work, ...] = ()
    cleared: str = ""
    flags: frozenset[str] = frozenset()
    column: Column | None = None
    old: Column | None = None
    index: Index | None = None
    constraint: Constraint | None = None
    table: Table | None = None
    """The relation that is made, with all that is known of it."""
    type: Type | None = None
    function: Function | None = None
    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    text: str = ""
    start: int = 0
    end: int = 0


class Effect(Struct, frozen=True):
    """What a statement does: its changes in order, and what it locks and works on as a whole.

    `locks` hold the strongest mode for each relation. `inner` are the statements inside a DO block, a function's body
    or a procedure, with their character offset in `text`; `dynamic` says that it builds SQL that nobody can foresee.
    `error` says that the server refuses the statement, and why; `at` is the character in the text that the refusal
    points at. `creates` are keys of relations that it makes; what happens to them blocks nobody.
    `verb` is what the statement begins with, for people ("ALTER TABLE").
    """

    text: str
    verb: str = ""
    changes: tuple[Change, ...] = ()
    locks: tuple[Lock, ...] = ()
    work: tuple[Work, ...] = ()
    inner: tuple["Effect", ...] = ()
    offset: int = 0
    in_loop: bool = False
    dynamic: bool = False
    error: str = ""
    at: int = 0
    creates: tuple[str, ...] = ()
    algorithm: str = ""
    """MySQL and MariaDB: INSTANT, NOCOPY, INPLACE or COPY, the cheapest way in which the server can do it."""
    stored: bool = False
    """It stands in the body of a function that is only created: nothing of it happens now."""
    touched: frozenset[str] | None = None
    """Names that it reads or changes, lower case and without schema; None: it may touch anything."""


class Verdict(StrEnum):
    """What an application feels of a statement."""

    ONLINE = "online"
    """Neither readers nor writers of an existing table wait."""
    SHORT = "short"
    """They wait for a moment that does not grow with the table (and for the lock to be had)."""
    LONG = "long"
    """They wait as long as work over all rows takes."""
    UNKNOWN = "unknown"
    """Short or long: a fact decides that is not known here."""


def verdict(effect: Effect) -> Verdict:
    """Say what an application feels of a statement."""
    blocking = {lock.relation: lock.mode for lock in effect.locks if lock.mode >= LockMode.SHARE}
    if not blocking:
        return Verdict.ONLINE
    heavy = [work for work in effect.work if work.kind in ROWS]
    if any(not work.unknown for work in heavy):
        return Verdict.LONG
    return Verdict.UNKNOWN if heavy else Verdict.SHORT


def strongest(locks: tuple[Lock, ...] | list[Lock]) -> tuple[Lock, ...]:
    """Return one lock for each relation, the strongest, in the order in which relations first appear."""
    found: dict[tuple[str, str], Lock] = {}
    for lock in locks:
        key = (lock.kind, lock.relation)
        if key not in found or found[key].mode < lock.mode:
            found[key] = lock
    return tuple(found.values())


KINDS = frozenset(
    {
        # tables and views
        "create table", "create table as", "drop table", "rename table", "truncate", "move table", "create view",
        "replace view", "drop view", "create materialized view", "drop materialized view", "refresh",
        "attach partition", "detach partition", "finalize detach", "inherit", "no inherit", "set logged",
        "set unlogged", "set access method", "set tablespace", "set options", "cluster", "set clustered",
        "vacuum full", "vacuum", "analyze", "set owner", "row security", "replica identity", "lock table",
        "create foreign table", "drop foreign table", "rebuild table", "alter table options", "convert charset",
        "add partition", "drop partition", "truncate partition", "change partitions",
        # columns
        "add column", "drop column", "rename column", "change type", "set not null", "drop not null", "set default",
        "drop default", "add identity", "drop identity", "set identity", "set expression", "drop expression",
        "set statistics", "set storage", "set compression", "set column options", "modify column", "move column",
        # indexes and constraints
        "create index", "drop index", "rename index", "reindex", "alter index", "attach index",
        "add constraint", "drop constraint", "rename constraint", "validate constraint", "alter constraint",
        "create statistics", "drop statistics",
        # types, sequences, functions, triggers, rights
        "create type", "drop type", "rename type", "alter type", "add enum value", "rename enum value",
        "create domain", "drop domain", "alter domain", "create sequence", "drop sequence", "alter sequence",
        "create function", "replace function", "drop function", "alter function", "create trigger", "replace trigger",
        "drop trigger", "enable trigger", "disable trigger", "create rule", "drop rule", "create policy",
        "drop policy", "alter policy", "create schema", "drop schema", "rename schema", "create extension",
        "drop extension", "grant", "revoke", "default privileges", "comment", "create publication",
        "alter publication", "drop publication", "create event trigger", "rename object", "move object", "drop object",
        # rows
        "select", "insert", "update", "delete", "merge", "copy", "call", "do",
        # sessions and transactions
        "set", "begin", "commit", "rollback", "savepoint", "pragma", "prepare", "other",
    }
)  # fmt: skip
"""Every word that `Change.kind` may be."""
