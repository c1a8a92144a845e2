"""What goose's ENVSUB puts in the place of `$NAME` and `${NAME:-default}`."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(
    r"""(?P<backslashes>\\\\)            # stays
      | (?P<dollar>\\\$|\$\$)            # becomes one dollar sign
      | (?P<shell>\$\()                  # stays
      | \$(?P<name>[^\W\d_]\w*)
      | \$\{(?P<braced>[^\W\d_]\w*)(?P<operator>\}|:-|-|\?|:)
      | (?P<open>\$\{)
      | (?P<other>\$(?!\Z))
    """,
    re.VERBOSE,
)


class ExpansionError(Exception):
    """A line cannot be expanded at `position`."""

    def __init__(self, message: str, position: int, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


def expand(line: str, environ: Mapping[str, str]) -> str:
    """Return `line` with its variables filled in. Raises ExpansionError.

    `$$` becomes `$`, as in goose. A variable that is not set is an error; goose puts nothing in its place.
    """
    return _expand(line, 0, environ, stop="")[0]


def _expand(line: str, start: int, environ: Mapping[str, str], stop: str) -> tuple[str, int]:
    """Expand from `start` to the character `stop`, or the end; return the text and where it ended."""
    pieces: list[str] = []
    position = start
    while position < len(line) and line[position] != stop:
        match = _TOKEN.match(line, position)
        if match is None:
            pieces.append(line[position])
            position += 1
        else:
            text, position = _token(line, match, environ)
            pieces.append(text)
    return "".join(pieces), position


def _token(line: str, match: re.Match[str], environ: Mapping[str, str]) -> tuple[str, int]:
    if match["backslashes"] or match["shell"]:
        return match[0], match.end()
    if match["dollar"]:
        return "$", match.end()
    if match["name"]:
        return _set(match["name"], match, environ), match.end()
    if match["braced"]:
        return _braced(line, match, environ)
    message = "a variable has no name" if match["open"] else "a dollar sign stands before what is not a name"
    raise ExpansionError(message, match.start(), "write $$ for a dollar sign, or switch off with -- +goose ENVSUB OFF")


def _braced(line: str, match: re.Match[str], environ: Mapping[str, str]) -> tuple[str, int]:
    name, operator = match["braced"], match["operator"]
    if operator == "}":
        return _set(name, match, environ), match.end()
    if operator == ":":
        raise ExpansionError(
            f"part of a variable (${{{name}:...}}) cannot be taken", match.start(), "put the part into its own variable"
        )
    text, end = _expand(line, match.end(), environ, stop="}")
    if end >= len(line):
        raise ExpansionError(f"${{{name} is not closed", match.start(), "close it with }")
    value = environ.get(name)
    if operator == "?":
        value = _set(name, match, environ, text)
    elif value is None or (operator == ":-" and not value):
        value = text
    return value, end + 1


def _set(name: str, match: re.Match[str], environ: Mapping[str, str], message: str = "") -> str:
    if name in environ:
        return environ[name]
    said = f": {message}" if message else ""
    raise ExpansionError(
        f"the variable {name} is not set{said}", match.start(), f"set it, or write ${{{name}:-}} if nothing is meant"
    )
