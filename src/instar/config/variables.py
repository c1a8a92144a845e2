"""`${NAME}` and `${NAME:-default}` in configuration values, and the `.env` file that some of them come from."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from instar.errors import ConfigError
from instar.model import Place

_VARIABLE = r"\$\$\{|\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|\$\{"
_ENTRY = r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.]*)[ \t]*=[ \t]*
    (?: '(?P<single>[^']*)'
      | "(?P<double>(?:\\.|[^"\\])*)"
      | (?P<open>['"])
      | (?P<bare>[^\n]*?)[ \t]*(?:(?:(?<=[ \t])|(?<==))\#[^\n]*)?$ )"""
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_USERINFO_RESERVED = r"%(?![0-9A-Fa-f]{2})|[\s@:/?#\[\]]"


class UnsetError(KeyError):
    """A variable has no value and no default; `args[0]` is its name."""


class MalformedError(ValueError):
    """`${` does not begin a variable."""


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Fill the variables in `text`; `$${` stands for `${` itself. Raises UnsetError or MalformedError."""
    return re.sub(_VARIABLE, lambda match: _value(match, variables), text)


def expand_url(text: str, variables: Mapping[str, str]) -> str:
    """Fill the variables in a database URL.

    What is filled in as user or password is percent-encoded where it must be, so that a password may hold any
    character. What already looks encoded (`%40`) is left alone.
    """

    def value(match: re.Match[str]) -> str:
        plain = _value(match, variables)
        return _encoded(plain) if _in_userinfo(text, match) else plain

    return re.sub(_VARIABLE, value, text)


def read_env_file(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Read a `.env` file: `export`, quotes, comments, values over several lines in quotes, `${NAME}` in values.

    Lines that are no assignment belong to somebody else and are skipped. Raises ConfigError at a quote that is
    never closed, because nothing after it can be trusted.
    """
    text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    values: dict[str, str] = {}
    for match in _entries(text):
        if match["open"]:
            line = text.count("\n", 0, match.start("open")) + 1
            place = Place(str(path), line, 1, _hidden(text.splitlines()[line - 1]))
            raise ConfigError(f"the quote after {match['name']}= is never closed", place=place)
        values[match["name"]] = _env_value(match, {**values, **environ})
    return values


def _entries(text: str) -> Iterator[re.Match[str]]:
    entry = re.compile(_ENTRY, re.VERBOSE | re.MULTILINE | re.DOTALL)
    position = 0
    while position <= len(text):
        match = entry.match(text, position)
        if match:
            yield match
            position = match.end()
        position = text.find("\n", position) + 1 or len(text) + 1


def _env_value(match: re.Match[str], earlier: Mapping[str, str]) -> str:
    if match["single"] is not None:
        return match["single"]
    quoted = match["double"] is not None
    pattern = rf"\\(?P<escaped>.)|{_VARIABLE}" if quoted else rf"(?P<escaped>(?!))|{_VARIABLE}"

    def part(found: re.Match[str]) -> str:
        if found["escaped"] is not None:
            return _ESCAPES.get(found["escaped"], found["escaped"])
        # As in a shell, a variable without a value is empty.
        return earlier.get(found["name"]) or found["default"] or "" if found["name"] else found[0]

    text = match["double"] if quoted else match["bare"].rstrip()
    return re.sub(pattern, part, text, flags=re.DOTALL)


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, default = match["name"], match["default"]
    if name is None:
        if match[0] == "$${":
            return "${"
        raise MalformedError(match.string)
    value = variables.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise UnsetError(name)
    return value


def _in_userinfo(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    _, scheme, userinfo = before.partition("://")
    return bool(scheme) and not set(userinfo) & set("@/?") and "@" in after


def _encoded(value: str) -> str:
    return re.sub(_USERINFO_RESERVED, lambda match: f"%{ord(match[0]):02X}", value)


def _hidden(line: str) -> str:
    """Return an assignment without its value, which may be a secret."""
    return line.partition("=")[0] + "=…"
