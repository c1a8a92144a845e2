"""What stands against the next run and can be settled by a decision: found first, changed only when asked."""

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from instar.dialects import Command, Dialect, Probe, Session
from instar.errors import UsageError
from instar.execute.work import statement_at
from instar.history import History
from instar.model import Action, Attempt, Checkpoint, Migration, State
from instar.plan import Facts, by_version
from instar.source.script import print_of


class Repair(Struct, frozen=True):
    """One thing to settle. `what` says it in a sentence; `choices`, where there are any, are the ways to settle it.

    `kind` is "checksum", "missing", "interrupted", "ambiguous" or "abandon"; `choice` is the way that was chosen.
    """

    version: str
    kind: str
    what: str
    choices: tuple[str, ...] = ()
    choice: str = ""

    def choose(self, choice: str) -> "Repair":
        """Return this repair with a decision. Raises UsageError at one that it does not offer."""
        if choice not in self.choices:
            raise UsageError(f"{choice!r} is no way to settle {self.version}", hint=f"say {' or '.join(self.choices)}")
        return replace(self, choice=choice)


def find(facts: Facts, unfinished: Sequence[Attempt], session: Session, states: Mapping[str, State]) -> list[Repair]:
    """Return what `repair` would settle, most urgent first."""
    found = [item for point in facts.checkpoints.values() if (item := _half_done(facts, point, session))]
    for row in unfinished:
        what = f"the {row.action} of {row.version} (log row {row.id}) never ended: it is marked as failed"
        found.append(Repair(row.version, "interrupted", what))
    files = by_version(facts)
    for entry in facts.entries:
        state = states.get(entry.version)
        if state in {State.EDITED, State.REFORMATTED}:
            what = f"{files[entry.version].label} was {state}: the history takes the checksum of its file as it is now"
            found.append(Repair(entry.version, "checksum", what))
        elif state is State.MISSING:
            what = f"{entry.version} {entry.name} has no file: the history forgets it"
            found.append(Repair(entry.version, "missing", what))
    return found


def _half_done(facts: Facts, point: Checkpoint, session: Session) -> Repair | None:
    item = next((item for item in facts.migrations if item.version == point.version), None)
    name = item.label if item else point.version
    stopped = f"the {point.action} of {name} stopped after {point.done} statements"
    if item is None or _edited_past(facts, item, point):
        what = f"{stopped}, and its file no longer has those: forget how far it came, so that it starts from its top"
        return Repair(point.version, "abandon", what)
    if point.running is None:
        return None
    segments = facts.cut(item, Action(point.action))
    statement = statement_at(segments, point.running)
    if statement is None or session.probe(statement, point.probe) is not Probe.UNKNOWN:
        return None
    text = " ".join(statement.text.split())[:60]
    what = f"{stopped}; nobody knows whether number {point.running + 1} took effect ({text})"
    return Repair(point.version, "ambiguous", what, ("applied", "not-applied"))


def _edited_past(facts: Facts, item: Migration, point: Checkpoint) -> bool:
    prints = facts.prints(facts.cut(item, Action(point.action)))
    return tuple(prints[: len(point.fingerprints)]) != point.fingerprints


def carry_out(
    repairs: Sequence[Repair],
    facts: Facts,
    history: History,
    dialect: Dialect,
    unfinished: Sequence[Attempt],
    context: str,
) -> None:
    """Write what was decided, all in one transaction, each with a log row.

    Raises UsageError when an ambiguous one comes without a decision.
    """
    if not repairs:
        return
    session = history.session
    session.run([Command(dialect.begin), *session.opening()])
    try:
        for repair in repairs:
            session.run(_commands(repair, facts, history, dialect, unfinished))
            outcome = session.run([history.start(repair.version, Action.REPAIR, context)])[0]
            assert outcome.rows
            session.run([history.finish(int(str(outcome.rows[0][0])), "completed", context)])
        session.run([*session.durable(), Command("COMMIT")])
    except BaseException:
        session.run([Command("ROLLBACK")])
        raise


def _commands(
    repair: Repair, facts: Facts, history: History, dialect: Dialect, unfinished: Sequence[Attempt]
) -> list[Command]:
    if repair.kind == "checksum":
        item = by_version(facts)[repair.version]
        return [history.command("rechecksum", item.checksum, item.version)]
    if repair.kind == "missing":
        return [history.command("delete", repair.version)]
    if repair.kind == "interrupted":
        message = "interrupted: settled by repair"
        rows = [row for row in unfinished if row.version == repair.version]
        return [history.finish(row.id, "failed", json.dumps(dict(row.context)), message) for row in rows]
    points = [point for point in facts.checkpoints.values() if point.version == repair.version]
    if repair.kind == "abandon":
        return [history.clear(point.version, point.action) for point in points]
    return [history.save(_settled(repair, point, facts, dialect)) for point in points if point.running is not None]


def _settled(repair: Repair, point: Checkpoint, facts: Facts, dialect: Dialect) -> Checkpoint:
    if repair.choice not in repair.choices:
        raise UsageError(f"{repair.what}: this needs a decision", hint=f"say {' or '.join(repair.choices)}")
    if repair.choice == "not-applied":
        return replace(point, fingerprints=point.fingerprints[: point.done], running=None, probe=None)
    item = next(item for item in facts.migrations if item.version == point.version)
    assert point.running is not None
    statement = statement_at(facts.cut(item, Action(point.action)), point.running)
    assert statement is not None
    prints = (*point.fingerprints[: point.done], print_of(statement, dialect))
    return Checkpoint(point.version, point.action, point.done + 1, prints)
