"""node-pg-migrate's SQL files: `-- Up Migration` and `-- Down Migration` in one file, or a pair of files."""

import re

from instar.errors import SourceError
from instar.model import Migration, Script
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed
from instar.source.options import Options
from instar.source.pairs import Pair, paired, pairs
from instar.source.placeholders import fill_all
from instar.source.text import Source, checksum_of, code_starts, next_line, place_of, script, whole

REFINES = ("golang-migrate",)
_NAME = re.compile(r"(\d+)(?:[_-](.*))?\.sql", re.ASCII)
_CODE = re.compile(r"\d+.*\.[cm]?[jt]s", re.ASCII)
_MARKER = re.compile(r"^[ \t]*--[ \t-]*(up|down)[ \t]+migration[^\r\n]*", re.MULTILINE | re.IGNORECASE)
_PLAIN_MARKER = re.compile(r"^[ \t]*--[ \t-]*up[ \t]+migration[ \t-]*$", re.MULTILINE | re.IGNORECASE)
_UTC_DIGITS = 17


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files with a line `-- Up Migration`, and migrations in JavaScript."""
    halves = frozenset(paired(folder))
    return [name for name in folder.files if name not in halves and _is_ours(folder, name)]


def _is_ours(folder: Folder, name: str) -> bool:
    if not name.endswith(".sql"):
        return _CODE.fullmatch(name) is not None
    text = folder.read(name).text
    if "igration" not in text or "+goose" in text or "migrate:" in text:
        return False  # other layouts' authors write such comments too
    return _PLAIN_MARKER.search(text.replace("\r\n", "\n")) is not None


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read single files and pairs. Raises SourceError at a migration in JavaScript."""
    for name in folder.files:
        if _CODE.fullmatch(name):
            raise SourceError(
                f"{folder.show(name)} is a JavaScript migration: instar cannot run it",
                hint="write what it does as SQL (`-- Up Migration`, `-- Down Migration`), under the same version",
            )
    halves = frozenset(paired(folder))
    singles = [_single(folder, name, options) for name in folder.sql() if name not in halves]
    return singles + [_pair(folder, pair, options) for pair in pairs(folder)]


def _single(folder: Folder, name: str, options: Options) -> Migration:
    match = _NAME.fullmatch(name)
    if match is None:
        raise misnamed(folder.show(name), "1701432000000_name.sql")
    up, down = _sections(folder.read(name))
    return _migration(folder.show(name), (match[1], match[2]), up, down, options)


def _pair(folder: Folder, pair: Pair, options: Options) -> Migration:
    down = (whole(folder.read(pair.down)),) if pair.down else ()
    up = (whole(folder.read(pair.up)),)
    return _migration(folder.show(pair.up), (pair.digits, pair.name), up, down, options)


def _migration(
    shown: str, named: tuple[str, str], up: tuple[Script, ...], down: tuple[Script, ...], options: Options
) -> Migration:
    version, name = named
    return Migration(
        check_version(version, shown),
        name or version,
        shown,
        order=(_instant(version, shown),),
        format="node-pg-migrate",
        checksum=checksum_of(up),
        up=fill_all(up, options.placeholders),
        down=fill_all(down, options.placeholders),
    )


def _instant(version: str, shown: str) -> int:
    """Return what node-pg-migrate sorts by: seventeen digits are a date and time, anything else is a number."""
    if len(version) != _UTC_DIGITS:
        return int(version)
    from datetime import UTC, datetime

    try:
        moment = datetime.strptime(version[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise misnamed(shown, "seventeen digits are a date and time: 20231201120000000_name.sql") from None
    return int(moment.timestamp()) * 1000 + int(version[14:])


def _sections(source: Source) -> tuple[tuple[Script, ...], tuple[Script, ...]]:
    """Return `up` and `down`; a file without markers is `up`. Only the first marker of each kind counts."""
    first: dict[str, re.Match[str]] = {}
    for match in _MARKER.finditer(source.text):
        first.setdefault(match[1].lower(), match)
    if not first:
        return (whole(source),), ()
    if "up" not in first:
        raise SourceError(
            "`-- Down Migration` without `-- Up Migration`: node-pg-migrate would run the whole file as up",
            hint="put `-- Up Migration` above what is to be applied",
            place=place_of(source, first["down"].start()),
        )
    _refuse_code_before(source, min(match.start() for match in first.values()))
    up = (_section(source, first["up"], first.get("down")),)
    return up, (_section(source, first["down"], first["up"]),) if "down" in first else ()


def _refuse_code_before(source: Source, end: int) -> None:
    position = code_starts(source.text, 0, end)
    if position < end:
        raise SourceError(
            "SQL stands before the first marker: node-pg-migrate would not run it",
            hint="move it below `-- Up Migration`",
            place=place_of(source, position),
        )


def _section(source: Source, marker: re.Match[str], other: re.Match[str] | None) -> Script:
    start = next_line(source.text, marker.start())
    end = other.start() if other and other.start() > marker.start() else len(source.text)
    return script(source, min(start, end), end)
