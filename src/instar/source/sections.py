"""Sections of a file: what stands below `-- migrate:up`, `-- migrate:down` and their like."""

import re
from difflib import get_close_matches

from msgspec import Struct

from instar.errors import SourceError
from instar.registry import did_you_mean
from instar.source.text import Source, code_starts, next_line, place_of

NAMES = ("before", "up", "after", "contract", "down")
_OPTIONAL = frozenset({"up", "contract", "down"})
_MARKER = re.compile(r"^--[ \t]*migrate:[ \t]*([^\s:]*)([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_TRANSACTION = {"transaction:true": True, "transaction:false": False}
_NEAR = [*_TRANSACTION, "transaction", "transaction=false", "no-transaction", "notransaction", "no_transaction"]


class Section(Struct, frozen=True):
    """`text[start:end]` of a file; its marker's line begins at `marker`. `transaction` is what the marker asks for."""

    name: str
    marker: int
    start: int
    end: int
    transaction: bool | None = None


def cut(source: Source) -> list[Section]:
    """Find the sections of a file in the order in which they stand; none when it has no marker.

    Raises SourceError at a marker that is not known, and at SQL before the first one.
    """
    text = source.text
    if "migrate:" not in text and "migrate:" not in text.lower():
        return []
    markers = [match for match in _MARKER.finditer(text) if _is_marker(source, match)]
    if markers:
        _refuse_code_before(source, markers[0].start())
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    return [_section(source, marker, end) for marker, end in zip(markers, ends, strict=True)]


def _is_marker(source: Source, match: re.Match[str]) -> bool:
    name = match[1]
    if match.start(1) == match.start() + match[0].index(":") + 1 and name:
        if name not in NAMES:
            raise _unknown_section(source, match)
        return True
    if name.lower() in NAMES:  # "-- migrate: up" was meant as a marker; "-- migrate: see the wiki" was not
        raise _unknown_section(source, match)
    return False


def _unknown_section(source: Source, match: re.Match[str]) -> SourceError:
    written = match[0][match[0].lower().index("migrate:") : match.end(1) - match.start()]
    return SourceError(
        f"there is no section {written!r}",
        hint=did_you_mean(match[1].lower(), list(NAMES)),
        place=place_of(source, match.start()),
    )


def _section(source: Source, match: re.Match[str], end: int) -> Section:
    start = min(next_line(source.text, match.start()), end)
    transaction = _options(source, match) if match[2] and not match[2].isspace() else None
    return Section(match[1], match.start(), start, end, transaction)


def _options(source: Source, match: re.Match[str]) -> bool | None:
    """Read the words after a marker: options, then perhaps a remark in which nothing looks like an option."""
    transaction, remark = None, False
    for word in re.finditer(r"\S+", match[2]):
        if not remark and word[0] in _TRANSACTION and match[1] in _OPTIONAL:
            transaction = _TRANSACTION[word[0]]
        elif _looks_like_option(word[0]):
            raise _unknown_option(source, match, word)
        else:
            remark = True
    return transaction


def _looks_like_option(word: str) -> bool:
    return re.search(r"\w[:=]\w", word) is not None or bool(get_close_matches(word.lower(), _NEAR, n=1, cutoff=0.8))


def _unknown_option(source: Source, match: re.Match[str], word: re.Match[str]) -> SourceError:
    hint = did_you_mean(word[0], list(_TRANSACTION))
    if match[1] not in _OPTIONAL:
        hint = f"a {match[1]!r} section has no options"
    elif word[0] in _TRANSACTION:
        hint = f"options stand directly after migrate:{match[1]}"
    return SourceError(
        f"{word[0]!r} is not an option of migrate:{match[1]}",
        hint=hint,
        place=place_of(source, match.start(2) + word.start()),
    )


def _refuse_code_before(source: Source, end: int) -> None:
    position = code_starts(source.text, 0, end)
    if position < end:
        raise SourceError(
            "SQL stands before the first section",
            hint="put it below a line `-- migrate:up`",
            place=place_of(source, position),
        )
