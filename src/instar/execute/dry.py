"""A plan as one SQL script: exactly the statements that would run, with their transactions and the history rows."""

from collections.abc import Iterator

from instar.dialects import Command, Dialect
from instar.history import LAYOUT, History
from instar.model import Action, Kind, Plan, Segment, Step
from instar.segments import left
from instar.source import backup


def script(plan: Plan, dialect: Dialect, history: History) -> str:
    """Return the script, with the tracking tables first where they are missing; "" when there is nothing to do.

    Its comments say what is instar's own; log rows and checkpoints are left out.
    """
    lines = [*_tables(history)] if plan.steps else []
    return "\n".join([*lines, *(line for step in plan.steps for line in _step(step, dialect, history))])


def _tables(history: History) -> Iterator[str]:
    """Create the tracking tables where they are missing; `history.sql` has them in the order of their creation."""
    if history.ready() and history.layout() is not None:
        return
    yield "-- the tracking tables"
    yield from (_filled(Command(text)) for name, text in history.sql.items() if name.startswith("create_"))
    yield _filled(history.command("meta_write", "layout", LAYOUT))
    yield ""


def _step(step: Step, dialect: Dialect, history: History) -> Iterator[str]:
    migration = step.migration
    yield f"-- {step.action.value} {migration.label} ({migration.path})"
    if migration.code is not None:
        yield "-- Python: only instar can run it, so it is left out here, and so is its row of history"
        yield ""
        return
    skipped = step.checkpoint.done if step.checkpoint else 0
    if skipped:
        yield f"-- {skipped} statements are done already"
    parts = left(step.segments, skipped)
    for number, segment in enumerate(parts):
        yield from _segment(segment, dialect, _record(step, history) if number + 1 == len(parts) else "")
    if not parts:
        yield from (f"{dialect.begin};", _record(step, history), "COMMIT;")
    yield ""


def _segment(segment: Segment, dialect: Dialect, record: str) -> Iterator[str]:
    if segment.transaction:
        yield f"{segment.begin.text if segment.begin else dialect.begin};"
    for statement in segment.statements:
        if statement.kind is Kind.RESTORE:
            yield f"{statement.text}  -- only instar can do this: it is left out here"
            continue
        for asked in backup.asked(statement):
            yield f"-- only instar can keep rows of {asked.table} here: it is left out"
        yield f"{statement.text};"
        if statement.data is not None:
            yield f"{statement.data}\\."
    if segment.transaction:
        yield from ([record] if record else [])
        yield "COMMIT;"
    elif record:
        yield from (f"{dialect.begin};", record, "COMMIT;")


def _record(step: Step, history: History) -> str:
    if step.action is Action.ROLLBACK:
        return _filled(history.command("delete", step.migration.version))
    return _filled(history.record(step.migration, 0, again=step.again))


def _filled(command: Command) -> str:
    parts = " ".join(command.text.split()).rstrip(";").split("%s")
    values = [*map(_literal, command.params or ()), ""]
    return "".join(map("".join, zip(parts, values, strict=True))) + ";"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
