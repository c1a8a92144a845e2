"""`-- instar:ignore RULE[, RULE]: reason` before, in or behind a statement: its findings are kept, and do not count.

Above the first statement of a file, or above its first section, it counts for what is said of the whole file too; in a
Python file, as `# instar:ignore`, anywhere.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from instar import registry
from instar.effects import Effect
from instar.judgement import Judged
from instar.lint import rules
from instar.lint.prints import belongs
from instar.model import Finding, Migration, Place, Script, Statement

UNREASONED = "no reason given"
"""What stands for the reason where there is none."""
ALWAYS = frozenset({"unreadable", "ignore-without-reason", "unused-ignore"})
"""Rules that cannot be ignored: they say that something was not looked at, or speak of ignoring itself."""
_LINE = re.compile(r"^(?P<code>[^\r\n]*?)(?:--|#)[ \t]*instar:ignore\b[ \t]*(?P<said>[^\r\n]*)", re.MULTILINE)


class Ignore(Struct, frozen=True):
    """One directive. `statement` is the index of its statement in the section, None where none follows it.

    `first` says that it also counts for the file as a whole. `lines` are those of the one statement that it stands
    above inside a block or a body; None: the whole statement.
    """

    names: tuple[str, ...]
    reason: str
    place: Place
    statement: int | None
    first: bool = False
    lines: tuple[int, int] | None = None

    def covers(self, finding: Finding, statements: Sequence[Statement]) -> bool:
        """Tell whether a finding is one of those that it is about."""
        if finding.rule not in self.names or finding.rule in ALWAYS:
            return False
        if finding.statement < 0:
            return self.first and finding.place.file == self.place.file
        if self.lines is not None and not self.lines[0] <= finding.place.line <= self.lines[1]:
            return False
        return self.statement is not None and belongs(finding, statements[self.statement], self.statement)


def ignores(scripts: Sequence[Script], statements: Sequence[Statement], effects: Sequence[Effect] = ()) -> list[Ignore]:
    """Return the directives of a section, in order. `statements` are all of the section's, `effects` what they do."""
    found: list[Ignore] = []
    for script in scripts:
        if "instar:ignore" in script.text:
            for match in _LINE.finditer(script.text):
                directive = _behind if match["code"].strip() else _above
                found += directive(script, match, statements, effects)
    return found


def of_section(
    migration: Migration, section: str, statements: Sequence[Statement], effects: Sequence[Effect] = ()
) -> list[Ignore]:
    """Return the directives that count for a section of a migration; those above all sections are of `up`."""
    scripts: tuple[Script, ...] = getattr(migration, section)
    return ignores((*migration.remarks, *scripts) if section == "up" else scripts, statements, effects)


@cache
def known() -> frozenset[str]:
    """Return the names of all rules, without importing any."""
    return frozenset({*registry.names(rules), *ALWAYS})


def mark(judged: Judged) -> Judged:
    """Return `judged` with the reason in every finding that a directive covers."""
    if not judged.findings:
        return judged
    findings = judged.findings
    for scripts, pairs in _sections(judged):
        findings = _marked(findings, scripts, pairs)
    return judged if findings is judged.findings else replace(judged, findings=findings)


def _sections(judged: Judged) -> Iterator[tuple[Sequence[Script], Sequence[tuple[Statement, Effect]]]]:
    migration = judged.migration
    yield (*migration.remarks, *migration.up), judged.up
    yield migration.down, judged.down
    yield migration.contract, judged.contract


def _marked(
    findings: tuple[Finding, ...], scripts: Sequence[Script], pairs: Sequence[tuple[Statement, Effect]]
) -> tuple[Finding, ...]:
    statements = [statement for statement, _ in pairs]
    found = ignores(scripts, statements, [effect for _, effect in pairs])
    if not found:
        return findings
    return tuple(_with_reason(finding, found, statements) for finding in findings)


