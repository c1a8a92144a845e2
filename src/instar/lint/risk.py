"""How risky a migration is: the standards' classification, refined by what is known of the tables it works on.

Every level comes with its reasons. What is known makes a level higher, never lower than the standards' own class;
what no catalog tells is said, and does not count as high.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from instar.dialects import Dialect
from instar.effects import ROWS, Change, Lock, LockMode
from instar.judgement import Estimate, Level, Reason, Risk
from instar.lint import classes, duration, lasting, undo
from instar.lint.classes import COMPLEX, MODERATE, SIMPLE, Class, Known
from instar.lint.look import Options, Unit
from instar.model import MigrationKind
from instar.spans import seconds

_REVIEWERS = {Level.LOW: 1, Level.MEDIUM: 2, Level.HIGH: 3}
_TESTING = {Level.LOW: "basic", Level.MEDIUM: "comprehensive", Level.HIGH: "extensive"}
_ROLLBACK = {Level.LOW: SIMPLE, Level.MEDIUM: MODERATE, Level.HIGH: COMPLEX}
_ROLLBACKS = (SIMPLE, MODERATE, COMPLEX)
_LEVELS = tuple(Level)
_FELT, _LONG = 0.2, 2.0
"""Seconds for which an application may wait: below the first low, above the second high."""
_FAN_IN, _PARTITIONS, _TABLES, _MEASURES = 5, 50, 3, 3
_NO_TABLE = frozenset({"select", "set", "begin", "commit", "rollback", "savepoint", "comment", "analyze", "vacuum"})
_STRUCTURE = ("add constraint", "alter constraint", "change type", "drop", "modify", "move", "rename", "set not null")
"""Kinds of change that reach what depends on a relation."""
_OTHERS = ("function", "sequence", "type", "domain", "schema", "extension")
_PASSING = frozenset(
    {
        "select",
        "set",
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "prepare",
        "pragma",
        "lock table",
        "comment",
        "analyze",
    }
    | {"vacuum", "vacuum full", "cluster", "reindex", "refresh", "validate constraint", "finalize detach"}
)
"""What leaves nothing behind that a `down` could take back."""
_ENDS = frozenset({"rename table", "drop table"})
_REMAINS = frozenset({"view", "materialized view", "sequence"})


class Timed(Struct, frozen=True):
    """A statement's work on rows: what is estimated, the relations whose size is missing, whether there is any."""

    parts: tuple[Estimate, ...]
    unknown: tuple[str, ...]
    heavy: bool


_NO_WORK = Timed((), (), heavy=False)


class Blocked(Struct, frozen=True):
    """How long a relation is locked while rows are worked on. `estimate` is None where a size is not known."""

    relation: str
    mode: LockMode
    estimate: Estimate | None
    unknown: tuple[str, ...] = ()


def assess(unit: Unit, dialect: Dialect, options: Options) -> Risk:
    """Return the risk of an `up` whose statements have all been analysed."""
    changes = list(_changes(unit, options))
    timed = _timed(unit)
    waits = list(_blocked(unit, timed))
    found = [
        *classes.reasons(iter(changes)),
        *_unforeseen(unit),
        *_waits(waits),
        *_surroundings(unit, changes),
        *_extent(unit),
    ]
    level = _level(found, live=unit.schema.live)
    lost = any(item.lost for _, item in changes)
    estimates = [item.estimate for item in waits if item.estimate]
    return Risk(
        level=level,
        reviewers=_REVIEWERS[level],
        testing=_TESTING[level],
        rollback=max((_ROLLBACK[level], *(item.rollback for _, item in changes)), key=_ROLLBACKS.index),
        reasons=tuple(sorted(found, key=lambda item: -_LEVELS.index(item.level))),
        tables=tables(unit),
        reversible=unit.migration.reversible
        and not lost
        and not (changing(unit) and undo.empty(unit.migration, dialect)),
        downtime=_downtime(waits),
        duration=_duration(timed),
        blocked=max(estimates, key=lambda item: item.high, default=None),
    )


def changing(unit: Unit) -> bool:
    """Whether anything that statements do stays: a `down` has something to undo."""
    return any(
        change.kind not in _PASSING
        for effect in unit.effects
        for part in duration.walk(effect)
        for change in part.changes
    )


def of(unit: Unit, dialect: Dialect, options: Options) -> Risk:
    """Return a unit's risk, reckoned once."""
    risk = unit.notes.get("risk")
    if not isinstance(risk, Risk):
        risk = unit.notes["risk"] = assess(unit, dialect, options)
    return risk


