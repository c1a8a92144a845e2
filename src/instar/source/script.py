"""A script's text becomes statements: cut by the dialect, with their place in the file and their directives."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator

from instar.dialects import CutError, Dialect
from instar.errors import SourceError
from instar.model import Directive, Kind, Piece, Place, Script, Statement
from instar.registry import did_you_mean
from instar.source import backup

_DIRECTIVE = re.compile(r"^[ \t]*--[ \t]*instar:([\w-]*)[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_KNOWN = ("backup", "batch", "idempotent", "ignore", "online", "restore", "timeout")
_LATER = {"batch": "batched data migrations", "online": "online changes"}
_UNIT_COMMENT = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))*")


def statements(script: Script, dialect: Dialect) -> tuple[Statement, ...]:
    """Cut `script` into statements.

    Raises SourceError, with the place, where the text cannot be cut or a directive is not understood.
    """
    try:
        pieces = list(_pieces(script, dialect))
    except CutError as error:
        raise SourceError(error.message, hint=error.hint, place=place(script, error.position)) from None
    lines = _line_starts(script.text)
    made: list[Statement] = []
    previous, offset = 0, script.offset
    for piece in pieces:
        made += _restores(script, previous, piece.start, offset)
        offset += len(script.text[previous : piece.start].encode())
        made.append(_statement(script, piece, previous, offset, lines))
        previous, offset = piece.end, offset + len(made[-1].text.encode())
    made += _restores(script, previous, len(script.text), offset)
    _refuse_lost(script, previous)
    return tuple(made)


def _restores(script: Script, start: int, end: int, offset: int) -> Iterator[Statement]:
    """Make a statement of each line `-- instar:restore`: it has its place among the others, and runs like one."""
    if "instar:restore" not in script.text[start:end]:
        return
    for match in _DIRECTIVE.finditer(script.text, start, end):
        if match[1] == "restore":
            found = _directive(script, match)
            begin = script.text.index("--", match.start())
            yield Statement(
                text=script.text[begin : match.end()].rstrip(),
                line=found.line,
                column=place(script, begin).column,
                offset=offset + len(script.text[start:begin].encode()),
                file=script.file,
                kind=Kind.RESTORE,
                directives=(found,),
            )


def _refuse_lost(script: Script, start: int) -> None:
    """Raise SourceError behind the last statement at a backup, and at what is not understood."""
    if "instar:" in script.text[start:]:
        for match in _DIRECTIVE.finditer(script.text, start):
            if match[1] != "backup":
                _directive(script, match)
            else:
                raise SourceError(
                    "no statement follows this backup",
                    hint="write it on the line before the statement that changes the rows",
                    place=place(script, match.start(1)),
                )


def _pieces(script: Script, dialect: Dialect) -> Iterator[Piece]:
    """Cut the text between the units that the author marked; a unit is one statement whatever it holds."""
    text, position = script.text, 0
    for start, end in script.units:
        yield from _cut(dialect, text, position, start)
        yield from _unit(dialect, text, start, end)
        position = end
    yield from _cut(dialect, text, position, len(text))


def _cut(dialect: Dialect, text: str, start: int, end: int) -> Iterator[Piece]:
    try:
        pieces = dialect.cut(text[start:end])
    except CutError as error:
        raise CutError(error.message, start + error.position, error.hint) from None
    for piece in pieces:
        yield _shifted(piece, start)


def _shifted(piece: Piece, by: int) -> Piece:
    return piece if not by else Piece(piece.start + by, piece.end + by, piece.kind, piece.data, piece.barrier)


def _unit(dialect: Dialect, text: str, start: int, end: int) -> Iterator[Piece]:
    skipped = _UNIT_COMMENT.match(text, start, end)
    first = skipped.end() if skipped else start
    last = first + len(text[first:end].rstrip().removesuffix(";").rstrip())
    if first >= last:
        return
    pieces = list(_cut(dialect, text, first, last))
    kind = pieces[0].kind if len(pieces) == 1 else Kind.PLAIN
    yield Piece(first, last, kind)


def _line_starts(text: str) -> list[int]:
    """Lines end with LF here, so that a CR before it stays the last character of its line."""
    starts, position = [0], text.find("\n") + 1
    while position:
        starts.append(position)
        position = text.find("\n", position) + 1
    return starts


def _statement(script: Script, piece: Piece, previous: int, offset: int, lines: list[int]) -> Statement:
    row = bisect_right(lines, piece.start)
    return Statement(
        text=script.text[piece.start : piece.end],
        line=script.line + row - 1,
        column=piece.start - lines[row - 1] + 1,
        offset=offset,
        file=script.file,
        kind=piece.kind,
        data=piece.data,
        barrier=piece.barrier,
        directives=_directives(script, previous, piece.start),
    )


def _directives(script: Script, start: int, end: int) -> tuple[Directive, ...]:
    if "instar:" not in script.text[start:end]:
        return ()
    matches = _DIRECTIVE.finditer(script.text, start, end)
    return tuple(_directive(script, match) for match in matches if match[1] != "restore")


def _directive(script: Script, match: re.Match[str]) -> Directive:
    name, arguments = match.group(1), match.group(2)
    where = place(script, match.start(1))
    if name not in _KNOWN:
        raise SourceError(f"unknown directive {name!r}", hint=did_you_mean(name, list(_KNOWN)), place=where)
    if name in _LATER:
        raise SourceError(
            f"not yet: -- instar:{name} ({_LATER[name]}) is understood, but this version cannot carry it out",
            hint="take the directive out, or wait for the version that has it",
            place=where,
        )
    if name == "timeout":
        timeout(Directive(name, arguments, where.line), where)
    first = place(script, match.start(2))
    found = Directive(name, arguments, first.line, first.column)
    if name in ("backup", "restore"):
        backup.check(found, first)
    return found


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?$")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, None: 1.0}


def timeout(directive: Directive, where: Place | None = None) -> float:
    """Return the seconds that `-- instar:timeout 30s` asks for. Raises SourceError at what is not a duration."""
    match = _DURATION.match(directive.arguments)
    if match is None:
        raise SourceError(f"{directive.arguments!r} is not a duration", hint="write 500ms, 30s, 5m or 1h", place=where)
    return float(match.group(1)) * _UNITS[match.group(2)]


def place(script: Script, position: int) -> Place:
    """Return the place in the file of the character at `position` of the script's text."""
    before = script.text[:position]
    begin = before.rfind("\n") + 1
    end = script.text.find("\n", position)
    source = script.text[begin : end if end >= 0 else len(script.text)].rstrip("\r")
    return Place(script.file, script.line + before.count("\n"), position - begin + 1, source)


def place_in(statement: Statement, position: int | None) -> Place:
    """Return the place in the file of the character at `position` of a statement's text (None: its first)."""
    position = position or 0
    before = statement.text[:position]
    row, begin = before.count("\n"), before.rfind("\n") + 1
    end = statement.text.find("\n", position)
    source = statement.text[begin : end if end >= 0 else len(statement.text)].rstrip("\r")
    if row:
        return Place(statement.file, statement.line + row, position - begin + 1, source)
    return Place(statement.file, statement.line, statement.column + position, " " * (statement.column - 1) + source)


def print_of(statement: Statement, dialect: Dialect) -> str:
    """Return the fingerprint of a statement, in which the rows of a COPY count as they are."""
    found = dialect.fingerprint(statement.text)
    if statement.data is None:
        return found
    return hashlib.sha256(f"{found} {statement.data}".encode()).hexdigest()[:16]
