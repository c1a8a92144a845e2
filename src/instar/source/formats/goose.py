"""goose: `00001_name.sql` with annotations `-- +goose Up`, `Down`, `StatementBegin`, `NO TRANSACTION`, `ENVSUB ON`."""

import os
import re
from collections.abc import Mapping

from msgspec import Struct

from instar.errors import SourceError
from instar.model import Migration, Script
from instar.registry import did_you_mean
from instar.source.envsub import ExpansionError, expand
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed
from instar.source.options import Options
from instar.source.placeholders import fill_all
from instar.source.text import Source, checksum, code_starts, line_of, next_line, offset_of, place_of, remarks

_NAME = re.compile(r"(\d+)_(.*)\.sql", re.ASCII)
_GO = re.compile(r"\d+_.*(?<!_test)\.go", re.ASCII)
_ANNOTATION = re.compile(r"^[ \t]*--[^\n]*\+goose[^\r\n]*", re.MULTILINE)
_KNOWN = {
    word.lower(): word
    for word in ("Up", "Down", "StatementBegin", "StatementEnd", "NO TRANSACTION", "ENVSUB ON", "ENVSUB OFF")
}


class Annotation(Struct, frozen=True):
    """An annotation's `word`, the start of its line and the start of the next."""

    word: str
    start: int
    end: int


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files with annotations, and migrations in Go."""
    return [name for name in folder.files if _is_ours(folder, name)]


def _is_ours(folder: Folder, name: str) -> bool:
    if not name.endswith(".sql"):
        return _GO.fullmatch(name) is not None
    text = folder.read(name).text
    return "+goose" in text and _ANNOTATION.search(text) is not None


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read all SQL files. Raises SourceError at a migration in Go."""
    for name in folder.files:
        if _GO.fullmatch(name):
            raise SourceError(
                f"{folder.show(name)} is a Go migration: instar cannot run it",
                hint="write what it does as SQL, or as a Python migration in instar's own layout",
            )
    return [_migration(folder, name, options) for name in folder.sql()]


def _migration(folder: Folder, name: str, options: Options) -> Migration:
    match = _NAME.fullmatch(name)
    if match is None or int(match[1]) < 1:
        raise misnamed(folder.show(name), "00001_name.sql, counted from 1")
    source, number = folder.read(name), int(match[1])
    up, down = _sections(source, os.environ if options.environ is None else options.environ)
    return Migration(
        check_version(str(number), source.file),
        match[2] or str(number),
        source.file,
        order=(number,),
        format="goose",
        checksum=checksum(_as_written(source)),
        up=fill_all(up, options.placeholders),
        down=fill_all(down, options.placeholders),
        remarks=remarks(source, _range(source, _annotations(source), "Up")[0]),
    )


def _as_written(source: Source) -> str:
    """Return `up` before any variable is filled in, so that no environment changes a checksum."""
    start, end = _range(source, _annotations(source), "Up")
    return source.text[start:end]


def _annotations(source: Source) -> list[Annotation]:
    return [
        Annotation(_word(source, match), match.start(), next_line(source.text, match.start()))
        for match in _ANNOTATION.finditer(source.text)
    ]


def _word(source: Source, match: re.Match[str]) -> str:
    """Return the annotation's word as goose reads it: in any case of letters, with any space around it."""
    if match[0][0] in " \t":
        raise SourceError(
            "an annotation must begin its line",
            hint="remove the space before it",
            place=place_of(source, match.start()),
        )
    written = match[0].replace("--", "").replace("+goose", "", 1).strip()
    word = _KNOWN.get(written.lower())
    if word is None:
        raise SourceError(
            f"{written!r} is not an annotation of goose",
            hint=did_you_mean(written, list(_KNOWN.values())),
            place=place_of(source, match.start()),
        )
    return word


def _sections(source: Source, environ: Mapping[str, str]) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    annotations = _annotations(source)
    _check(source, annotations)
    words = {annotation.word for annotation in annotations}
    transaction = False if "NO TRANSACTION" in words else None
    up = _script(source, annotations, "Up", environ, transaction)
    down = (_script(source, annotations, "Down", environ, transaction),) if "Down" in words else ()
    return (up,), down