def tables(unit: Unit) -> tuple[str, ...]:
    """Return the tables that a migration makes or changes, in the order in which it does.

    One that it makes and takes away or renames again is not there before it nor after it.
    """
    found: dict[str, None] = {}
    made: set[str] = set()
    for effect in unit.effects:
        for part in duration.walk(effect):
            for change in part.changes:
                relation = "" if _nothing_to_drop(change, unit) else _table_of(change, unit)
                if relation in made and change.kind in _ENDS:
                    found.pop(relation, None)
                    relation = change.new_name
                if relation:
                    found[relation] = None
        made.update(effect.creates)
    return tuple(found)


def _table_of(change: Change, unit: Unit) -> str:
    kind = change.kind
    if not change.relation or kind in _NO_TABLE or _about_others(kind):
        return ""
    if kind.startswith("create table"):
        return change.relation
    relation = unit.schema.owner(change.relation) or change.relation
    table = unit.before.get(relation) or unit.schema.table(relation)
    return "" if table is not None and table.kind in _REMAINS else relation


def _about_others(kind: str) -> bool:
    """Whether a kind of change is about what is no table ("change type" is about a column's)."""
    verb, _, thing = kind.partition(" ")
    return thing.endswith("view") or (verb in {"create", "drop", "alter", "replace"} and thing in _OTHERS)


def _changes(unit: Unit, options: Options) -> Iterator[tuple[Change, Class]]:
    """Yield every change with its class; what came before it in the migration is known to it."""
    added: set[tuple[str, str]] = set()
    saved: set[str] = set()
    built: set[tuple[str, tuple[str, ...]]] = set()
    new = unit.created.difference(*(effect.creates for effect in unit.effects))
    known = Known(unit.before, new, added, saved, built, options.small)
    for effect in unit.effects:
        for part in duration.walk(effect):
            for change in part.changes:
                if _nothing_to_drop(change, unit):
                    continue
                yield change, classes.classify(change, known)
                if change.kind in {"add column", "add constraint"}:
                    added.add((change.relation, change.name))
                if change.kind == "create index" and change.index is not None:
                    built.add((change.relation, change.index.columns))
                if change.kind == "create table as" or (change.kind == "insert" and change.relation in new):
                    saved.update(change.others)
        new.update(effect.creates)


def _nothing_to_drop(change: Change, unit: Unit) -> bool:
    """Whether IF EXISTS drops what the whole catalog does not have."""
    return unit.schema.complete and "if exists" in change.flags and bool(change.cleared) and not change.locks


def _unforeseen(unit: Unit) -> Iterator[Reason]:
    if unit.migration.code is not None:
        yield Reason(
            Level.MEDIUM, "is written in Python: what it does to the database cannot be foreseen", "unforeseen"
        )
    for effect in unit.effects:
        parts = list(duration.walk(effect))
        if any(part.dynamic for part in parts):
            yield Reason(Level.MEDIUM, "builds SQL while it runs, which cannot be foreseen", "unforeseen")
        if effect.error and unit.migration.kind is not MigrationKind.BASELINE:
            yield Reason(Level.MEDIUM, f"has a statement that the server refuses: {effect.error}", "refused")


# Who waits


def _timed(unit: Unit) -> list[Timed]:
    found: list[Timed] = []
    for effect in unit.effects:
        if not effect.work and not effect.inner:
            found.append(_NO_WORK)
            continue
        parts, unknown = duration.of_effect(effect, unit.before, unit.schema)
        heavy = any(w.kind in ROWS and w.relation not in unit.created and not w.unknown for w in effect.work)
        found.append(Timed(tuple(parts), tuple(unknown), heavy))
    return found


def _blocked(unit: Unit, timed: Sequence[Timed]) -> Iterator[Blocked]:
    """Yield the relations that a transaction locks against the application while it works on rows.

    What counts is all work from the first statement that locks a relation to the commit.
    """
    held: dict[str, LockMode] = {}
    for index, effect in enumerate(unit.effects):
        if index and not _together(unit, index - 1, index):
            held.clear()
        for lock in effect.locks:
            if not _blocks(lock, unit) or held.get(lock.relation, LockMode.NONE) >= lock.mode:
                continue
            held[lock.relation] = lock.mode
            rest = [timed[index], *_rest(unit, timed, index)]
            parts = [part for item in rest for part in item.parts]
            unknown = tuple(dict.fromkeys(name for item in rest for name in item.unknown))
            if parts or any(item.heavy for item in rest):
                estimate = duration.total(parts) if parts and not unknown else None
                yield Blocked(lock.relation, lock.mode, estimate, unknown)


