"""`-- instar:backup table=users columns=email where="email IS NOT NULL"` and `-- instar:restore keep=newer`, read."""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from instar.errors import SourceError
from instar.model import Action, Directive, Kind, Migration, Place, Script, Segment, Statement
from instar.registry import did_you_mean

_WORD = re.compile(r'\s*(?:(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)|(\S+))')
_KEYS = {"backup": ("table", "columns", "where"), "restore": ("keep",)}
_ESCAPED = re.compile(r'\\(["\\])')
_HINTS = {
    "backup": 'write -- instar:backup table=users columns=email,name where="email IS NOT NULL"',
    "restore": "write -- instar:restore, or -- instar:restore keep=newer",
}
_KEPT = re.compile(r"\s*(?:--[^\n]*\n\s*)*--[ \t]*instar:backup\b")
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))*")
_UNDONE = re.compile(r"(?:UPDATE|DELETE)\b", re.IGNORECASE)


class Asked(Struct, frozen=True):
    """What one `-- instar:backup` asks for: the old values of `columns` (none named: all) of rows of `table`.

    `where` is SQL ("" for all rows). `number` counts a migration's backups from 1, `statement` its statements from 0.
    `place` is the directive's first argument, `condition` the first character of the `where`.
    """

    table: str
    columns: tuple[str, ...] = ()
    where: str = ""
    number: int = 1
    statement: int = 0
    place: Place = Place("", 1)
    condition: Place = Place("", 1)


def check(directive: Directive, where: Place) -> None:
    """Raise SourceError, with the place, where the arguments of a backup or a restore are not understood."""
    found = _arguments(directive, where)
    if directive.name == "backup" and "table" not in found:
        raise SourceError("a backup needs a table", hint=_HINTS["backup"], place=where)
    if directive.name == "restore" and found.get("keep", ("newer", 0))[0] != "newer":
        raise SourceError(f"{found['keep'][0]!r} is not to be kept", hint=_HINTS["restore"], place=where)


def asked(statement: Statement, first: int = 1) -> tuple[Asked, ...]:
    """Return the backups that a statement asks for; the first of them has the number `first`."""
    found = [item for item in statement.directives if item.name == "backup"]
    return tuple(_asked(statement.file, item, number) for number, item in enumerate(found, first))


def numbered(parts: Sequence[Segment]) -> dict[int, tuple[Asked, ...]]:
    """Return the backups of all segments of a migration, by the index of their statement."""
    found: dict[int, tuple[Asked, ...]] = {}
    number = 1
    for part in parts:
        for index, statement in enumerate(part.statements, part.first):
            if wanted := asked(statement, number):
                found[index] = tuple(replace(item, statement=index) for item in wanted)
                number += len(wanted)
    return found


def keeps_newer(statement: Statement) -> bool:
    """Whether a `-- instar:restore` leaves alone what has changed since the migration."""
    return any("keep" in item.arguments for item in statement.directives)


def backed(migration: Migration) -> bool:
    """Whether a migration's `up` keeps anything."""
    return any("instar:backup" in script.text for script in migration.up)


def with_down(migration: Migration) -> Migration:
    """Give a migration without a `down` one that restores, where all that `up` does is to change rows that it keeps."""
    if migration.down or migration.code is not None or migration.header.reversible is False or not backed(migration):
        return migration
    if not all(_undone_by_restoring(script.text) for script in migration.up):
        return migration
    return replace(migration, down=(Script("-- instar:restore\n", migration.path),))


def _undone_by_restoring(text: str) -> bool:
    """Whether each statement is an UPDATE or a DELETE behind a backup. A text that is hard to read is not."""
    # A semicolon in a string cuts too much, and then what follows is no UPDATE: the answer errs towards no.
    pieces = [piece for piece in text.split(";") if not _COMMENTS.fullmatch(piece)]
    return bool(pieces) and all(_KEPT.match(piece) and _changes_rows(piece) for piece in pieces)


def _changes_rows(piece: str) -> bool:
    skipped = _COMMENTS.match(piece)
    return _UNDONE.match(piece, skipped.end() if skipped else 0) is not None


def placed(parts: Sequence[Segment], action: Action, migration: Migration) -> None:
    """Raise SourceError at a restore in `up`, at a backup in `down`, and at a restore of nothing."""
    for statement in (item for part in parts for item in part.statements):
        if statement.kind is Kind.RESTORE and action is Action.APPLY:
            raise SourceError("a restore belongs into the `down`", place=_start(statement, statement.directives[0]))
        if statement.kind is Kind.RESTORE and not backed(migration):
            raise SourceError(
                "there is nothing to restore: `up` has no -- instar:backup",
                place=_start(statement, statement.directives[0]),
            )
        kept = [item for item in statement.directives if item.name == "backup"]
        if kept and action is Action.ROLLBACK:
            raise SourceError("a backup belongs into the `up`", place=_start(statement, kept[0]))


def _asked(file: str, directive: Directive, number: int) -> Asked:
    where = Place(file, directive.line, directive.column, _source(directive))
    found = _arguments(directive, where)
    condition, at = found.get("where", ("", 0))
    columns = [name.strip() for name in found.get("columns", ("", 0))[0].split(",")]
    return Asked(
        table=found["table"][0],
        columns=tuple(name for name in columns if name),
        where=condition,
        number=number,
        place=where,
        condition=replace(where, column=directive.column + at),
    )


def _arguments(directive: Directive, where: Place) -> dict[str, tuple[str, int]]:
    """Return each argument with the index of its first character."""
    found: dict[str, tuple[str, int]] = {}
    for match in _WORD.finditer(directive.arguments):
        name, wrong = match[1], match[4]
        place = replace(where, column=where.column + match.start(4 if wrong else 1))
        if wrong:
            raise SourceError(f"{wrong!r} is not understood", hint=_HINTS[directive.name], place=place)
        if name not in _KEYS[directive.name]:
            hint = did_you_mean(name, list(_KEYS[directive.name]))
            raise SourceError(f"{name!r} is not an argument of instar:{directive.name}", hint=hint, place=place)
        if name in found:
            raise SourceError(f"{name} is there twice", place=place)
        quoted = match[2] is not None
        found[name] = (_ESCAPED.sub(r"\1", match[2]) if quoted else match[3], match.start(2 if quoted else 3))
    return found


def _start(statement: Statement, directive: Directive) -> Place:
    return Place(statement.file, directive.line, 1, f"-- instar:{directive.name} {directive.arguments}".rstrip())


def _source(directive: Directive) -> str:
    """Return the directive's line, in which its arguments stand in their column."""
    mark = f"-- instar:{directive.name} "
    return mark[-(directive.column - 1) :].rjust(directive.column - 1) + directive.arguments
