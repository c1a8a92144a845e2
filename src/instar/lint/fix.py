"""Writes what rules propose into a migration's text: statements take the place of one, with BEGIN and COMMIT as needed.

A fix whose statements must not share a transaction needs borders around them. In instar's own layout a migration is
one transaction, but for what cannot be in one and for the script's own BEGIN and COMMIT; so each gets a pair of its
own, and a pair that stands there already is closed before and opened again behind. In another layout that is done
only where the author asked for no transaction: there each statement commits by itself.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from msgspec import Struct
from msgspec.structs import replace

from instar.dialects import CutError, Dialect
from instar.errors import InstarError
from instar.model import Finding, Fix, Kind, Migration, Script, Statement
from instar.source.script import statements
from instar.source.text import code_starts

_SECTIONS = ("up", "down", "contract")
_OWN = frozenset({"native", "loose"})
_SETTINGS = frozenset({Kind.SETTING, Kind.SETTING_LOCAL})
_BOUND = re.compile(
    r"(?:lock\b|savepoint\b|declare\b|set\s+(?:local|constraints)\b|create\s+(?:local\s+|global\s+)?temp(?:orary)?\b)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


class Left(Struct, frozen=True):
    """A finding that was not fixed, and why."""

    finding: Finding
    reason: str


class Fixed(Struct, frozen=True):
    """A file's new content, the migration as it is then, and what became of each finding that has a fix."""

    data: bytes
    migration: Migration
    done: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()


class _Edit(Struct, frozen=True, order=True):
    """Text that takes the place of `script.text[start:end]`."""

    start: int
    end: int
    text: str


class _Spot(Struct, frozen=True):
    """A statement among all of its script, BEGIN and COMMIT included."""

    section: str
    number: int
    script: Script
    statements: tuple[Statement, ...]
    index: int

    @property
    def statement(self) -> Statement:
        return self.statements[self.index]

    @property
    def place(self) -> tuple[str, int]:
        """Which script of the migration it is in."""
        return self.section, self.number

    def begins(self, at: int) -> int:
        """Return the character of the script's text at which statement `at` begins."""
        ahead = self.statements[at].offset - self.script.offset
        return len(self.script.text.encode()[:ahead].decode(errors="replace"))

    def ends(self, at: int) -> int:
        """Return the character behind statement `at`, without its semicolon."""
        return self.begins(at) + len(self.statements[at].text)

    @property
    def block(self) -> tuple[int, int] | None:
        """The statements that are the BEGIN and COMMIT around this one."""
        first = next((at for at in range(self.index, -1, -1) if self.statements[at].kind in _BORDERS), None)
        if first is None or self.statements[first].kind is not Kind.BEGIN:
            return None
        last = next((at for at in range(self.index, len(self.statements)) if self._commits(at)), None)
        return None if last is None else (first, last)

    def _commits(self, at: int) -> bool:
        return self.statements[at].kind is Kind.COMMIT


_BORDERS = frozenset({Kind.BEGIN, Kind.COMMIT})


def fixable(finding: Finding) -> bool:
    """Whether a finding has a fix that may be written: it counts, is certain, and the schema stays the same."""
    counts = not finding.suppressed and not finding.baseline
    return counts and finding.fix is not None and finding.fix.same and not finding.unknown


def fix(data: bytes, file: str, migration: Migration, findings: Sequence[Finding], dialect: Dialect) -> Fixed:
    """Write the fixes of `findings` into the content of `file`, one of the migration's.

    Of two fixes that meet, in one statement or one BEGIN ... COMMIT, the second is left for the next time.
    """
    spots = list(_spots(migration, file, dialect))
    edits: dict[tuple[str, int], list[_Edit]] = {}
    done: list[Finding] = []
    left: list[Left] = []
    for finding in findings:
        spot = _spot_of(finding, spots)
        made = (
            "the statement is not found any more" if spot is None else _edits(data, spot, finding, migration, dialect)
        )
        if isinstance(made, str):
            left.append(Left(finding, made))
        elif spot is None or _meets(edits.get(spot.place, []), made, spot):
            left.append(Left(finding, "another fix changes the same lines: run it again"))
        else:
            edits.setdefault(spot.place, []).extend(made)
            done.append(finding)
    fresh, changed = _applied(data, file, migration, edits)
    broken = _broken(changed, dialect) if done else ""
    if broken:
        return Fixed(data, migration, (), (*left, *(Left(item, broken) for item in done)))
    return Fixed(fresh, changed, tuple(done), tuple(left))


def _spots(migration: Migration, file: str, dialect: Dialect) -> Iterator[_Spot]:
    for section in _SECTIONS:
        for number, script in enumerate(getattr(migration, section)):
            if script.file == file:
                found = statements(script, dialect)
                yield from (_Spot(section, number, script, found, index) for index in range(len(found)))


def _spot_of(finding: Finding, spots: Sequence[_Spot]) -> _Spot | None:
    """Return the statement inside which a finding's place is."""
    place = (finding.place.line, finding.place.column)
    ahead = [spot for spot in spots if (spot.statement.line, spot.statement.column) <= place]
    return max(ahead, key=lambda spot: spot.statement.offset, default=None)


