"""Backups of rows: the old values that a migration keeps before it changes them, and how they are put back.

A backup is a table of ours: the primary key, the old values, and the values after the statement, by which a row that
somebody has changed since is told from one that nobody has. One row of `backups` says what it holds. All commands are
run by the caller, in the transaction of the statement, or of the `down`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct, json
from msgspec.structs import replace

from instar.dialects import Command, Dialect
from instar.errors import BackupError, DatabaseError
from instar.history import History, time_of

if TYPE_CHECKING:
    from instar.dialects._keeping import Keeping, Shape
    from instar.source.backup import Asked

SAME, GONE, CHANGED, BACK, DELETED, KEPT = "", "gone", "changed", "back", "deleted", "kept"
CURRENT, UNDONE, EARLIER = "", "undone", "earlier"


class Facts(Struct, frozen=True):
    """What a backup's table holds. `columns` are restored; all of `types` are there, by name.

    `after` maps columns to those that hold the value after the statement; `state` is the column that says what became
    of a row. `settled` says that the statement's effect was looked at. `result` is how the restore went. `statement` is
    the index of the statement that it stands above. `stage` says whose it is: of the `up` that stands (CURRENT), of one
    that a `down` has undone since (UNDONE), or of one before the last (EARLIER).
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    types: Mapping[str, str]
    after: Mapping[str, str]
    state: str
    known: tuple[str, ...] = ()
    settled: bool = False
    where: str = ""
    result: "Restored | None" = None
    statement: int = 0
    stage: str = CURRENT


class Restored(Struct, frozen=True):
    """What a restore did: `rows` put back (`inserted` of them were gone).

    `changed` rows had been changed since the migration; they were overwritten, or, with `newer`, left as they were.
    `deleted` rows had been deleted since, and stay so. `missing` are the columns that were left out: no such column
    can be written now.
    """

    rows: int = 0
    inserted: int = 0
    changed: int = 0
    deleted: int = 0
    newer: bool = False
    missing: tuple[str, ...] = ()


class Backup(Struct, frozen=True):
    """One backup of a version: `rows` of `table`, kept in the table `store` (both as SQL spells them)."""

    version: str
    number: int
    table: str
    store: str
    rows: int
    facts: Facts
    made_at: datetime | None = None
    kept_until: datetime | None = None
    restored_at: datetime | None = None
    expired: bool = False


def ready(history: History) -> bool:
    """Whether a backup was ever made in this database."""
    return bool(history.session.query(history.sql["backups_exist"]))


def ensure(history: History) -> None:
    """Make the table that lists the backups, where it is not there. Outside a transaction."""
    if not ready(history):
        history.session.run([Command(history.sql["backups_create"])])


def listed(history: History, version: str | None = None) -> list[Backup]:
    """Return the backups of this history, or of one version, in the order in which they were made."""
    if not ready(history):
        return []
    found = [_backup(row) for row in history.session.query(history.sql["backups_read"])]
    return [item for item in found if version in {None, item.version}]


def passing(history: History, version: str, stage: str, made: Collection[int] = ()) -> list[Command]:
    """Return the commands that take the backups of a version out of its reach; no `down` restores them from then on.

    With the record of an `up` the stage is EARLIER, and `made` are the numbers of its own; with that of a `down` it is
    UNDONE.
    """
    return [
        history.command("backups_settle", _packed(replace(item.facts, stage=stage)), version, item.number)
        for item in listed(history, version)
        if item.facts.stage not in {stage, EARLIER} and (item.facts.stage == UNDONE or item.number not in made)
    ]


def dropping(history: History, item: Backup) -> list[Command]:
    """Return the commands that take a backup away."""
    return [history.command("backups_delete", item.version, item.number), Command(f"DROP TABLE IF EXISTS {item.store}")]


