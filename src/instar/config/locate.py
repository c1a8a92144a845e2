"""Where in a TOML file a key stands, for messages that point at it."""

import re
from collections.abc import Iterator

from instar.model import Place

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?P<name>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def place(text: str, file: str, path: tuple[str, ...]) -> Place:
    """Return the place of the key `path` in the TOML `text`: its own line, else that of the nearest table above it."""
    best, found = 0, Place(file, 1, 1)
    for name, line, source in _keys(text):
        common = _common(name, path)
        if common > best:
            best, found = common, Place(file, line, _column(source, path, common), source)
    return found


def _keys(text: str) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Yield each header and key with its full path.

    Lines inside multi-line strings may be taken for keys; a message that points to a wrong line is the worst of it.
    """
    table: tuple[str, ...] = ()
    for line, source in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(source):
            table = _parts(header["name"])
            yield table, line, source
        elif key := _KEY.match(source):
            yield table + _parts(key["name"]), line, source


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def _common(name: tuple[str, ...], path: tuple[str, ...]) -> int:
    """Count the leading parts that are the same."""
    pairs = zip(name, path, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(name), len(path)))


def _column(source: str, path: tuple[str, ...], common: int) -> int:
    """Point at the last part of the key that stands in this line; inside an inline table that may be the key itself."""
    for word in (path[-1], path[common - 1]):
        match = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", source)
        if match:
            return match.start() + 1
    return 1


def syntax_place(text: str, file: str, message: str) -> Place:
    """Return the place that a TOML parser's message speaks of: "(at line 3, column 7)" or "(at end of document)"."""
    lines = text.splitlines() or [""]
    found = re.search(r"at line (\d+), column (\d+)", message)
    line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
    return Place(file, line, column, lines[line - 1] if line <= len(lines) else "")
