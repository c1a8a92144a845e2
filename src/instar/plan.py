"""Migrations, history and a target become a plan. Pure: no database, no files, no clock.

History is a set, never a high-water mark: what is in the files and not in the history is pending, wherever its
version stands.
"""

import hashlib
import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct, field

from instar.errors import PlanError, UsageError
from instar.model import (
    Action,
    Checkpoint,
    Entry,
    Migration,
    MigrationKind,
    Place,
    Plan,
    Segment,
    Step,
)
from instar.registry import did_you_mean

NEWEST = frozenset({"", "latest", "head", "newest"})
BASELINE = "baseline"
NOTHING = frozenset({"0", "base", "zero"})


class OutOfOrder(StrEnum):
    """What is done with a pending migration that is older than an applied one."""

    REFUSE = "refuse"
    SAFE = "safe"
    APPLY = "apply"


class Facts(Struct, frozen=True):
    """What a plan is made from.

    `cut` gives the segments of a migration for an action, `touched` the objects that its `up` names (None: unknown),
    `prints` a fingerprint of every statement. `reformatted` says whether an applied migration, whose checksum has
    changed, still has the statements that were applied.
    """

    migrations: Sequence[Migration]
    entries: Sequence[Entry]
    cut: Callable[[Migration, Action], tuple[Segment, ...]]
    touched: Callable[[Migration], frozenset[str] | None]
    prints: Callable[[Sequence[Segment]], tuple[str, ...]]
    reformatted: Callable[[Migration], bool] = lambda _: False
    checkpoints: Mapping[tuple[str, str], Checkpoint] = field(default_factory=dict)

    def applied(self) -> dict[str, Entry]:
        """Return the history by version."""
        return {entry.version: entry for entry in self.entries}


def by_version(facts: Facts) -> dict[str, Migration]:
    """Return the migrations by version; of a versioned one and a baseline at its version the one that was applied."""
    applied = facts.applied()
    found: dict[str, Migration] = {}
    for item in facts.migrations:
        entry = applied.get(item.version)
        if item.version not in found or (entry is not None and entry.checksum == item.checksum):
            found[item.version] = item
    return found


def stands_alone(entry: Entry) -> bool:
    """Whether a row was made by `baseline` at a version that no file has: there is nothing to be missed."""
    return entry.name == BASELINE and not entry.checksum


