"""What is known of a database's schema: replayed from migrations, or read from the live catalog.

Values are frozen; a Schema is a mutable shelf of them that a dialect's `learn` keeps up to date. Names are as the
engine folds them. A relation's key is its bare name in the default schema, else `schema.name`.
"""

from collections.abc import Iterator, MutableMapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace


class Column(Struct, frozen=True, array_like=True):
    """A column. `type` is the engine's canonical spelling with modifiers: "varchar(50)", "int4", "numeric(10,2)".

    `default` is the expression's text ("" = none). `generated` is "stored", "virtual" or "". `proof` is the name of
    a not-null constraint that is not validated (PostgreSQL 18), else "".
    """

    name: str
    type: str
    nullable: bool = True
    default: str = ""
    identity: bool = False
    generated: str = ""
    collation: str = ""
    proof: str = ""
    expression: str = ""


class Index(Struct, frozen=True, array_like=True):
    """An index. `columns` are its key columns in order, "" where the key is an expression.

    `uses` are all columns that its expressions and its predicate mention. `constraint` is the constraint it carries.
    `size` is in bytes (None: unknown). `parent` is the index of the partitioned table that it is attached to.
    """

    name: str
    table: str
    columns: tuple[str, ...] = ()
    unique: bool = False
    primary: bool = False
    uses: frozenset[str] = frozenset()
    predicate: str = ""
    method: str = "btree"
    include: tuple[str, ...] = ()
    constraint: str = ""
    valid: bool = True
    size: int | None = None
    parent: str = ""
    definition: str = ""


class ConstraintKind(StrEnum):
    """What a constraint demands."""

    CHECK = "check"
    FOREIGN_KEY = "foreign key"
    UNIQUE = "unique"
    PRIMARY_KEY = "primary key"
    EXCLUDE = "exclude"
    NOT_NULL = "not null"


class Constraint(Struct, frozen=True, array_like=True):
    """A constraint of a table. `columns` are those it stands on (of a check: those it mentions).

    `expression` is a check's text; `not_null` are the columns that it proves to hold no NULL (only a validated one
    counts). `references` is the key of a foreign key's other table, `referenced` that table's columns ("()" = its
    primary key). `named` says that the author named it. `on_delete` is "cascade", "set null", ... or "".
    """

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    expression: str = ""
    not_null: frozenset[str] = frozenset()
    references: str = ""
    referenced: tuple[str, ...] = ()
    on_delete: str = ""
    validated: bool = True
    enforced: bool = True
    deferrable: bool = False
    named: bool = True
    index: str = ""
    inline: bool = False
    """SQLite: it stands beside its column, and goes with it."""


class Table(Struct, frozen=True, array_like=True):
    """A relation. `kind`: table, partitioned, view, materialized view, foreign table, sequence.

    `complete` says that its columns, constraints and indexes are all known; a table that some migration altered, but
    none created, is not. `parent` is the partitioned (or inherited) table it belongs to; `default` says that it is the
    DEFAULT partition. `created` is the version of the migration that created it ("" = before them, or unknown).
    `rows` and `size` (bytes, with TOAST, without indexes) come from the live catalog. `reads` are
    scans a second, `writes` rows a second, where the server has counted them for long enough. `sources` are the
    relations that a view reads.
    `bound` is a partition's bound as text. `rls` = row level security is on. `owns` are columns that own a sequence.
    """

    name: str
    kind: str = "table"
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    triggers: tuple[str, ...] = ()
    parent: str = ""
    inherited: bool = False
    bound: str = ""
    default: bool = False
    key: str = ""
    persistence: str = "p"
    sources: frozenset[str] = frozenset()
    complete: bool = True
    created: str = ""
    rows: float | None = None
    size: int | None = None
    reads: float | None = None
    writes: float | None = None
    populated: bool = True
    rls: bool = False
    definition: str = ""
    options: tuple[str, ...] = ()
    trigger_texts: tuple[str, ...] = ()
    """The CREATE TRIGGER statements of `triggers`, in the same order, where they are known."""
    statistics: tuple[str, ...] = ()
    """Extended statistics on it, by key."""

    def column(self, name: str) -> Column | None:
        """Return the column called `name`."""
        return next((item for item in self.columns if item.name == name), None)

    def constraint(self, name: str) -> Constraint | None:
        """Return the constraint called `name`."""
        return next((item for item in self.constraints if item.name == name), None)

    def index(self, name: str) -> Index | None:
        """Return the index called `name`."""
        return next((item for item in self.indexes if item.name == name), None)


class Type(Struct, frozen=True, array_like=True):
    """A type of the users' own. `kind`: enum, domain, composite, range, base.

    `labels` are an enum's. A domain has `base`, and `constrained` when it has a CHECK or NOT NULL.
    """

    name: str
    kind: str
    labels: tuple[str, ...] = ()
    base: str = ""
    constrained: bool = False
    created: str = ""
    checks: tuple[str, ...] = ()
    """A domain's constraints by name; its NOT NULL is called "not null"."""