def _meets(known: Sequence[_Edit], made: Sequence[_Edit], spot: _Spot) -> bool:
    """Whether edits overlap others, or their BEGIN ... COMMIT holds another one."""
    first, last = min(item.start for item in made), max(item.end for item in made)
    if spot.block is not None:
        first, last = min(first, spot.begins(spot.block[0])), max(last, spot.ends(spot.block[1]))
    return any(item.start < last and first < item.end for item in known)


def _edits(data: bytes, spot: _Spot, finding: Finding, migration: Migration, dialect: Dialect) -> list[_Edit] | str:
    """Return what to change for a finding, or why nothing is."""
    proposed = finding.fix
    assert proposed is not None
    if not fixable(finding):
        return f"not certain: {finding.unknown}" if finding.unknown else "the schema might not be the same"
    raw = spot.script.text.encode()
    if data[spot.script.offset : spot.script.offset + len(raw)] != raw:
        return "the script holds placeholders: what runs is not what stands in the file"
    lost = [item for item in _COMMENT.findall(spot.statement.text) if item not in proposed.sql]
    if lost:
        return f"the comment {lost[0].strip()!r} inside the statement would be lost"
    parts = _parts(proposed, dialect)
    if parts is None:
        return "the rewrite is not understood as SQL"
    if not _must_part(proposed, parts):
        text = "\n".join(f"{part.text};" for part in parts)
        return [_replacing(spot, text)]
    reason = _inseparable(spot, migration)
    return reason or _apart(spot, parts)


def _parts(proposed: Fix, dialect: Dialect) -> tuple[Statement, ...] | None:
    try:
        found = statements(Script(proposed.sql, ""), dialect)
    except InstarError:
        return None
    wrong = any(dialect.analyse(part.text, dialect.schema()).error for part in found)
    return None if wrong else found


def _must_part(proposed: Fix, parts: Sequence[Statement]) -> bool:
    return proposed.segments or any(part.kind is Kind.OUTSIDE for part in parts)


def _inseparable(spot: _Spot, migration: Migration) -> str:
    """Say why the script's transaction cannot be parted here, "" when it can."""
    if spot.script.transaction is True:
        return (
            "transaction:true asks for one transaction, which the rewrite would part: take it away, then run this again"
        )
    if spot.script.units:
        return "the author has marked what is one statement"
    if migration.format not in _OWN and spot.script.transaction is not False:
        return f"{migration.format} runs the file in one transaction: mark it so that it does not, then run this again"
    bound = next((item for item in spot.statements if _BOUND.match(item.text)), None)
    if bound is not None:
        words = " ".join(bound.text.split()[:3])
        return f"{words} on line {bound.line} holds for one transaction only, which would be parted"
    return ""


# Borders


class _Group(Struct):
    """Lines that belong together: a statement, with BEGIN and COMMIT around it where it needs them."""

    lines: list[str]


def _apart(spot: _Spot, parts: Sequence[Statement]) -> list[_Edit]:
    """Give each statement its own transaction."""
    block = spot.block
    begin = f"{spot.statements[block[0]].text};" if block else "BEGIN;"
    commit = f"{spot.statements[block[1]].text};" if block else "COMMIT;"
    wrapped = _wrapped(spot, parts, block)
    groups = [_group(part, begin, commit, wrap=wrapped) for part in parts]
    edits: list[_Edit] = []
    if block is not None:
        edits += _open_and_close(spot, groups, block, begin, commit)
    _repeat_timeouts(spot, groups)
    rows = _rows(groups)
    if spot.statement.directives:
        first = next(at for at, row in enumerate(rows) if row and not _is_border(row))
        edits += [_above(spot, rows[:first])] if first else []
        rows = rows[first:]
    return [*edits, _replacing(spot, _joined(spot, rows))]


def _wrapped(spot: _Spot, parts: Sequence[Statement], block: tuple[int, int] | None) -> bool:
    """Whether BEGIN and COMMIT are needed: not where everything around commits by itself anyway."""
    inside = [part for part in parts if part.kind is not Kind.OUTSIDE]
    if block is not None or len(inside) > 1:
        return block is not None or spot.script.transaction is not False
    if spot.script.transaction is False:
        return False
    # One statement inside a transaction: do its neighbours end theirs?
    before = spot.statements[: spot.index]
    after = spot.statements[spot.index + 1 :]
    ends = not before or before[-1].kind in _ENDS or parts[0].kind is Kind.OUTSIDE
    starts = not after or after[0].kind in _STARTS or parts[-1].kind is Kind.OUTSIDE
    return not (ends and starts)


_ENDS = frozenset({Kind.COMMIT, Kind.OUTSIDE})
_STARTS = frozenset({Kind.BEGIN, Kind.OUTSIDE})


def _group(part: Statement, begin: str, commit: str, *, wrap: bool) -> _Group:
    text = f"{part.text};"
    return _Group([text]) if part.kind is Kind.OUTSIDE or not wrap else _Group([begin, text, commit])