def mark(entries: Iterable[Entry]) -> str:
    """Return a short text that changes whenever the history does."""
    lines = sorted(f"{entry.version} {entry.checksum} {entry.applied_at}" for entry in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def up(
    facts: Facts,
    *,
    to: str = "",
    count: int | None = None,
    out_of_order: OutOfOrder = OutOfOrder.SAFE,
    only: Collection[str] | None = None,
) -> Plan:
    """Plan the way forward to `to` (a version, `+N`, or "" for the newest), or by `count` migrations.

    With `only`, nothing but these versions. Raises PlanError where files and history do not agree, and UsageError at
    an unknown target.
    """
    _refuse_half_done(facts, Action.ROLLBACK, "finish it with `instar down`")
    notes = _agree(facts)
    pending = versioned(facts)
    late = late_ones(facts, pending)
    ordered = sort(pending, facts.migrations, facts.applied())
    if only is not None:
        ordered = [item for item in ordered if item.version in only]
    chosen = _until(ordered, facts, to, count)
    _check_order([item for item in late if item in chosen], facts, out_of_order)
    if len(chosen) == len(ordered) and count is None:
        chosen += [item for item in _again(facts) if only is None or item.version in only]
    steps = [_step(facts, item, Action.APPLY, late) for item in chosen]
    return _plan(facts, steps, notes)


def _again(facts: Facts) -> list[Migration]:
    return sort(repeatables(facts), facts.migrations, facts.applied())


def versioned(facts: Facts) -> list[Migration]:
    """Return the versioned migrations that are pending, and the baseline where it stands for the older ones."""
    applied = facts.applied()
    baseline = _baseline(facts)
    covered = {item.version for item in covers(facts, baseline)}
    return [
        item
        for item in facts.migrations
        if (item.kind is MigrationKind.VERSIONED and item.version not in applied and item.version not in covered)
        or item is baseline
    ]


def down(facts: Facts, *, to: str = "", count: int | None = None) -> Plan:
    """Plan the way back: the last one applied, the last `count`, or all that are newer than `to`.

    Raises PlanError when one of them has no `down`, or something that stays depends on it.
    """
    _refuse_half_done(facts, Action.APPLY, "finish it with `instar up`")
    files = by_version(facts)
    rows = [entry for entry in facts.entries if not entry.version.startswith("R__")]
    latest = _latest_first(rows, files)
    chosen = _back(latest, files, to, count)
    going = {entry.version for entry in chosen}
    views = _repeatables_on(going, facts) if len(chosen) < len(latest) else repeated(facts)
    steps = [_step(facts, item, Action.ROLLBACK) for item in views]
    steps += [_back_step(facts, files.get(entry.version), entry) for entry in chosen]
    _refuse_dependants({step.migration.version for step in steps}, facts, files)
    return _plan(facts, steps, ())


def _latest_first(entries: Sequence[Entry], files: Mapping[str, Migration]) -> list[Entry]:
    """Sort by time, newest first, what depends on another before it: times may be missing, or the same."""
    oldest = sorted(entries, key=lambda entry: _when(entry, files))
    there = {entry.version: entry for entry in oldest}
    names = _names(files.values())
    known = [files[entry.version] for entry in oldest if entry.version in files]
    needs = {item.version: {names.get(word, word) for word in item.header.dependencies} for item in known}
    if not any(needs.values()):
        return oldest[::-1]
    sorter = TopologicalSorter({version: needs.get(version, set()) & there.keys() for version in there})
    _prepare(sorter, files)
    position = {version: number for number, version in enumerate(there)}
    return [there[version] for version in _drain(sorter, position)][::-1]


def repeated(facts: Facts) -> list[Migration]:
    """Return the repeatables that are applied, those that others depend on last."""
    applied = facts.applied()
    found = [item for item in facts.migrations if item.kind is MigrationKind.REPEATABLE and item.version in applied]
    return sort(found, facts.migrations, applied)[::-1]


def _repeatables_on(going: Collection[str], facts: Facts) -> list[Migration]:
    """Return the applied repeatables that depend on a version in `going`, directly or through each other.

    They are undone first and forgotten, so that the next `up` makes them anew.
    """
    names, lost = _names(facts.migrations), set(going)
    found: list[Migration] = []
    for item in repeated(facts)[::-1]:
        if lost & {names.get(word, word) for word in item.header.dependencies}:
            lost.add(item.version)
            found.append(item)
    return found[::-1]


def sort(items: Sequence[Migration], known: Sequence[Migration], applied: Mapping[str, Entry]) -> list[Migration]:
    """Sort by dependency, then by version. Raises PlanError at unknown dependencies and at cycles, by name."""
    if not any(item.header.dependencies for item in items):
        return list(items)
    names = _names(known)
    wanted = {item.version: item for item in items}
    graph = {
        item.version: {_depends(item, word, names, applied) for word in item.header.dependencies} for item in items
    }
    sorter = TopologicalSorter({version: needs & wanted.keys() for version, needs in graph.items()})
    _prepare(sorter, wanted)
    position = {item.version: number for number, item in enumerate(items)}
    return [wanted[version] for version in _drain(sorter, position)]


def _prepare(sorter: "TopologicalSorter[str]", items: Mapping[str, Migration]) -> None:
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(items[version].label for version in error.args[1])
        message = f"migrations depend on each other in a circle: {circle}"
        raise PlanError(message, hint="take one dependency out") from None


def _drain(sorter: "TopologicalSorter[str]", position: Mapping[str, int]) -> Iterable[str]:
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for version in sorter.get_ready():
            heapq.heappush(ready, (position[version], version))
        _, version = heapq.heappop(ready)
        yield version
        sorter.done(version)


def _names(migrations: Iterable[Migration]) -> dict[str, str]:
    names = {item.name: item.version for item in migrations}
    return names | {item.version: item.version for item in migrations}


def _depends(item: Migration, word: str, names: Mapping[str, str], applied: Mapping[str, Entry]) -> str:
    found = names.get(word) or (word if word in applied else None)
    if found is not None and found.startswith("R__") and item.kind is not MigrationKind.REPEATABLE:
        raise PlanError(
            f"{item.label} depends on {word!r}, a repeatable: those run after all others",
            hint="make what it needs in a versioned migration",
            place=Place(item.path, 1),
        )
    if found is not None:
        return found
    raise PlanError(
        f"{item.label} depends on {word!r}, which is neither in the files nor applied",
        hint=did_you_mean(word, sorted(names)) if len(names) < 1000 else "",  # noqa: PLR2004 - a readable hint
        place=Place(item.path, 1),
    )


def _refuse_half_done(facts: Facts, action: Action, way_out: str) -> None:
    for checkpoint in facts.checkpoints.values():
        if checkpoint.action == action.value:
            raise PlanError(
                f"the {action.value} of {checkpoint.version} stopped half way, after {checkpoint.done} statements",
                hint=f"{way_out}, or see `instar repair`",
            )


def _agree(facts: Facts) -> tuple[str, ...]:
    """Refuse edited and missing migrations; return notes on what is odd and allowed."""
    files = by_version(facts)
    newest = max((item.order for item in facts.migrations), default=())
    notes: list[str] = []
    for entry in facts.entries:
        item = files.get(entry.version)
        if item is None:
            notes += _missing(entry, newest)
        elif item.kind is not MigrationKind.REPEATABLE and entry.checksum not in {None, "", item.checksum}:
            notes += _edited(facts, item)
    return tuple(notes)


def _missing(entry: Entry, newest: tuple[int, ...]) -> list[str]:
    """Note a version newer than every file, another branch's or release's; refuse an older one, which was deleted."""
    if stands_alone(entry):
        return []
    if entry.version.startswith("R__") or order_of(entry.version) > newest:
        return [f"{entry.version} {entry.name} is applied, and there is no file for it"]
    raise PlanError(
        f"{entry.version} {entry.name} is applied, but its file is missing",
        hint="bring the file back, or let `instar repair` forget it",
    )


def _edited(facts: Facts, item: Migration) -> list[str]:
    if facts.reformatted(item):
        return [f"{item.label} was reformatted since it was applied; its statements are the same"]
    raise PlanError(
        f"{item.label} was edited after it was applied",
        hint="undo the edit and write a new migration; if the database already is as the file says, `instar repair`",
        place=Place(item.path, 1),
    )


def order_of(version: str) -> tuple[int, ...]:
    """Return how a version from the history sorts among those of files."""
    return tuple(int(part) for part in version.replace("_", ".").split(".") if part.isdigit())


def _baseline(facts: Facts) -> Migration | None:
    """On a database without history, the newest baseline stands for all versions up to its own."""
    found = [item for item in facts.migrations if item.kind is MigrationKind.BASELINE]
    started = facts.entries or facts.checkpoints.keys() - {(item.version, Action.APPLY.value) for item in found}
    return None if started or not found else max(found, key=lambda item: item.order)


def covers(facts: Facts, baseline: Migration | None) -> tuple[Migration, ...]:
    """Return the migrations that a baseline stands for."""
    if baseline is None:
        return ()
    found = (item for item in facts.migrations if item.kind is MigrationKind.VERSIONED)
    return tuple(item for item in found if item.order <= baseline.order)


def late_ones(facts: Facts, pending: Sequence[Migration]) -> list[Migration]:
    """Return those of `pending` that are older than the newest applied one, and not begun already."""
    orders = [order_of(entry.version) for entry in facts.entries if not entry.version.startswith("R__")]
    newest = max(orders, default=())
    partial = {version for version, _ in facts.checkpoints}
    return [item for item in pending if item.order < newest and item.version not in partial]


def _check_order(late: Sequence[Migration], facts: Facts, policy: OutOfOrder) -> None:
    if policy is OutOfOrder.APPLY or not late:
        return
    for item in late:
        conflict = "it is older than what is applied" if policy is OutOfOrder.REFUSE else _conflict(item, facts)
        if conflict:
            raise PlanError(
                f"{item.label} is out of order: {conflict}",
                hint="give it a newer version, or apply it as it is with `instar up --out-of-order`",
                place=Place(item.path, 1),
            )


def _conflict(item: Migration, facts: Facts) -> str:
    """Say why a late migration might not commute with those applied after it; "" when it does."""
    mine = facts.touched(item)
    if mine is None:
        return "what it touches cannot be told from its text"
    files = {file.version: file for file in facts.migrations}
    for entry in facts.entries:
        later = files.get(entry.version)
        if (later.order if later else order_of(entry.version)) <= item.order or _is_repeatable(entry.version):
            continue
        if later is None or later.kind is not MigrationKind.VERSIONED:
            return f"what {entry.version} {entry.name}, applied already, touches cannot be told without its file"
        theirs = facts.touched(later)
        if theirs is None:
            return f"what {later.label}, applied already, touches cannot be told from its text"
        if common := mine & theirs:
            return f"{later.label}, applied already, touches {', '.join(sorted(common))} too"
    return ""


def _is_repeatable(version: str) -> bool:
    return version.startswith("R__")


def _until(ordered: list[Migration], facts: Facts, to: str, count: int | None) -> list[Migration]:
    if count is not None:
        return ordered[:count]
    if to in NEWEST:
        return ordered
    if to.startswith("+"):
        return ordered[: _number(to)]
    last = find(to, facts.migrations)
    wanted = {item.version for item in ordered if item.order <= last.order}
    chosen = [index for index, item in enumerate(ordered) if item.version in wanted]
    return ordered[: max(chosen, default=-1) + 1]


def _number(text: str) -> int:
    if not text[1:].isdigit() or not int(text[1:]):
        raise UsageError(f"{text!r} is not a number of migrations", hint="write +1 or +2")
    return int(text[1:])


def find(word: str, migrations: Sequence[Migration]) -> Migration:
    """Return the migration whose version or name is `word`. Raises UsageError with the nearest."""
    for item in migrations:
        if word in {item.version, item.name}:
            return item
    known = [item.version for item in migrations] + [item.name for item in migrations]
    raise UsageError(f"there is no migration {word!r}", hint=did_you_mean(word, known[-40:]))


def repeatables(facts: Facts) -> list[Migration]:
    """Return the repeatables that are new or have changed."""
    applied = facts.applied()
    found = (item for item in facts.migrations if item.kind is MigrationKind.REPEATABLE)
    return [item for item in found if item.version not in applied or applied[item.version].checksum != item.checksum]


def _step(facts: Facts, item: Migration, action: Action, late: Sequence[Migration] = ()) -> Step:
    segments = facts.cut(item, action)
    checkpoint = facts.checkpoints.get((item.version, action.value))
    if checkpoint is not None:
        _refuse_edited_past(item, checkpoint, segments, facts.prints(segments))
    covered = covers(facts, item) if item.kind is MigrationKind.BASELINE else ()
    notes = (*(["out of order: older than what is applied"] if item in late else []),
             *([f"stands for {len(covered)} older migrations"] if covered else []))  # fmt: skip
    return Step(
        item,
        action,
        segments,
        checkpoint,
        notes,
        again=item.kind is MigrationKind.REPEATABLE and item.version in facts.applied(),
        covers=tuple(other for other in covered if other.version != item.version),
    )


def combined(prints: Sequence[str]) -> str:
    """Return one fingerprint of a migration's statements, whatever their layout."""
    return hashlib.sha256("\n".join(prints).encode()).hexdigest()[:16]


def _refuse_edited_past(
    item: Migration, checkpoint: Checkpoint, segments: Sequence[Segment], now: Sequence[str]
) -> None:
    """Refuse where what has run already no longer stands in the file: the rest might not fit to it."""
    statements = [statement for segment in segments for statement in segment.statements]
    for index, before in enumerate(checkpoint.fingerprints):
        if index < len(now) and now[index] == before:
            continue
        where = statements[index] if index < len(statements) else None
        which = f"{index + 1} of those" if index < checkpoint.done else f"{index + 1}, which was begun,"
        raise PlanError(
            f"{item.label} stopped after {checkpoint.done} statements, and number {which} was edited since",
            hint="restore that statement; edit only what has not run yet, or see `instar repair`",
            place=Place(where.file, where.line, where.column, where.text.partition("\n")[0]) if where else None,
        )


def _when(entry: Entry, files: Mapping[str, Migration]) -> tuple[float, tuple[int, ...]]:
    item = files.get(entry.version)
    order = item.order if item else order_of(entry.version)
    return (entry.applied_at.timestamp() if entry.applied_at else 0.0, order)


def _back(latest: Sequence[Entry], files: Mapping[str, Migration], to: str, count: int | None) -> list[Entry]:
    if not to:
        return list(latest[: 1 if count is None else count])
    if to in NOTHING:
        return list(latest)
    if to.startswith("-"):
        return list(latest[: _number(to)])
    kept = find(to, list(files.values()))
    if kept.version not in {entry.version for entry in latest}:
        raise UsageError(f"{kept.label} is not applied", hint="`instar status` shows what is")
    return [entry for entry in latest if _when(entry, files)[1] > kept.order]


def _back_step(facts: Facts, item: Migration | None, entry: Entry) -> Step:
    if item is None and stands_alone(entry):
        raise PlanError(
            f"{entry.version} {entry.name} cannot be rolled back: the history begins with it",
            hint="what was there before instar came has no way back",
        )
    if item is None:
        raise PlanError(
            f"{entry.version} {entry.name} cannot be rolled back: its file is missing", hint="bring the file back"
        )
    if not item.reversible:
        raise PlanError(
            f"{item.label} cannot be rolled back: it has no down",
            hint="write what undoes it under -- migrate:down, or a new migration that does",
            place=Place(item.path, 1),
        )
    return _step(facts, item, Action.ROLLBACK)


def _refuse_dependants(going: set[str], facts: Facts, files: Mapping[str, Migration]) -> None:
    names = _names(facts.migrations)
    for entry in facts.entries:
        item = files.get(entry.version)
        if item is None or entry.version in going:
            continue
        for word in item.header.dependencies:
            if names.get(word, word) in going:
                raise PlanError(
                    f"{word} cannot be rolled back: {item.label}, which stays, depends on it",
                    hint=f"roll {item.version} back too",
                )


def _plan(facts: Facts, steps: Sequence[Step], notes: Sequence[str]) -> Plan:
    history = mark(facts.entries)
    lines = (f"{step.action} {step.migration.version} {step.migration.checksum}" for step in steps)
    text = "\n".join([history, *lines])
    return Plan(tuple(steps), history, hashlib.sha256(text.encode()).hexdigest()[:12], tuple(notes))
