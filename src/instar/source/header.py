"""The header of a migration: TOML in comments between `-- /// migration` and `-- ///`."""

import re
from typing import Any

from msgspec import Struct

from instar.errors import SourceError
from instar.model import Header, Place
from instar.registry import did_you_mean
from instar.source.text import Source, line_of, next_line, place_of

_OPENING = re.compile(r"^(--|#)[ \t]*///[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE)
_CLOSING = re.compile(r"(?:--|#)[ \t]*///[ \t]*")
_TEXT = ("description", "author", "estimated_duration", "risk_level")
_FLAG = ("reversible", "requires_downtime", "idempotent")
_LIST = ("affected_tables", "dependencies", "tags")
_KEYS = {**dict.fromkeys(_TEXT, "text"), **dict.fromkeys(_FLAG, "true or false"), **dict.fromkeys(_LIST, "list")}
_NAMED_BY_FILE = ("version", "name")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


Claims = tuple[tuple[str, Place], ...]
"""The keys of a header with their places; "" is the place of its first line."""


class Found(Struct, frozen=True):
    """A header and where it stands: `text[start:end]`. `transaction` is a Python migration's own key."""

    header: Header
    start: int
    end: int
    transaction: bool = True
    claims: Claims = ()


def find(source: Source, *, python: bool = False) -> Found | None:
    """Read a file's header, None when it has none.

    Raises SourceError with the line: not TOML, an unknown key, a wrong type, not closed, or a second header.
    """
    if "///" not in source.text:
        return None
    comment = "#" if python else "--"
    openings = [match for match in _OPENING.finditer(source.text) if match[1] == comment and _opens(source, match)]
    if not openings:
        return None
    if len(openings) > 1:
        raise SourceError("a second header", hint="put all keys into one", place=place_of(source, openings[1].start()))
    return _read(source, openings[0], python=python)


def _opens(source: Source, match: re.Match[str]) -> bool:
    word = match[2]
    if word == "migration":
        return True
    hint = did_you_mean(word, ["migration"])
    if hint.startswith("did"):
        raise SourceError(f"there is no header called {word!r}", hint=hint, place=place_of(source, match.start(2)))
    return False


def _read(source: Source, opening: re.Match[str], *, python: bool) -> Found:
    lines, end = _lines(source, opening, opening[1])
    first = line_of(source.text, opening.start()) + 1
    values = _parse(source, [line for line, _ in lines], first)
    places = [Place(source.file, first + index, 1, raw) for index, (_, raw) in enumerate(lines)]
    transaction = _transaction(values, places) if python else True
    _check(values, places)
    opened = Place(source.file, first - 1, 1, opening[0].rstrip("\r"))
    claims = [("", opened), *((key, _place(key, places)) for key in values)]
    return Found(_header(values), opening.start(), end, transaction, tuple(claims))


def _lines(source: Source, opening: re.Match[str], comment: str) -> tuple[list[tuple[str, str]], int]:
    """Return the header's lines, without and with their comment sign, and where the header ends."""
    lines: list[tuple[str, str]] = []
    position = next_line(source.text, opening.start())
    while position < len(source.text):
        following = next_line(source.text, position)
        raw = source.text[position:following].rstrip("\r\n")
        if _CLOSING.fullmatch(raw):
            return lines, following
        if not raw.startswith(comment):
            break
        lines.append((raw.removeprefix(comment).removeprefix(" "), raw))
        position = following
    raise SourceError(
        "the header is not closed",
        hint=f"end it with a line `{comment} ///`",
        place=place_of(source, opening.start()),
    )


def _parse(source: Source, lines: list[str], first: int) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(source, str(error), first, len(lines)) from error


def _not_toml(source: Source, message: str, first: int, count: int) -> SourceError:
    match = _PLACE.search(message)
    number = first + (int(match[1]) - 1 if match and match[1] else max(count - 1, 0))
    raw = source.text.split("\n")[number - 1].rstrip("\r")
    shift = len(raw) - len(re.sub(r"^(?:--|#) ?", "", raw))
    column = int(match[2]) + shift if match and match[2] else len(raw) + 1
    return SourceError(
        f"the header is not TOML: {_PLACE.sub('', message)}",
        hint='a key looks like: author = "name@company.com"',
        place=Place(source.file, number, column, raw),
    )


def _transaction(values: dict[str, Any], places: list[Place]) -> bool:
    transaction = values.pop("transaction", True)
    if not isinstance(transaction, bool):
        raise _wrong_type("transaction", "true or false", transaction, places)
    return transaction


def _check(values: dict[str, Any], places: list[Place]) -> None:
    for key, value in values.items():
        if key not in _KEYS:
            raise SourceError(f"the header has no key {key!r}", hint=_key_hint(key), place=_place(key, places))
        if not _fits(_KEYS[key], value):
            raise _wrong_type(key, _KEYS[key], value, places)


def _key_hint(key: str) -> str:
    if key in _NAMED_BY_FILE:
        return f"the {key} comes from the file's name"
    if key == "transaction":
        return "write it behind the marker: -- migrate:up transaction:false"
    return did_you_mean(key, list(_KEYS))


def _fits(kind: str, value: object) -> bool:
    if kind == "list":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, bool if kind == "true or false" else str)


def _wrong_type(key: str, kind: str, value: object, places: list[Place]) -> SourceError:
    examples = {"text": f'{key} = "..."', "true or false": f"{key} = false", "list": f'{key} = ["one", "two"]'}
    wanted = {"text": "a text", "true or false": "true or false", "list": "a list of texts"}[kind]
    return SourceError(
        f"{key} in the header must be {wanted}, not {value!r}",
        hint=f"write {examples[kind]}",
        place=_place(key, places),
    )


def _place(key: str, places: list[Place]) -> Place:
    pattern = re.compile(rf"(?:--|#)\s*[\[\"']*{re.escape(key)}\b")
    return next((place for place in places if pattern.match(place.source)), places[0])


def _header(values: dict[str, Any]) -> Header:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Header(**fields)