def _rest(unit: Unit, timed: Sequence[Timed], index: int) -> Iterator[Timed]:
    for other in range(index + 1, len(timed)):
        if not _together(unit, index, other):
            return
        yield timed[other]


def _blocks(lock: Lock, unit: Unit) -> bool:
    return lock.kind == "table" and lock.mode >= LockMode.SHARE and lock.relation not in unit.created


def _together(unit: Unit, first: int, second: int) -> bool:
    return unit.transactional[first] and unit.segments[first] == unit.segments[second]


def _waits(waits: Sequence[Blocked]) -> Iterator[Reason]:
    seen: set[str] = set()
    for item in waits:
        reason = _wait(item)
        if reason is not None and reason.text not in seen:
            seen.add(reason.text)
            yield reason


def _wait(item: Blocked) -> Reason | None:
    whom = f"{item.mode.blocks} {'of' if item.mode is LockMode.ACCESS_EXCLUSIVE else 'to'} {item.relation}"
    hazard = f"blocks-{item.mode.blocks.partition(' ')[0]}"
    if item.estimate is None:
        sizes = " and ".join(item.unknown or (item.relation,))
        text = f"{whom} wait while rows are worked on; for how long depends on the size of {sizes}"
        return Reason(Level.MEDIUM, text, hazard, item.relation, f"the size of {sizes}")
    if item.estimate.high < _FELT:
        return None
    level = Level.HIGH if item.estimate.high > _LONG else Level.MEDIUM
    lasting = seconds(item.estimate.low, item.estimate.high)
    return Reason(level, f"{whom} wait for {lasting} ({item.estimate.basis})", hazard, item.relation)


def _downtime(waits: Sequence[Blocked]) -> bool:
    """Whether reads and writes of a table wait for longer than an application bears, as far as sizes are known."""
    strong = [item for item in waits if item.mode is LockMode.ACCESS_EXCLUSIVE and item.estimate is not None]
    return any(item.estimate is not None and item.estimate.high > _LONG for item in strong)


def _duration(timed: Sequence[Timed]) -> Estimate | None:
    """Return how long all work takes; None where a size is not known, or there is no work over rows."""
    if any(item.unknown for item in timed):
        return None
    parts = [part for item in timed for part in item.parts]
    return duration.total(parts) if parts else None


# What stands around


def _surroundings(unit: Unit, changes: Sequence[tuple[Change, Class]]) -> Iterator[Reason]:
    """Yield what makes a change of an existing relation weigh more: traffic, foreign keys, views, partitions."""
    strong = {lock.relation for effect in unit.effects for lock in effect.locks if _blocks(lock, unit)}
    grave = {
        change.relation: change.kind
        for change, found in changes
        if found.level in {Level.MEDIUM, Level.HIGH} and change.kind.startswith(_STRUCTURE)
    }
    for relation, table in unit.before.items():
        if relation in unit.created:
            continue
        traffic = lasting.traffic(table)
        if relation in strong and traffic:
            text = f"{relation} is hot, with {traffic} on average: they queue behind the lock"
            yield Reason(Level.MEDIUM, text, "hot-table", relation)
        if relation in strong and relation in grave:
            yield from _depending(relation, grave[relation], unit.around.get(relation, (0, 0, 0)))


def _depending(relation: str, kind: str, around: tuple[int, int, int]) -> Iterator[Reason]:
    keys, views, partitions = around
    if keys > _FAN_IN:
        yield Reason(Level.HIGH, f"foreign keys of {keys} tables reference {relation}", "fan-in", relation)
    if views and kind.startswith(("drop", "rename", "change type", "modify")):
        text = f"{views} view{'s' if views > 1 else ''} read{'' if views > 1 else 's'} {relation}"
        yield Reason(Level.HIGH, text, "dependent-views", relation)
    if partitions > _PARTITIONS:
        yield Reason(Level.HIGH, f"{relation} has {partitions} partitions, and each is locked", "partitions", relation)


def _extent(unit: Unit) -> Iterator[Reason]:
    existing = [name for name in tables(unit) if name not in unit.created]
    if len(existing) > _TABLES:
        yield Reason(Level.MEDIUM, f"changes {len(existing)} existing tables: {', '.join(existing)}", "many-tables")


# What follows


def _level(reasons: Sequence[Reason], *, live: bool) -> Level:
    """Return the highest level; on a live catalog, hazards of three kinds that are medium make it high."""
    level = max((item.level for item in reasons), key=_LEVELS.index, default=Level.LOW)
    hazards = {item.hazard for item in reasons if item.level is Level.MEDIUM}
    return Level.HIGH if live and level is Level.MEDIUM and len(hazards) >= _MEASURES else level


__all__ = ["assess", "of", "tables"]