def _with_reason(finding: Finding, found: Sequence[Ignore], statements: Sequence[Statement]) -> Finding:
    reasons = (ignore.reason or UNREASONED for ignore in found if ignore.covers(finding, statements))
    reason = next(reasons, "")
    return replace(finding, suppressed=reason) if reason and not finding.suppressed else finding


def _above(
    script: Script, match: re.Match[str], statements: Sequence[Statement], effects: Sequence[Effect]
) -> Iterator[Ignore]:
    """Yield the directive of a line of its own: it is about the statement that it stands in, or the next one."""
    line = _line(script, match.start())
    ours = _ours(script, statements)
    about = next((index for index in ours if _last(statements[index]) >= line), None)
    first = not ours or about == ours[0]
    known = about is not None and about < len(effects)
    lines = _below(statements[about], effects[about], line) if known and about is not None else None
    yield _ignore(script, match, about, first=first, lines=lines)


def _behind(
    script: Script, match: re.Match[str], statements: Sequence[Statement], effects: Sequence[Effect]
) -> Iterator[Ignore]:
    """Yield the directive that ends a line: it is about the statement before it. In a comment or a text it is none."""
    code = match["code"].lstrip()
    if code.startswith("#") or "--" in code:
        return
    ours = _ours(script, statements)
    line, column = _line(script, match.start()), len(match["code"]) + 1
    before = [index for index in ours if (statements[index].line, statements[index].column) < (line, column)]
    if not before:
        if not ours:
            yield _ignore(script, match, None, first=True)
        return
    about = before[-1]
    statement = statements[about]
    written = "\n".join(script.text[: match.end("code")].split("\n")[statement.line - script.line :])
    if written[statement.column - 1 :].count("'") % 2:
        return
    lines = _beside(statement, effects[about], line) if about < len(effects) else None
    yield _ignore(script, match, about, lines=lines)


def _ignore(
    script: Script,
    match: re.Match[str],
    about: int | None,
    *,
    first: bool = False,
    lines: tuple[int, int] | None = None,
) -> Ignore:
    names, _, reason = match["said"].partition(":")
    column = match.start("said") - match.start() + 1
    place = Place(script.file, _line(script, match.start()), column, match[0])
    return Ignore(tuple(re.findall(r"[\w-]+", names)), reason.strip(), place, about, first, lines)


def _ours(script: Script, statements: Sequence[Statement]) -> list[int]:
    return [index for index, each in enumerate(statements) if each.file == script.file and _lies_in(script, each)]


def _line(script: Script, position: int) -> int:
    return script.line + script.text.count("\n", 0, position)


def _below(statement: Statement, effect: Effect, line: int) -> tuple[int, int] | None:
    """Return the lines of the statement inside a block that stands next below a line of the block."""
    if line <= statement.line or not effect.inner:
        return None
    below = (item for item in _starts(statement, effect) if item[0] > line)
    first, part = min(below, key=lambda item: item[0], default=(0, None))
    return (first, first + part.text.rstrip().count("\n")) if part is not None else (line, line)


def _beside(statement: Statement, effect: Effect, line: int) -> tuple[int, int] | None:
    """Return the lines of the statement inside a block that has begun last in a line of the block, or before."""
    begun = [item for item in _starts(statement, effect) if item[0] <= line]
    if not begun or line >= _last(statement):
        return None
    first, part = max(begun, key=lambda item: item[0])
    return first, first + part.text.rstrip().count("\n")


def _starts(statement: Statement, effect: Effect) -> list[tuple[int, Effect]]:
    """Return the statements inside a block, each with the line that it begins in."""
    inner = (part for outer in effect.inner for part in (outer, *outer.inner))
    return [(statement.line + statement.text.count("\n", 0, part.offset), part) for part in inner]


def _lies_in(script: Script, statement: Statement) -> bool:
    return script.line <= statement.line <= script.line + script.text.count("\n")


def _last(statement: Statement) -> int:
    return statement.line + statement.text.count("\n")
