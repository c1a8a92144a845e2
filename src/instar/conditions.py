"""Files and history side by side: what `status` and `validate` say. Pure."""

from collections.abc import Mapping

from instar.model import Action, Condition, Entry, Migration, MigrationKind, State
from instar.plan import Facts, by_version, late_ones, order_of, stands_alone, versioned

WRONG = frozenset({State.EDITED, State.REFORMATTED, State.MISSING})


def conditions(facts: Facts, actors: Mapping[str, str]) -> list[Condition]:
    """Return one condition for every migration, file or row, in the order of versions, repeatables last."""
    applied, files = facts.applied(), by_version(facts)
    pending = {item.version for item in versioned(facts)}
    late = {item.version for item in late_ones(facts, versioned(facts))}
    found: list[tuple[tuple[bool, tuple[int, ...], str], Condition]] = []
    for item in facts.migrations:
        entry = applied.pop(item.version, None) if files[item.version] is item else None
        if entry is None and item.kind is not MigrationKind.REPEATABLE and item.version not in pending:
            continue
        state, note = _state(facts, item, entry, item.version in late)
        by = actors.get(item.version, "")
        condition = Condition(item.version, item.name, state, entry, item, by if entry else "", note)
        found.append(((item.kind is MigrationKind.REPEATABLE, item.order, item.name), condition))
    for entry in applied.values():
        rank = (entry.version.startswith("R__"), order_of(entry.version), entry.name)
        state, note = (State.APPLIED, "stands for all older ones") if stands_alone(entry) else (State.MISSING, "")
        by = actors.get(entry.version, "")
        found.append((rank, Condition(entry.version, entry.name, state, entry, None, by, note)))
    return [condition for _, condition in sorted(found, key=lambda pair: pair[0])]


def _state(facts: Facts, item: Migration, entry: Entry | None, late: bool) -> tuple[State, str]:  # noqa: FBT001
    for action in (Action.APPLY, Action.ROLLBACK):
        checkpoint = facts.checkpoints.get((item.version, action.value))
        if checkpoint is not None:
            unknown = ", and one whose end is unknown" if checkpoint.running is not None else ""
            return State.PARTIAL, f"{action.value} stopped after {checkpoint.done} statements{unknown}"
    if entry is None:
        return (State.OUT_OF_ORDER, "older than what is applied") if late else (State.PENDING, "")
    if entry.checksum not in {None, "", item.checksum}:
        if item.kind is MigrationKind.REPEATABLE:
            return State.OUTDATED, "changed: `up` runs it again"
        return (State.REFORMATTED if facts.reformatted(item) else State.EDITED), ""
    if item.contract:
        return State.CONTRACT_PENDING, "its contract section waits until the old application is gone"
    return State.APPLIED, ""
