"""Tables, colours and live progress, for terminals. The only module that imports rich."""

import time
from collections.abc import Sequence
from itertools import chain
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from instar import events
from instar.model import Attempt, Condition, Plan, Segment, State, Step
from instar.render import Repair, Report, _words, plain
from instar.render.progress import said

_STYLES = {
    State.APPLIED: "green",
    State.PENDING: "cyan",
    State.PARTIAL: "bold yellow",
    State.EDITED: "bold red",
    State.REFORMATTED: "yellow",
    State.MISSING: "bold red",
    State.OUT_OF_ORDER: "bold yellow",
    State.CONTRACT_PENDING: "magenta",
    State.OUTDATED: "yellow",
}
_STATUSES = {"completed": "green", "failed": "bold red", "started": "yellow"}
_FLUSH_SECONDS = 0.1
_WRAPPED = ("NAME", "BY", "NOTE", "MESSAGE", "REPAIR")


def status(conditions: Sequence[Condition]) -> RenderableType:
    """Return a table with a line per migration and a summary."""
    rows = [_condition_row(condition) for condition in conditions]
    return Group(_table(plain.STATUS_HEAD, rows), Text(_words.summary(conditions), style="bold"))


def plan(plan: Plan) -> RenderableType:
    """Return what will be done: steps, segments with highlighted statements, notes."""
    notes = [Text(f"note: {note}", style="yellow") for note in plan.notes]
    if not plan.steps:
        return Group(*notes, Text("nothing to do", style="green"))
    steps = chain.from_iterable(_step(step) for step in plan.steps)
    refused = [Text(line, style="yellow") for line in plain.refused(plan)]
    return Group(*steps, *notes, *refused, Text(_words.plan_summary(plan), style="bold"))


def history(attempts: Sequence[Attempt]) -> RenderableType:
    """Return a table with a line per attempt."""
    if not attempts:
        return Text("no attempts")
    return _table(plain.HISTORY_HEAD, [_attempt_row(attempt) for attempt in attempts])


def report(report: Report) -> RenderableType:
    """Return one sentence: how many migrations were done, in what time."""
    return Text(plain.report(report), style="bold green" if report.steps else "green")


def repairs(repairs: Sequence[Repair]) -> RenderableType:
    """Return a table with a line per repair."""
    if not repairs:
        return Text("nothing to repair", style="green")
    return _table(("VERSION", "REPAIR"), [(Text(each.version, style="bold"), Text(each.what)) for each in repairs])


class Progress:
    """A bar at the bottom; what is done scrolls above it.

    Lines are written in batches: a thousand small migrations must not wait for the terminal.
    """

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Bar(*columns, TimeElapsedColumn(), console=console, transient=True)
        self._task = self._bar.add_task("connecting", total=1)
        self._lines: list[str] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take the bar away; what was done stays."""
        self._flush()
        self._bar.stop()

    def __call__(self, happened: events.Event) -> None:
        """Show what happened."""
        if isinstance(happened, events.RunStarted):
            self._bar.update(self._task, total=len(happened.plan.steps), description=escape(happened.server))
        elif isinstance(happened, events.MigrationStarted):
            self._bar.update(self._task, description=_doing(happened), completed=happened.number - 1)
        elif isinstance(happened, events.MigrationFinished):
            self._bar.update(self._task, completed=happened.number)
        self._say(_line(happened), now=not isinstance(happened, events.MigrationFinished))

    def _say(self, line: str, *, now: bool) -> None:
        if line:
            self._lines.append(line)
        if self._lines and (now or time.monotonic() - self._flushed > _FLUSH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            self._bar.console.print("\n".join(self._lines), highlight=False)
        self._lines, self._flushed = [], time.monotonic()


def _doing(started: events.MigrationStarted) -> str:
    return f"{_words.doing(started.action)} [bold]{escape(started.migration.label)}[/]"


def _line(happened: events.Event) -> str:
    if isinstance(happened, events.MigrationFinished):
        done = f"{_words.past(happened.action)} [bold]{escape(happened.migration.label)}[/]"
        return f"[green]✓[/] {done} [dim]{_words.took(happened.seconds)}[/]"
    if isinstance(happened, events.MigrationFailed):
        return f"[bold red]✗ {escape(happened.migration.label)}[/] failed after {_words.took(happened.seconds)}"
    if isinstance(happened, events.Verified):
        found = happened.verification
        style = "bold red" if found.failed or found.erroneous else "green"
    else:
        style = "dim" if isinstance(happened, events.Notice | events.RunStarted) else "yellow"
    text = said(happened)
    return f"[{style}]  {escape(text)}[/]" if text else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    used = [index for index in range(len(head)) if any(row[index].plain for row in rows)]
    for index in used:
        name = head[index]
        table.add_column(
            name, justify="right" if name == "TOOK" else "left", overflow="fold", no_wrap=name not in _WRAPPED
        )
    for row in rows:
        table.add_row(*(row[index] for index in used))
    return table


def _condition_row(condition: Condition) -> list[Text]:
    version, name, state, *rest = _words.condition_cells(condition)
    style = _STYLES[condition.state]
    symbol = _words.SYMBOLS[condition.state]
    first = (Text(symbol, style=style), Text(version, style="bold"), Text(name), Text(state, style=style))
    return [*first, *(Text(cell, style="dim") for cell in rest)]


def _attempt_row(attempt: Attempt) -> list[Text]:
    cells = [Text(cell) for cell in _words.attempt_cells(attempt)]
    cells[4].stylize(_STATUSES.get(attempt.status, ""))
    return cells


def _step(step: Step) -> list[RenderableType]:
    migration = step.migration
    title = Text.assemble((f"{step.action} ", "cyan"), (migration.label, "bold"), (f"  {migration.path}", "dim"))
    extra = [_words.resumption(step), _words.code_line(migration, step.action)]
    notes = [Text(f"  note: {note}", style="yellow") for note in step.notes]
    segments = chain.from_iterable(_segment(segment) for segment in step.segments)
    return [title, *(Text(f"  {text}", style="yellow") for text in extra if text), *segments, *notes, Text("")]


def _segment(segment: Segment) -> list[RenderableType]:
    style = "dim" if segment.transaction else "yellow"
    lines = "\n".join(_words.statement_line(statement) for statement in segment.statements)
    code = Syntax(lines, "sql", theme="ansi_dark", background_color="default", padding=(0, 2))
    return [Text(f"  {_words.segment_title(segment)}", style=style), code]
