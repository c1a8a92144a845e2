"""`${name}` in SQL becomes its value; what has no value is an error with its place."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from instar.errors import SourceError
from instar.model import Place, Script
from instar.registry import did_you_mean

_NAMED = re.compile(r"\$\{([A-Za-z_][\w.:-]*)\}")


def fill(script: Script, values: Mapping[str, str], pattern: re.Pattern[str] = _NAMED) -> Script:
    """Put `values` in the place of every match of `pattern`, whose first group is the name (in any case of letters).

    Raises SourceError at a name that has no value.
    """
    if not pattern.search(script.text):
        return script
    known = {name.lower(): value for name, value in values.items()}

    def value(match: re.Match[str]) -> str:
        name = match[1].lower()
        if name not in known:
            raise _unknown(script, match, sorted(values))
        return known[name]

    return replace(script, text=pattern.sub(value, script.text), written=script.text)


def fill_all(scripts: tuple[Script, ...], values: Mapping[str, str]) -> tuple[Script, ...]:
    """Fill several scripts; without values they are left as they are."""
    return tuple(fill(script, values) for script in scripts) if values else scripts


def _unknown(script: Script, match: re.Match[str], known: list[str]) -> SourceError:
    nearest = did_you_mean(match[1], known)
    hint = f"{nearest}; " if nearest.startswith("did") else ""
    return SourceError(
        f"there is no value for the placeholder {match[0]}",
        hint=f'{hint}set it under [placeholders] in instar.toml: "{match[1]}" = "..."',
        place=place_in(script, match.start()),
    )


def place_in(script: Script, position: int) -> Place:
    """Return the place in its file of a character of a script's text."""
    start = script.text.rfind("\n", 0, position) + 1
    end = script.text.find("\n", position)
    source = script.text[start : end if end >= 0 else len(script.text)].rstrip("\r")
    return Place(script.file, script.line + script.text.count("\n", 0, position), position - start + 1, source)