def _check(source: Source, annotations: list[Annotation]) -> None:
    """Raise SourceError where goose would: no Up, a second one, Down before Up, blocks that do not pair."""
    state, block = "", False
    for annotation in annotations:
        if annotation.word in ("Up", "Down"):
            if block or (annotation.word, state) not in (("Up", ""), ("Down", "Up")):
                raise _misplaced(source, annotation)
            state = annotation.word
        elif annotation.word.startswith("Statement"):
            if not state or block is (annotation.word == "StatementBegin"):
                raise _misplaced(source, annotation)
            block = not block
    if block:
        opened = [each for each in annotations if each.word == "StatementBegin"]
        raise _misplaced(source, opened[-1], "has no StatementEnd")
    _refuse_code_before_up(source, annotations)


def _misplaced(source: Source, annotation: Annotation, what: str = "does not belong here") -> SourceError:
    return SourceError(
        f"-- +goose {annotation.word} {what}",
        hint="a file has one Up, then at most one Down; StatementBegin and StatementEnd pair inside of them",
        place=place_of(source, annotation.start),
    )


def _refuse_code_before_up(source: Source, annotations: list[Annotation]) -> None:
    first = next((annotation.start for annotation in annotations if annotation.word == "Up"), len(source.text))
    position = code_starts(source.text, 0, first)
    if position < first:
        raise SourceError(
            "SQL stands before `-- +goose Up`",
            hint="put the annotation above it",
            place=place_of(source, position),
        )
    if first == len(source.text):
        raise SourceError(f"{source.file} has no `-- +goose Up`", hint="begin it with that line")


def _script(
    source: Source,
    annotations: list[Annotation],
    word: str,
    environ: Mapping[str, str] | None,
    transaction: bool | None,  # noqa: FBT001 - a value
) -> Script:
    """Make the script of one direction, with `environ` filled in where ENVSUB is on (None: as it is written)."""
    start, end = _range(source, annotations, word)
    text, units = "", []
    filling, opened, position = False, -1, start
    for annotation in [*annotations, Annotation("", end, end)]:
        if start <= annotation.start <= end and position <= annotation.start:
            text += _fill(source, position, annotation.start, environ if filling else None, opened >= 0)
            if annotation.word == "StatementEnd":
                units += _unit(text, opened)
                opened = -1
            text += source.text[annotation.start : min(annotation.end, end)]
            opened = len(text) if annotation.word == "StatementBegin" else opened
            position = min(annotation.end, end)
        filling = _switch(annotation, filling)
    return Script(text, source.file, line_of(source.text, start), offset_of(source, start), transaction, tuple(units))


def _switch(annotation: Annotation, filling: bool) -> bool:  # noqa: FBT001 - a value
    return annotation.word == "ENVSUB ON" if annotation.word.startswith("ENVSUB") else filling


def _range(source: Source, annotations: list[Annotation], word: str) -> tuple[int, int]:
    start = next(annotation.end for annotation in annotations if annotation.word == word)
    following = [annotation.start for annotation in annotations if annotation.word == "Down"]
    return start, following[0] if word == "Up" and following else len(source.text)


def _unit(text: str, start: int) -> list[tuple[int, int]]:
    body = text[start:]
    first = start + len(body) - len(body.lstrip())
    return [(first, start + len(body.rstrip()))] if body.strip() else []


def _fill(source: Source, start: int, end: int, environ: Mapping[str, str] | None, block: bool) -> str:  # noqa: FBT001
    """Return `text[start:end]`, its lines filled in; comments between statements are left as they are."""
    text = source.text[start:end]
    if environ is None or "$" not in text:
        return text
    lines, position = [], start
    for line in text.split("\n"):
        comment = line.lstrip().startswith("--") and not block
        lines.append(line if comment else _fill_line(source, line, position, environ))
        position += len(line) + 1
    return "\n".join(lines)


def _fill_line(source: Source, line: str, position: int, environ: Mapping[str, str]) -> str:
    try:
        return expand(line, environ)
    except ExpansionError as error:
        raise SourceError(error.message, hint=error.hint, place=place_of(source, position + error.position)) from error
