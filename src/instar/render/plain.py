"""Aligned lines without colours, for pipes, files and CI logs."""

from collections.abc import Sequence
from itertools import chain

from instar.model import Attempt, Condition, Plan, Step
from instar.render import Repair, Report, _words, problem
from instar.render._table import table

STATUS_HEAD = ("", "VERSION", "NAME", "STATE", "APPLIED", "TOOK", "BY", "NOTE")
HISTORY_HEAD = ("ID", "STARTED", "VERSION", "ACTION", "STATUS", "TOOK", "BY", "MESSAGE")


def status(conditions: Sequence[Condition]) -> str:
    """Return a line per migration and a summary."""
    rows = [(_words.SYMBOLS[each.state], *_words.condition_cells(each)) for each in conditions]
    return "\n".join([*table(rows, STATUS_HEAD), _words.summary(conditions)])


def plan(plan: Plan) -> str:
    """Return what will be done: steps, segments, statements, notes."""
    if not plan.steps:
        return "\n".join([*(f"note: {note}" for note in plan.notes), "nothing to do"])
    steps = chain.from_iterable(_step(step) for step in plan.steps)
    notes = [f"note: {note}" for note in plan.notes]
    return "\n".join([*steps, *notes, *refused(plan), _words.plan_summary(plan)])


def refused(plan: Plan) -> list[str]:
    """Return what the environment's policy has against a plan."""
    return ["the policy does not let it run:", *problem.refusals(plan.refusals)] if plan.refusals else []


def history(attempts: Sequence[Attempt]) -> str:
    """Return a line per attempt."""
    rows = [_words.attempt_cells(attempt) for attempt in attempts]
    return "\n".join(table(rows, HISTORY_HEAD)) if rows else "no attempts"


def report(report: Report) -> str:
    """Return one sentence: how many migrations were done, in what time."""
    if not report.steps:
        return "nothing to do"
    kinds = dict.fromkeys(step.action for step in report.steps)
    parts = [
        f"{_words.past(kind)} {_words.count(sum(step.action == kind for step in report.steps), 'migration')}"
        for kind in kinds
    ]
    return f"{', '.join(parts)} in {_words.took(report.seconds)}"


def repairs(repairs: Sequence[Repair]) -> str:
    """Return a line per repair."""
    return "\n".join(table([(each.version, each.what) for each in repairs])) if repairs else "nothing to repair"


def _step(step: Step) -> list[str]:
    migration = step.migration
    lines = [f"{step.action} {migration.label}  {migration.path}"]
    extra = [_words.resumption(step), _words.code_line(migration, step.action)]
    lines += [f"  {text}" for text in extra if text]
    for segment in step.segments:
        lines.append(f"  {_words.segment_title(segment)}")
        lines += [f"  {_words.statement_line(statement)}" for statement in segment.statements]
    return [*lines, *(f"  note: {note}" for note in step.notes), ""]
