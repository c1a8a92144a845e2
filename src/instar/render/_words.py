"""How times, states and statements are said, whatever the output."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from instar.model import Action, Attempt, Blocker, Condition, Migration, Plan, Segment, State, Statement, Step

SYMBOLS = {
    State.APPLIED: "✓",
    State.PENDING: "·",
    State.PARTIAL: "◐",
    State.EDITED: "!",
    State.REFORMATTED: "~",
    State.MISSING: "?",
    State.OUT_OF_ORDER: "!",
    State.CONTRACT_PENDING: "◑",
    State.OUTDATED: "↻",
}
_PAST = {
    Action.APPLY: "applied",
    Action.ROLLBACK: "rolled back",
    Action.BASELINE: "baselined",
    Action.REPAIR: "repaired",
}
_DOING = {
    Action.APPLY: "applying",
    Action.ROLLBACK: "rolling back",
    Action.BASELINE: "baselining",
    Action.REPAIR: "repairing",
}
_MILLISECOND, _MINUTE, _HOUR = 0.001, 60, 3600
_SHORT = 72


def past(action: str) -> str:
    """Return "applied" for "apply" and so on."""
    return _PAST[Action(action)]


def doing(action: str) -> str:
    """Return "applying" for "apply" and so on."""
    return _DOING[Action(action)]


def took(seconds: float | None) -> str:
    """Say a duration in the unit that fits: "12 ms", "3.4 s", "2 min 5 s", "1 h 4 min"."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= _MILLISECOND else "<1 ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"


def moment(when: datetime | None) -> str:
    """Say a point in time in the reader's time zone, to the second."""
    if when is None:
        return ""
    return (when.astimezone() if when.tzinfo else when).strftime("%Y-%m-%d %H:%M:%S")


def count(number: int, noun: str) -> str:
    """Say "1 migration", "2 migrations"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shortened(text: str, width: int = _SHORT) -> str:
    """Return `text` on one line, cut to `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def summary(conditions: Sequence[Condition]) -> str:
    """Say how many migrations are in which state: "12 applied, 2 pending"."""
    if not conditions:
        return "no migrations"
    numbers = Counter(condition.state for condition in conditions)
    return ", ".join(f"{numbers[state]} {state}" for state in State if numbers[state])


def condition_cells(condition: Condition) -> tuple[str, ...]:
    """Return the cells of a line of `status`: version, name, state, applied, took, by, note."""
    entry = condition.entry
    spent = entry.execution_time_ms if entry else None
    return (
        condition.version,
        condition.name,
        condition.state,
        moment(entry.applied_at) if entry else "",
        took(spent / 1000) if spent is not None else "",
        condition.by,
        condition.note,
    )


def attempt_cells(attempt: Attempt) -> tuple[str, ...]:
    """Return the cells of a line of `history`: number, started, version, action, status, took, by, message."""
    ended = attempt.completed_at
    spent = (ended - attempt.started_at).total_seconds() if ended and attempt.started_at else None
    return (
        str(attempt.id),
        moment(attempt.started_at),
        attempt.version,
        attempt.action,
        attempt.status,
        took(spent),
        str(attempt.context.get("actor") or ""),
        shortened(attempt.error_message) if attempt.error_message else _overridden(attempt),
    )


def _overridden(attempt: Attempt) -> str:
    """Say that a policy was overridden for this attempt, why, and what of it; "" when none was."""
    found = attempt.context.get("override")
    if not isinstance(found, Mapping):
        return ""
    refused = found.get("refused")
    keys = dict.fromkeys(str(each).partition(":")[0] for each in refused) if isinstance(refused, Sequence) else {}
    what = f" ({', '.join(keys)})" if keys else ""
    return " ".join(f"policy overridden{what}: {found.get('reason', '')}".split())


def segment_title(segment: Segment) -> str:
    """Say how a segment runs."""
    return "in one transaction" if segment.transaction else "outside a transaction"


def statement_line(statement: Statement) -> str:
    """Say a statement in one line, with its line in the file before it."""
    rows = statement.data.count("\n") if statement.data else 0
    return f"{statement.line:>5}  {shortened(statement.text)}" + (f"  ({count(rows, 'row')})" if rows else "")


def resumption(step: Step) -> str:
    """Say where a step goes on that an earlier attempt began; "" when it begins at the beginning."""
    if step.checkpoint is None or not step.checkpoint.done:
        return ""
    return f"continues after {count(step.checkpoint.done, 'statement')} that an earlier attempt has committed"


def code_line(migration: Migration, action: Action) -> str:
    """Say which Python function runs; "" for a migration in SQL."""
    if migration.code is None:
        return ""
    name = "down" if action is Action.ROLLBACK else "up"
    return (
        f"Python: {name}(connection) {'in one transaction' if migration.code.transaction else 'outside a transaction'}"
    )


def plan_summary(plan: Plan) -> str:
    """Say how much a plan holds."""
    segments = [segment for step in plan.steps for segment in step.segments]
    statements = sum(len(segment.statements) for segment in segments)
    return f"{count(len(plan.steps), 'migration')}, {count(statements, 'statement')}"


def blocker_line(blocker: Blocker) -> str:
    """Say who holds a lock: "pid 4711, app (psql), idle in transaction for 3 min 2 s: SELECT ..."."""
    application = f" ({blocker.application})" if blocker.application else ""
    state = f"{blocker.state} for " if blocker.state else "since "
    return f"pid {blocker.pid}, {blocker.user}{application}, {state}{took(blocker.seconds)}: {shortened(blocker.query)}"
