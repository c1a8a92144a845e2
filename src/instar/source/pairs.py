"""Layouts with a file for `up` and a file for `down`: `1_name.up.sql` beside `1_name.down.sql`."""

import re

from msgspec import Struct

from instar.errors import SourceError
from instar.source.folder import Folder

_NAME = re.compile(r"(\d+)_(.*)\.(up|down)\.sql", re.ASCII)
_LOOKS_PAIRED = re.compile(r"\d+.*[_-](up|down)\.sql", re.IGNORECASE)


class Pair(Struct, frozen=True):
    """The files of one version; `down` is "" when there is none. `digits` is the version as it is written."""

    digits: str
    name: str
    up: str
    down: str


def paired(folder: Folder) -> list[str]:
    """Name the files that are half of a pair."""
    return [name for name in folder.files if _NAME.fullmatch(name)]


def pairs(folder: Folder) -> list[Pair]:
    """Join the halves by version.

    Raises SourceError when a version has two files for one direction, or `down` without `up`.
    """
    halves: dict[tuple[int, str], tuple[str, str, str]] = {}
    for file in folder.files:
        match = _NAME.fullmatch(file)
        if match:
            twin = halves.setdefault((int(match[1]), match[3]), (file, match[1], match[2]))
            if twin[0] != file:
                raise _twins(folder, match[1], twin[0], file)
    _refuse_lone_downs(folder, halves)
    return [
        Pair(digits, name, up, halves.get((version, "down"), ("", "", ""))[0])
        for (version, direction), (up, digits, name) in halves.items()
        if direction == "up"
    ]


def _twins(folder: Folder, version: str, first: str, second: str) -> SourceError:
    return SourceError(
        f"two files have the version {int(version)}: {folder.show(first)} and {folder.show(second)}",
        hint="give the one that is not applied anywhere a new version",
    )


def _refuse_lone_downs(folder: Folder, halves: dict[tuple[int, str], tuple[str, str, str]]) -> None:
    for (version, direction), (file, _, _) in halves.items():
        if direction == "down" and (version, "up") not in halves:
            raise SourceError(
                f"{folder.show(file)} undoes a migration that is not there",
                hint=f"add {file.removesuffix('.down.sql')}.up.sql; both halves have the same version",
            )


def rename_hint(name: str) -> str:
    """Return what to do with a file that was meant as half of a pair but is not named so, else ""."""
    match = _LOOKS_PAIRED.fullmatch(name)
    if match is None:
        return ""
    stem = name[: match.start(1) - 1]
    return f"rename it to {stem}.{match[1].lower()}.sql; as it is, no tool of this layout would run it"
