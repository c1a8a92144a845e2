"""Bytes become text whose places are known: decoding, lines, offsets, scripts, checksums."""

import hashlib
import os

from msgspec import Struct

from instar.errors import SourceError
from instar.model import Place, Script

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Source(Struct, frozen=True):
    """A file's text without its BOM (`bom` bytes long) and with its line ends as they are; `file` is for people."""

    file: str
    text: str
    bom: int = 0


def read(path: str, shown: str) -> Source:
    """Read a file as UTF-8. Raises SourceError with the line when it is something else."""
    try:
        data = _content(path)
    except OSError as error:
        raise SourceError(f"{shown} cannot be read: {error.strerror}") from error
    bom = len(_BOM) if data.startswith(_BOM) else 0
    try:
        return Source(shown, (data[bom:] if bom else data).decode(), bom)
    except UnicodeDecodeError as error:
        raise _not_utf8(data[bom:], shown, error.start) from error


def _content(path: str) -> bytes:
    # io.open costs twice as much; a folder may hold ten thousand files.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        data = os.read(handle, 1 << 16)
        if len(data) < 1 << 16:
            return data
        pieces = [data]
        while data := os.read(handle, 1 << 20):
            pieces.append(data)
        return b"".join(pieces)
    finally:
        os.close(handle)


def _not_utf8(data: bytes, shown: str, start: int) -> SourceError:
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", start)
    source = data[line_start : line_end if line_end >= 0 else len(data)].decode(errors="replace").rstrip("\r")
    before = data[line_start:start].decode(errors="replace")
    place = Place(shown, data.count(b"\n", 0, start) + 1, len(before) + 1, source)
    hint = "it looks like UTF-16; " if data.startswith(_UTF16) else ""
    return SourceError(
        f"{shown} is not UTF-8: byte 0x{data[start]:02x} in line {place.line}",
        hint=f"{hint}save the file as UTF-8",
        place=place,
    )


def line_of(text: str, position: int) -> int:
    """Return the 1-based line of a character."""
    return text.count("\n", 0, position) + 1


def place_of(source: Source, position: int) -> Place:
    """Return the place of a character in its file, with the text of its line."""
    text = source.text
    start = text.rfind("\n", 0, position) + 1
    return Place(source.file, line_of(text, position), position - start + 1, text[start : line_end(text, position)])


def line_end(text: str, position: int) -> int:
    """Return where the line of `position` ends, before its line break."""
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if end > position and text[end - 1] == "\r" else end


def next_line(text: str, position: int) -> int:
    """Return where the line after that of `position` begins, or the end of the text."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def offset_of(source: Source, position: int) -> int:
    """Return the offset in bytes of a character in its file."""
    head = source.text[:position]
    return source.bom + (position if head.isascii() else len(head.encode()))


def script(source: Source, start: int, end: int, transaction: bool | None = None) -> Script:  # noqa: FBT001 - a value
    """Make a script of `source.text[start:end]`."""
    return Script(
        source.text[start:end], source.file, line_of(source.text, start), offset_of(source, start), transaction
    )


def remarks(source: Source, end: int) -> tuple[Script, ...]:
    """Return the text up to `end` where it ignores rules of lint, else nothing."""
    return (script(source, 0, end),) if "instar:ignore" in source.text[:end] else ()


def whole(source: Source, transaction: bool | None = None) -> Script:  # noqa: FBT001 - a value
    """Make a script of the whole file."""
    return Script(source.text, source.file, 1, source.bom, transaction)


def checksum(text: str) -> str:
    """Return the SHA-256 (hex) of `text` with its line ends normalised."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(text.encode()).hexdigest()


def checksum_of(scripts: tuple[Script, ...]) -> str:
    """Return the checksum of scripts' texts, one after the other."""
    return checksum("".join([each.text for each in scripts]))


def code_starts(text: str, start: int, end: int) -> int:
    """Return the position of the first character in a range that is neither blank nor comment, or `end`."""
    position = start
    while position < end:
        if text[position].isspace():
            position += 1
        elif text.startswith("--", position, end):
            position = min(next_line(text, position), end)
        elif text.startswith("/*", position, end):
            position = _comment_end(text, position, end)
        else:
            return position
    return end


def _comment_end(text: str, start: int, end: int) -> int:
    depth, position = 1, start + 2
    while depth:
        opens, closes = text.find("/*", position, end), text.find("*/", position, end)
        if closes < 0:
            return end
        if 0 <= opens < closes:
            depth, position = depth + 1, opens + 2
        else:
            depth, position = depth - 1, closes + 2
    return position