def _open_and_close(
    spot: _Spot, groups: list[_Group], block: tuple[int, int], begin: str, commit: str
) -> Iterator[_Edit]:
    """Close the BEGIN ... COMMIT around the statement before it, and open it again behind; drop a pair left empty."""
    first, last = block
    if any(item.kind not in _SETTINGS for item in spot.statements[first + 1 : spot.index]):
        groups.insert(0, _Group([commit]))
    else:
        yield _deleting(spot, first)
    if last > spot.index + 1:
        groups.append(_Group([begin]))
    else:
        yield _deleting(spot, last)


def _rows(groups: Sequence[_Group]) -> list[str]:
    """Return the lines of all groups, with an empty one between two unless both are a single line."""
    rows = list(groups[0].lines)
    for before, group in pairwise(groups):
        if not len(before.lines) == len(group.lines) == 1:
            rows.append("")
        rows += group.lines
    return rows


def _joined(spot: _Spot, rows: Sequence[str]) -> str:
    newline, indent = _newline(spot.script), _indent(spot)
    return newline.join(f"{indent}{row}" if row else "" for row in rows).removeprefix(indent)


def _repeat_timeouts(spot: _Spot, groups: Sequence[_Group]) -> None:
    """Let a time-out that stands above the statement count for each statement that takes its place."""
    asked = [f"-- instar:{item.name} {item.arguments}" for item in spot.statement.directives if item.name == "timeout"]
    statement_groups = [group for group in groups if len(group.lines) != 1 or not _is_border(group.lines[0])]
    for group in statement_groups[1:]:
        at = 1 if len(group.lines) > 1 else 0
        group.lines[at:at] = asked


def _is_border(line: str) -> bool:
    return line.upper().startswith(("BEGIN", "START", "COMMIT", "END"))


# Text


def _replacing(spot: _Spot, text: str) -> _Edit:
    """Put a text in the place of the statement; the semicolon that stands behind it already serves the last one."""
    start, end = spot.begins(spot.index), spot.ends(spot.index)
    after = code_starts(spot.script.text, end, len(spot.script.text))
    if spot.script.text[after : after + 1] == ";":
        text = text.removesuffix(";")
    return _Edit(start, end, text)


def _above(spot: _Spot, lines: Sequence[str]) -> _Edit:
    """Insert lines above the first directive of the statement, which must stay next to it."""
    row = min(item.line for item in spot.statement.directives) - spot.script.line
    start = [0, *accumulate(len(line) + 1 for line in spot.script.text.split("\n"))][row]
    newline = _newline(spot.script)
    return _Edit(start, start, "".join(f"{_indent(spot) if line else ''}{line}{newline}" for line in lines))


def _deleting(spot: _Spot, at: int) -> _Edit:
    """Take a BEGIN or COMMIT away, with its semicolon and its line where nothing else stands on it."""
    text = spot.script.text
    start, end = spot.begins(at), spot.ends(at)
    after = code_starts(text, end, len(text))
    end = after + 1 if text[after : after + 1] == ";" else end
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    if not text[line_start:start].strip() and not text[end:line_end].strip():
        return _Edit(line_start, line_end, "")
    return _Edit(start, end, "")


def _indent(spot: _Spot) -> str:
    text, start = spot.script.text, spot.begins(spot.index)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return before if not before.strip() else ""


def _newline(script: Script) -> str:
    return "\r\n" if "\r\n" in script.text else "\n"


# Putting it together


def _applied(
    data: bytes, file: str, migration: Migration, edits: dict[tuple[str, int], list[_Edit]]
) -> tuple[bytes, Migration]:
    """Return the file's new content, and the migration with its scripts changed and moved."""
    scripts = [
        (section, number, script)
        for section in ("before", *_SECTIONS, "after")
        for number, script in enumerate(getattr(migration, section))
    ]
    fresh: dict[str, list[Script]] = {}
    lines = moved = 0
    pieces, position = [], 0
    for section, number, script in sorted(scripts, key=lambda item: (item[2].file != file, item[2].offset)):
        made = script
        if script.file == file:
            text = _edited(script.text, edits.get((section, number), []))
            made = replace(script, text=text, line=script.line + lines, offset=script.offset + moved)
            pieces += [data[position : script.offset], text.encode()]
            position = script.offset + len(script.text.encode())
            lines += text.count("\n") - script.text.count("\n")
            moved += len(text.encode()) - len(script.text.encode())
        fresh.setdefault(section, [None] * len(getattr(migration, section)))[number] = made  # type: ignore[list-item]
    content = b"".join([*pieces, data[position:]])
    return content, replace(migration, **{section: tuple(found) for section, found in fresh.items()})


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _broken(migration: Migration, dialect: Dialect) -> str:
    """Say what would be wrong with the migration now, "" when it still is one."""
    from instar.segments import segments

    for section in _SECTIONS:
        for script in getattr(migration, section):
            try:
                segments(statements(script, dialect), transaction=script.transaction)
            except (InstarError, CutError) as error:
                return f"the rewrite would not be a migration: {error.message}"
    return ""
