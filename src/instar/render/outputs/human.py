"""For people: every finding with its line, a caret, why, what to do, and the rewrite in full."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from instar.judgement import Judged, Level, Risk
from instar.model import Finding, Severity, Statement
from instar.render._caret import excerpt, where
from instar.render._words import count
from instar.render.outputs import Result
from instar.render.outputs._said import apart, statement_of, summary, weight
from instar.spans import seconds

if TYPE_CHECKING:
    from rich.text import Text

Span = tuple[str, str]
Line = tuple[Span, ...]

QUOTES = True
_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan", "unknown": "bold magenta"}
_LEVELS = {Level.LOW: "green", Level.MEDIUM: "yellow", Level.HIGH: "bold red"}
_BEFORE, _AFTER = 2, 1
_A = {Severity.ERROR: "an error", Severity.WARNING: "a warning", Severity.INFO: "a remark"}
_FEW = 10
"""So many migrations are all named with their risk; of more, only those with findings."""


def text(result: Result) -> str:
    """Return lines without colours."""
    return "\n".join("".join(part for part, _ in line).rstrip() for line in _lines(result))


def rich(result: Result) -> "Text":
    """Return the same with colours, for a terminal."""
    from rich.text import Text

    made = Text()
    for index, line in enumerate(_lines(result)):
        made.append("\n" if index else "")
        for part, style in line:
            made.append(part, style=style)
    return made


def _lines(result: Result) -> Iterator[Line]:
    verdicts = result.verdicts
    counted = {id(item) for item in verdicts.counted}
    few = len(verdicts.judged) <= _FEW
    for judged in verdicts.judged:
        found = sorted((item for item in judged.findings if id(item) in counted), key=_by_place)
        if found or (few and judged.risk is not None):
            yield from _migration(judged, found)
    for note in verdicts.notes:
        yield ((f"note: {note}", "yellow"),)
    yield ((summary(verdicts), _summary_style(result)),)


def _by_place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.place.file, finding.place.line, finding.place.column, finding.rule


def _summary_style(result: Result) -> str:
    if result.failing:
        return "bold red"
    return "bold yellow" if result.verdicts.counted else "bold green"


def _migration(judged: Judged, found: Sequence[Finding]) -> Iterator[Line]:
    yield ((judged.migration.path, "bold underline"), *_risk(judged))
    if judged.risk and (found or judged.risk.level is not Level.LOW):
        yield from (((f"  {reason.level}: {reason.text}", "dim"),) for reason in judged.risk.reasons)
    if judged.risk:
        yield from (((line, "dim"),) for line in _times(judged.risk))
    yield ()
    for finding in found:
        yield from _finding(finding, statement_of(finding, judged))


def _risk(judged: Judged) -> Iterator[Span]:
    risk = judged.risk
    if risk is None:
        return
    yield "  risk ", ""
    yield risk.level.value, _LEVELS[risk.level]
    yield f", {count(risk.reviewers, 'reviewer')}, testing {risk.testing}, rollback {risk.rollback}", "dim"


def _times(risk: Risk) -> Iterator[str]:
    """Yield how long it takes, and for how long an application waits at most, where sizes are known."""
    if risk.duration and risk.duration.high:
        yield f"  takes {seconds(risk.duration.low, risk.duration.high)} ({risk.duration.basis})"
    if risk.blocked and risk.blocked.high:
        yield f"  blocks for {seconds(risk.blocked.low, risk.blocked.high)}"


def _finding(finding: Finding, statement: Statement | None) -> Iterator[Line]:
    style = _STYLES[weight(finding)]
    yield (f"{weight(finding)}", style), (f"[{finding.rule}] ", "dim"), (finding.message, "bold")
    yield ((f"  --> {where(finding.place)}", "cyan"),)
    yield from _frame(finding, statement, style)
    for word, said in (("why", finding.why), ("unknown", _fact(finding)), ("advice", finding.advice)):
        if said:
            yield (f"  {word}: ", "bold"), (said, "")
    if finding.fix:
        written = " (instar lint --fix writes it)" if finding.fix.same else ""
        yield (("  rewrite", "bold"), (f"{apart(finding.fix)}{written}:", "dim"))
        yield from (((f"    {line}", "green"),) for line in finding.fix.sql.splitlines())
    yield ()


def _fact(finding: Finding) -> str:
    weight = _A[finding.severity]
    return f"{weight} or nothing, depending on {finding.unknown}; --database URL decides" if finding.unknown else ""


def _frame(finding: Finding, statement: Statement | None, style: str) -> Iterator[Line]:
    """Yield the line with carets below what is meant, and the statement's lines around it."""
    place = finding.place
    lines = statement.text.split("\n") if statement else []
    row = place.line - statement.line if statement else 0
    shown = excerpt(place, finding.end)
    if not shown:
        return
    yield from (_context(statement, lines, index) for index in range(max(row - _BEFORE, 0), row))
    yield ((shown[0], ""),)
    yield ((shown[1], style),)
    yield from (_context(statement, lines, index) for index in range(row + 1, min(row + 1 + _AFTER, len(lines))))


def _context(statement: Statement | None, lines: Sequence[str], index: int) -> Line:
    assert statement is not None
    indent = " " * (statement.column - 1) if index == 0 else ""
    return ((f"{statement.line + index:>5} | {indent}{lines[index].rstrip()[:100]}".replace("\t", "    "), "dim"),)
