"""For the comment of a pull request: risk, reviewers, locks per statement, findings with their rewrites."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from instar.effects import Effect
from instar.judgement import Estimate, Judged, Verdicts
from instar.model import Finding, Statement
from instar.render._words import count, shortened, took
from instar.render.outputs import Result
from instar.render.outputs._said import apart, counts, locks, sentence, summary, weight, work

MARK = "<!-- instar lint -->"
"""Stands first, so that a later run finds the comment that it is to replace."""
_LONGEST = 60_000
"""A comment of GitHub may have 65,536 characters."""
_STATEMENT = 60


def text(result: Result) -> str:
    """Return the comment. Details that would make it too long are left out, and that is said."""
    verdicts = result.verdicts
    head = [MARK, f"### instar lint: {_prose(summary(verdicts))}", ""]
    head += [f"> {_prose(note)}" for note in verdicts.notes] + [""] * bool(verdicts.notes)
    body = "\n".join([*head, *_table(verdicts), ""])
    left = 0
    for judged in verdicts.judged:
        part = "\n".join(_details(judged, _counted(judged, verdicts)))
        if len(body) + len(part) > _LONGEST:
            left += bool(part)
        elif part:
            body += f"\n{part}\n"
    return body + (f"\nDetails of {count(left, 'migration')} are left out.\n" if left else "")


def _counted(judged: Judged, verdicts: Verdicts) -> list[Finding]:
    counted = {id(item) for item in verdicts.counted}
    return [item for item in judged.findings if id(item) in counted]


def _table(verdicts: Verdicts) -> Iterator[str]:
    if not verdicts.judged:
        return
    yield "| migration | risk | reviewers | testing | rollback | blocks for | takes | findings |"
    yield "|---|---|---|---|---|---|---|---|"
    for judged in verdicts.judged:
        yield f"| {' | '.join(_cells(judged, _counted(judged, verdicts)))} |"


def _cells(judged: Judged, found: Sequence[Finding]) -> tuple[str, ...]:
    risk = judged.risk
    named = f"{_code(judged.migration.version)} {_cell(judged.migration.name)}"
    said = _numbers(found) or "none"
    if risk is None:
        return (named, "", "", "", "", "", "", said)
    level = f"**{risk.level.upper()}**" + (", downtime" if risk.downtime else "")
    times = (_estimate(risk.blocked), _estimate(risk.duration))
    return (named, level, str(risk.reviewers), risk.testing, risk.rollback, *times, said)


def _estimate(estimate: Estimate | None) -> str:
    return f"{took(estimate.low)} to {took(estimate.high)}" if estimate else ""


def _numbers(found: Sequence[Finding]) -> str:
    return counts(Counter(weight(item) for item in found))


def _details(judged: Judged, found: Sequence[Finding]) -> Iterator[str]:
    sections = (("", judged.up), ("down", judged.down), ("contract", judged.contract))
    locking = [
        (section, statement, effect)
        for section, pairs in sections
        for statement, effect in pairs
        if locks(effect) or effect.work or effect.error
    ]
    reasons = judged.risk.reasons if judged.risk else ()
    if not (locking or found or reasons):
        return
    opened = " open" if found else ""
    title = ": ".join(part for part in (_html(judged.migration.path), _numbers(found)) if part)
    yield f"<details{opened}><summary>{title}</summary>"
    yield ""
    yield from (f"- {reason.level.upper()}: {_prose(reason.text)}" for reason in reasons)
    yield from [""] * bool(reasons)
    yield from _lock_table(locking)
    for finding in found:
        yield from _finding(finding)
    yield "</details>"


def _lock_table(found: Sequence[tuple[str, Statement, Effect]]) -> Iterator[str]:
    """Write a line for each statement; those of `down` and `contract`, which run another time, say so."""
    if not found:
        return
    yield "| line | statement | locks | work |"
    yield "|---|---|---|---|"
    for section, statement, effect in found:
        line = f"{statement.line}, {section}" if section else str(statement.line)
        held = "<br>".join(_lock(*item) for item in locks(effect)) or "none"
        done = "<br>".join(_cell(work(item)) for item in effect.work) or _cell(effect.error)
        yield f"| {line} | {_code(shortened(statement.text, _STATEMENT))} | {held} | {done} |"
    yield ""


def _lock(relation: str, mode: str, blocks: str) -> str:
    return f"{_code(relation)} {mode}" + (f" (blocks {blocks})" if blocks else "")


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{weight(finding)}** `{finding.rule}`, line {finding.place.line}: {_prose(finding.message)}"
    yield ""
    facts = f"It depends on {finding.unknown}." if finding.unknown else ""
    parts = (_prose(sentence(part)) for part in (finding.why, facts, finding.advice) if part)
    yield from (f"- {part}" for part in parts)
    yield ""
    if finding.fix:
        yield f"Rewrite{apart(finding.fix)}:"
        yield from _fenced(finding.fix.sql)


def _fenced(sql: str) -> Iterator[str]:
    fence = "`" * max(3, _longest_run(sql) + 1)
    yield f"{fence}sql"
    yield sql.rstrip("\n")
    yield fence
    yield ""


def _code(text: str) -> str:
    """Return a code span for a cell of a table: longer fences around backticks, and no bar that ends the cell."""
    if not text:
        return ""
    fence = "`" * (_longest_run(text) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{_one_line(text)}{space}{fence}".replace("|", "\\|")


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")


def _prose(text: str) -> str:
    """Return text in which nothing is markup, but for `code` that a message holds itself."""
    parts = re.split("(`[^`]*`)", _one_line(text))
    return "".join(part if part.startswith("`") else re.sub(r"([*_\[\]\\~`])", r"\\\1", _html(part)) for part in parts)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