class Function(Struct, frozen=True, array_like=True):
    """A function of the users' own: `volatility` is "immutable", "stable" or "volatile".

    `constant` says that it is inlined to a constant (a SQL function whose body is one constant).
    """

    name: str
    volatility: str = "volatile"
    language: str = ""
    constant: bool = False
    body: str = ""
    created: str = ""


V = TypeVar("V")
_SERVERS = ("pg_", "information_schema.")
"""How the keys of PostgreSQL's own relations begin."""


class Layer(MutableMapping[str, V]):
    """A mapping over another one, which stays as it is."""

    def __init__(self, below: MutableMapping[str, V]) -> None:
        self._below = below
        self._own: dict[str, V] = {}
        self._gone: set[str] = set()

    def __getitem__(self, key: str) -> V:
        if key in self._own:
            return self._own[key]
        if key in self._gone:
            raise KeyError(key)
        return self._below[key]

    def __setitem__(self, key: str, value: V) -> None:
        self._own[key] = value
        self._gone.discard(key)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.pop(key, None)
        self._gone.add(key)

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from (key for key in self._below if key not in self._own and key not in self._gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Schema:
    """All relations, types and functions that are known.

    `complete` says that what is not here does not exist (a live catalog); otherwise an unknown table may exist, unless
    the history that was replayed leaves no doubt: see `lacks`.
    `live` says that sizes and statistics come from a server. `version` is the server's major version, when known.
    """

    def __init__(self, *, complete: bool = False, live: bool = False, default: str = "public") -> None:
        self.tables: MutableMapping[str, Table] = {}
        self.types: MutableMapping[str, Type] = {}
        self.functions: MutableMapping[str, Function] = {}
        self._complete = complete
        self.live = live
        self.default = default
        self.path: tuple[str, ...] = (default,)
        self.version: tuple[int, ...] = ()
        self.timezone = ""
        self.outside: tuple[tuple[str, ...], str] | None = None
        """The path and the time zone before the first script that set them."""
        self.temporary: set[str] = set()
        """Keys of the temporary tables that the script has made."""
        self.settings: dict[str, str] = {}
        """What statements so far have set in the session: foreign_key_checks, foreign_keys, ..."""
        self.rates: dict[str, tuple[float, float]] = {}
        self._indexes: MutableMapping[str, str] = {}
        self._children: MutableMapping[str, frozenset[str]] = {}
        self._fans: MutableMapping[str, frozenset[str]] = {}
        self._views: MutableMapping[str, frozenset[str]] = {}

    @property
    def complete(self) -> bool:
        """Whether what is not here does not exist."""
        return self._complete

    @complete.setter
    def complete(self, value: bool) -> None:
        self._complete = value
        if not value:
            self.doubt()

    def doubt(self) -> None:
        """Say that there may be relations that nothing replayed has made: of an extension, of SQL built at run time."""
        # On a shelf, so that it is remembered with what a migration writes: no relation is called "".
        self._views[""] = frozenset({""})

    @property
    def certain(self) -> bool:
        """Whether what is known to be there is there as it is known: nothing unforeseen may have changed it."""
        return "" not in self._views

    def lacks(self, key: str) -> bool:
        """Whether no relation or index with this key exists, for certain.

        A whole catalog does not have it; or no migration has made it, of a history that begins with an empty database:
        it has made relations, and none of its statements needed one that was there before or may have made others.
        """
        if key in self.tables or key in self._indexes:
            return False
        return self.complete or (self.certain and "" in self._indexes)

    def copy(self) -> "Schema":
        """Return another shelf with the same values."""
        made = Schema(complete=self.complete, live=self.live, default=self.default)
        made.__dict__.update(
            {name: dict(value) if isinstance(value, MutableMapping) else value for name, value in self.__dict__.items()}
        )
        return made

    def branch(self) -> "Schema":
        """Return a shelf that holds the same; what is changed on it is not changed here. It costs nothing to make."""
        made = Schema(complete=self.complete, live=self.live, default=self.default)
        for name, value in self.__dict__.items():
            layered = isinstance(value, MutableMapping) and name not in {"settings", "rates"}
            made.__dict__[name] = Layer(value) if layered else value
        made.temporary, made.settings = set(self.temporary), dict(self.settings)
        return made

    def restore(self) -> None:
        """Forget what a script set for its own session: the path, the time zone, temporary tables."""
        if self.outside is not None:
            (self.path, self.timezone), self.outside = self.outside, None
        while self.temporary:
            self.drop(self.temporary.pop())

    def key(self, schema: str, name: str) -> str:
        """Return the key of a relation to be made: unqualified names go into the first schema of the path."""
        schema = schema or self.path[0]
        return name if schema == self.default else f"{schema}.{name}"

    def resolve(self, schema: str, name: str) -> str:
        """Return the key of an existing relation: unqualified names are looked for along the path."""
        if schema:
            return self.key(schema, name)
        for place in self.path:
            key = name if place == self.default else f"{place}.{name}"
            if key in self.tables or key in self._indexes or key in self.types:
                return key
        temporary = f"pg_temp.{name}"
        return temporary if temporary in self.tables else self.key("", name)

    def put(self, table: Table) -> None:
        """Add a relation, or replace the one of the same key."""
        old = self.tables.get(table.name)
        if old is not None:
            self._forget(old)
        self.tables[table.name] = table
        # Says on a shelf, as `doubt` does, that relations have been made: no index is called "".
        self._indexes[""] = ""
        if not self.complete and self._older(table):
            self.doubt()
        for index in table.indexes:
            self._indexes[index.name] = table.name
        if table.parent:
            _add(self._children, table.parent, table.name)
        for source in table.sources:
            _add(self._views, source, table.name)
        for item in table.constraints:
            if item.references:
                _add(self._fans, item.references, table.name)

    def drop(self, key: str) -> None:
        """Take a relation away. Unknown keys are ignored."""
        old = self.tables.pop(key, None)
        if old is not None:
            self._forget(old)

    def _older(self, table: Table) -> bool:
        """Whether a relation, or one that it needs, was there before all that was replayed."""
        needed = {table.parent, *table.sources, *(item.references for item in table.constraints)} - {"", table.name}
        return not (table.complete or table.created) or any(
            key not in self.tables and not key.startswith(_SERVERS) for key in needed
        )

    def _forget(self, table: Table) -> None:
        for index in table.indexes:
            self._indexes.pop(index.name, None)
        _discard(self._children, table.parent, table.name)
        for source in table.sources:
            _discard(self._views, source, table.name)
        for item in table.constraints:
            _discard(self._fans, item.references, table.name)

    def table(self, key: str) -> Table | None:
        """Return the relation with this key."""
        return self.tables.get(key)

    def known(self, key: str) -> Table:
        """Return the relation with this key, or an incomplete stand-in: it may exist, and nothing is known of it."""
        return self.tables.get(key) or Table(name=key, complete=False)

    def owner(self, index: str) -> str:
        """Return the key of the table that an index (by its key) stands on, or ""."""
        return self._indexes.get(index, "")

    def children(self, key: str) -> Iterator[Table]:
        """Yield the partitions and inheriting tables of `key`, at every depth."""
        for name in sorted(self._children.get(key, ())):
            yield self.tables[name]
            yield from self.children(name)

    def referencing(self, key: str) -> Iterator[tuple[Table, Constraint]]:
        """Yield the foreign keys of other tables that reference `key`."""
        for name in sorted(self._fans.get(key, ())):
            table = self.tables[name]
            yield from ((table, item) for item in table.constraints if item.references == key)

    def views(self, key: str) -> Iterator[Table]:
        """Yield the views that read `key`, and those that read them."""
        for name in sorted(self._views.get(key, ())):
            yield self.tables[name]
            yield from self.views(name)

    def around(self, key: str) -> tuple[int, int, int]:
        """Count the tables whose foreign keys reference `key`, the views that read it, and its partitions."""
        return len(self._fans.get(key, ())), len(self._views.get(key, ())), len(self._children.get(key, ()))

    def rename(self, old: str, new: str) -> None:
        """Give a relation another key; what refers to it follows."""
        table = self.tables.get(old)
        if table is None:
            return
        referring = [item for item, _ in self.referencing(old)]
        children = [self.tables[name] for name in sorted(self._children.get(old, ()))]
        views = [self.tables[name] for name in sorted(self._views.get(old, ()))]
        self.drop(old)
        own = tuple(replace(item, references=new) if item.references == old else item for item in table.constraints)
        indexes = tuple(replace(item, table=new) for item in table.indexes)
        self.put(replace(table, name=new, indexes=indexes, constraints=own))
        for other in referring:
            if other.name != old:
                moved = (replace(c, references=new) if c.references == old else c for c in other.constraints)
                self.put(replace(other, constraints=tuple(moved)))
        for child in children:
            self.put(replace(self.tables[child.name], parent=new))
        for view in views:
            self.put(replace(self.tables[view.name], sources=(view.sources - {old}) | {new}))


def _add(shelf: MutableMapping[str, frozenset[str]], key: str, name: str) -> None:
    shelf[key] = shelf.get(key, frozenset()) | {name}


def _discard(shelf: MutableMapping[str, frozenset[str]], key: str, name: str) -> None:
    there = shelf.get(key)
    if there is not None and name in there:
        shelf[key] = there - {name}