class Shelf:
    """Keeps and restores the rows of one history's migrations. `keep` is in seconds, None for ever."""

    def __init__(self, history: History, dialect: Dialect, keep: float | None) -> None:
        self._history = history
        self._session = history.session
        self._keeping: Keeping = dialect.keeping()
        self._quote = dialect.quote
        self._retention = keep

    def shape(self, asked: "Asked") -> "Shape":
        """Return the table that a backup is about. Raises BackupError, with the place, where it cannot be kept."""
        found = self._keeping.shape(self._session, asked.table)
        if found is None:
            raise BackupError(
                f"there is no table {asked.table} to keep rows of",
                hint="name a table as in SQL: users, shop.users; it must be there when the statement runs",
                place=asked.place,
            )
        if not found.key:
            raise BackupError(
                f"{asked.table} has no primary key: its rows could not be told apart when they are put back",
                hint="give it a primary key in a migration of its own, before this one",
                place=asked.place,
            )
        for name in asked.columns:
            item = found.field(name)
            if item is None:
                raise BackupError(
                    f"{asked.table} has no column {name}",
                    hint=f"it has {', '.join(item.name for item in found.fields)}",
                    place=asked.place,
                )
            if item.generated:
                raise BackupError(f"{name} is computed by the server and cannot be put back", place=asked.place)
        return found

    def tried(self, asked: "Asked") -> None:
        """Let the server read the `where`. Raises BackupError, with the place, where it does not like it."""
        if not asked.where:
            return
        text = f"SELECT 1 FROM {asked.table} WHERE ("
        try:
            self._session.run([Command(f"{text}{asked.where}\n) LIMIT 0")])
        except DatabaseError as error:
            if error.connection_lost or error.lock_timeout:
                raise
            raise misread(asked, error, len(text)) from error

    def making(self, version: str, asked: "Asked", shape: "Shape") -> list[Command]:
        """Return the commands that make the backup's empty table, in the place of an older one."""
        store, facts = self._keeping.store(self._history.names, version, asked.number), self._facts(asked, shape)
        fields = {item.name: item for item in shape.fields}
        declared = [self._keeping.declared(fields[name]) for name in facts.types]
        declared += [
            self._keeping.declared(type(fields[name])(new, facts.types[name])) for name, new in facts.after.items()
        ]
        declared.append(f"{self._quote(facts.state)} VARCHAR(10) NOT NULL DEFAULT ''")
        declared.append(f"PRIMARY KEY ({self._names(facts.key)})")
        return [
            self._history.command("backups_delete", version, asked.number),
            Command(f"DROP TABLE IF EXISTS {store}"),
            Command(f"CREATE TABLE {store} ({', '.join(declared)})"),
        ]

    def fill(self, version: str, asked: "Asked", shape: "Shape") -> int:
        """Copy the rows and note the backup; return how many there are. In the statement's transaction.

        Raises BackupError, with the place, where the server does not understand the `where`.
        """
        store, facts = self._keeping.store(self._history.names, version, asked.number), self._facts(asked, shape)
        names = self._names(facts.types)
        copy = f"INSERT INTO {store} ({names}) SELECT {names} FROM {asked.table}"
        condition = f"{copy} WHERE ("
        text = f"{condition}{asked.where}\n)" if asked.where else copy
        opening = [Command(each) for each in self._keeping.locking(shape.table)]
        self._session.run([*opening, self._history.command("backups_delete", version, asked.number)])
        self._session.run([Command(f"DELETE FROM {store}")])
        try:
            ((outcome),) = self._session.run([Command(text + self._keeping.locked())])
        except DatabaseError as error:
            if error.connection_lost or error.lock_timeout or not asked.where:
                raise
            raise misread(asked, error, len(condition)) from error
        row = (shape.table, store, outcome.count, self._retention, _packed(facts))
        self._session.run([self._history.command("backups_write", version, asked.number, *row)])
        return outcome.count

    def settle(self, version: str, asked: "Asked", before: "Shape", *, whole: bool, same_keys: bool) -> None:
        """Note what the statement did to the rows that were kept.

        `whole` says that all columns were to be kept for rows that it deletes, `same_keys` that it only changes rows.
        Raises BackupError where the backup could not undo what it did.
        """
        store, facts = self._keeping.store(self._history.names, version, asked.number), self._facts(asked, before)
        state, shape = self._quote(facts.state), self._keeping.shape(self._session, before.table)
        gone = f"UPDATE {store} AS o SET {state} = '{GONE}'"
        known: tuple[str, ...] = ()
        if shape is None:
            count = self._counted(gone)
        elif not {item.name for item in shape.fields}.issuperset(facts.key):
            count = 0
        else:
            count = self._counted(
                f"{gone} WHERE NOT EXISTS (SELECT 1 FROM {shape.table} AS s WHERE {self._same(facts)})"
            )
            types = {item.name: item.type for item in shape.fields}
            known = tuple(name for name in facts.after if types.get(name) == facts.types[name])
            values = {facts.after[name]: f"s.{self._quote(name)}" for name in known}
            if values:
                self._session.run([Command(self._keeping.updating(store, shape.table, values, self._same(facts)))])
        if count and (same_keys or not whole):
            raise _lost(asked, count, same_keys=same_keys)
        settled = replace(facts, known=known, settled=True)
        self._session.run([self._history.command("backups_settle", _packed(settled), version, asked.number)])

    def ordered(self, found: Sequence[Backup]) -> list[Backup]:
        """Return the backups of a version in the order in which they are restored: the last statement's first.

        Among those of one statement a table comes before those that refer to it, where no circle forbids that; else the
        last backup is the first.
        """
        tables, parents = {}, {}
        for name in {item.table for item in found}:
            shape = self._keeping.shape(self._session, name)
            tables[name] = shape.table if shape else name
            parents[name] = self._keeping.referred(self._session, name) - {tables[name]} if shape else frozenset()
        order: list[Backup] = []
        for _, group in groupby(reversed(found), lambda item: item.facts.statement):
            left = list(group)
            while left:
                waiting = {tables[item.table] for item in left}
                free = (number for number, item in enumerate(left) if not waiting & parents[item.table])
                order.append(left.pop(next(free, 0)))
        return order

    def restore(self, item: Backup, *, newer: bool) -> Restored:
        """Put the values of one backup back, in the transaction of the `down`; say what was found.

        Raises BackupError where the table, or its key, is not there.
        """
        facts, shape = item.facts, self._keeping.shape(self._session, item.table)
        if shape is None or not {field.name for field in shape.fields}.issuperset(facts.key):
            raise BackupError(
                f"{item.table} is not there, or without its key, when its rows are to be put back",
                hint="write -- instar:restore below the statements that bring the table back",
            )
        changed, deleted = self._marked(item, shape)
        if newer:
            self._state(item, KEPT, (CHANGED, BACK))
        else:
            self._remember(item, shape)
        updated, inserted = self._updated(item, shape), self._inserted(item, shape)
        writable = {field.name for field in shape.fields if not field.generated}
        wanted = facts.types if inserted else facts.columns
        missing = tuple(name for name in wanted if name not in writable)
        done = Restored(updated + inserted, inserted, changed, deleted, newer, missing)
        self._session.run(
            [self._history.command("backups_restored", _packed(replace(facts, result=done)), item.version, item.number)]
        )
        return done

    def differing(self, item: Backup) -> int | None:
        """Count the rows whose values are not those of the backup; those that are newer on purpose do not count.

        None: the table is not there.
        """
        facts, shape = item.facts, self._keeping.shape(self._session, item.table)
        if shape is None or not {field.name for field in shape.fields}.issuperset(facts.key):
            return None
        columns = self._restorable(facts, shape, everything=False)
        other = " OR ".join([f"o.{self._quote(facts.key[0])} IS NULL", *self._different(columns)])
        state = f"s.{self._quote(facts.state)} NOT IN ('{DELETED}', '{KEPT}')"
        text = f"SELECT COUNT(*) FROM {item.store} AS s LEFT JOIN {shape.table} AS o ON {self._same(facts)}"
        ((count,),) = self._session.query(f"{text} WHERE {state} AND ({other})")
        return int(str(count))

    # How

    def _facts(self, asked: "Asked", shape: "Shape") -> Facts:
        named = [item.name for name in asked.columns if (item := shape.field(name)) is not None]
        usable = [item for item in shape.fields if not item.generated]
        columns = [item.name for item in usable if not item.key and (not named or item.name in named)]
        prefix = "instar_"
        while any(item.name.lower().startswith(prefix) for item in shape.fields):
            prefix = f"_{prefix}"
        return Facts(
            key=shape.key,
            columns=tuple(columns),
            types={item.name: item.type for item in usable},
            after={name: f"{prefix}{number}" for number, name in enumerate(columns, 1)},
            state=f"{prefix}state",
            where=asked.where,
            statement=asked.statement,
        )

    def _marked(self, item: Backup, shape: "Shape") -> tuple[int, int]:
        """Note which rows were changed and which were deleted since the migration; return how many."""
        facts, state = item.facts, self._quote(item.facts.state)
        there = f"EXISTS (SELECT 1 FROM {shape.table} AS s WHERE {self._same(facts)})"
        if not facts.settled:
            # Nobody saw whether the statement or somebody later took a row away: it comes back.
            self._counted(f"UPDATE {item.store} AS o SET {state} = '{GONE}' WHERE NOT {there}")
        known = [name for name in self._restorable(facts, shape, everything=False) if name in facts.known]
        other = " OR ".join(
            self._keeping.differs(f"s.{self._quote(name)}", f"o.{self._quote(facts.after[name])}") for name in known
        )
        changed = 0
        if known:
            joined = f"{self._same(facts)} AND o.{state} = '{SAME}' AND ({other})"
            changed = self._counted(
                self._keeping.updating(item.store, shape.table, {facts.state: f"'{CHANGED}'"}, joined)
            )
        deleted = self._counted(
            f"UPDATE {item.store} AS o SET {state} = '{DELETED}' WHERE o.{state} = '{SAME}' AND NOT {there}"
        )
        back = self._counted(f"UPDATE {item.store} AS o SET {state} = '{BACK}' WHERE o.{state} = '{GONE}' AND {there}")
        return changed + back, deleted

    def _remember(self, item: Backup, shape: "Shape") -> None:
        """Keep the newer values that are about to be overwritten."""
        facts = item.facts
        types = {field.name: field.type for field in shape.fields}
        values = {
            new: f"s.{self._quote(name)}" for name, new in facts.after.items() if types.get(name) == facts.types[name]
        }
        if values:
            joined = f"{self._same(facts)} AND o.{self._quote(facts.state)} IN ('{CHANGED}', '{BACK}')"
            self._session.run([Command(self._keeping.updating(item.store, shape.table, values, joined))])

    def _state(self, item: Backup, state: str, among: Sequence[str]) -> None:
        column = self._quote(item.facts.state)
        found = ", ".join(f"'{each}'" for each in among)
        self._session.run([Command(f"UPDATE {item.store} SET {column} = '{state}' WHERE {column} IN ({found})")])

    def _updated(self, item: Backup, shape: "Shape") -> int:
        facts = item.facts
        columns = self._restorable(facts, shape, everything=False)
        if not columns:
            return 0
        values = {name: f"s.{self._quote(name)}" for name in columns}
        which = f"s.{self._quote(facts.state)} IN ('{SAME}', '{CHANGED}', '{BACK}')"
        joined = f"{self._same(facts)} AND {which} AND ({' OR '.join(self._different(columns))})"
        return self._counted(self._keeping.updating(shape.table, item.store, values, joined))

    def _inserted(self, item: Backup, shape: "Shape") -> int:
        facts = item.facts
        columns = [*facts.key, *self._restorable(facts, shape, everything=True)]
        names, values = self._names(columns), ", ".join(f"s.{self._quote(name)}" for name in columns)
        return self._counted(
            f"INSERT INTO {shape.table} ({names}) {self._keeping.overriding}SELECT {values} FROM {item.store} AS s "
            f"WHERE s.{self._quote(facts.state)} = '{GONE}'"
        )

    def _restorable(self, facts: Facts, shape: "Shape", *, everything: bool) -> list[str]:
        """Return the columns that are there to be restored; `everything`: those of a row that comes back."""
        there = {item.name: item for item in shape.fields if not item.generated and (everything or not item.always)}
        wanted = [name for name in facts.types if name not in facts.key] if everything else facts.columns
        return [name for name in wanted if name in there]

    def _different(self, columns: Sequence[str]) -> list[str]:
        return [self._keeping.differs(f"o.{self._quote(name)}", f"s.{self._quote(name)}") for name in columns]

    def _same(self, facts: Facts) -> str:
        return self._keeping.equal(facts.key)

    def _names(self, names: Sequence[str] | Mapping[str, str]) -> str:
        return ", ".join(self._quote(name) for name in names)

    def _counted(self, text: str) -> int:
        return self._session.run([Command(text)])[0].count


def misread(asked: "Asked", error: DatabaseError, start: int) -> BackupError:
    """Return the error that says where in its `where` the server does not understand a backup."""
    at = error.position - start if error.position is not None else 0
    inside = 0 <= at < len(asked.where)
    place = replace(asked.condition, column=asked.condition.column + (at if inside else 0))
    return BackupError(f"the where of this backup: {error.message}", hint=error.hint, place=place)


def _lost(asked: "Asked", count: int, *, same_keys: bool) -> BackupError:
    rows = f"{count} row{'s' if count != 1 else ''} of {asked.table}"
    if same_keys:
        return BackupError(
            f"the statement changed the primary key of {rows}: the backup would not find them again",
            hint="a backup finds rows by their primary key; write what undoes this in SQL",
            place=asked.place,
        )
    return BackupError(
        f"the statement took {rows} away, of which only some columns were to be kept",
        hint="leave out columns=, so that whole rows are put back",
        place=asked.place,
    )


def _packed(facts: Facts) -> str:
    return json.encode(facts).decode()


def _backup(row: tuple[object, ...]) -> Backup:
    version, number, table, store, count, made, until, restored, expired, facts = row
    return Backup(
        version=str(version),
        number=int(str(number)),
        table=str(table),
        store=str(store),
        rows=int(str(count)),
        facts=json.decode(str(facts), type=Facts),
        made_at=time_of(made),
        kept_until=time_of(until),
        restored_at=time_of(restored),
        expired=bool(expired),
    )
