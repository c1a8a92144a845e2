"""Diesel: a folder a migration, `2023-12-01-120000_name/up.sql`, with `down.sql` and `metadata.toml` beside it."""

import re

from instar.errors import SourceError
from instar.model import Migration, Place
from instar.registry import did_you_mean
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed, text_order
from instar.source.options import Options
from instar.source.placeholders import fill_all
from instar.source.text import Source, checksum_of, whole

_NAME = re.compile(r"(\d[\d-]*)(?:_(.*))?", re.ASCII)
_PATTERN = "2023-12-01-120000_name/up.sql"


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the folders that hold an `up.sql`."""
    named = [name for name in folder.folders if _NAME.fullmatch(name)]
    return [f"{name}/up.sql" for name in named if "up.sql" in folder.enter(name).files]


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read every folder that is not empty. Raises SourceError at one without `up.sql`, as Diesel does."""
    for name in folder.sql():
        raise misnamed(folder.show(name), _PATTERN, "Diesel would not run a file beside the folders: move it into one")
    inner = [folder.enter(name) for name in folder.folders]
    found = [(each, _match(each)) for each in inner if each.files or each.folders]
    orders = text_order([_version(match) for _, match in found])
    return [_migration(each, match, orders, options) for each, match in found]


def _match(inner: Folder) -> re.Match[str]:
    match = _NAME.fullmatch(inner.path.rpartition("/")[2])
    if match is None:
        raise misnamed(inner.shown, _PATTERN)
    if "up.sql" not in inner.files:
        raise SourceError(f"{inner.shown} has no up.sql", hint="add it, or remove the folder")
    return match


def _version(match: re.Match[str]) -> str:
    return match[1].replace("-", "")


def _migration(inner: Folder, match: re.Match[str], orders: dict[str, tuple[int, ...]], options: Options) -> Migration:
    transaction = _transaction(inner)
    up = (whole(inner.read("up.sql"), transaction),)
    down = (whole(inner.read("down.sql"), transaction),) if "down.sql" in inner.files else ()
    version = _version(match)
    return Migration(
        check_version(version, inner.shown),
        match[2] or version,
        inner.show("up.sql"),
        order=orders[version],
        format="diesel",
        checksum=checksum_of(up),
        up=fill_all(up, options.placeholders),
        down=fill_all(down, options.placeholders),
    )


def _transaction(inner: Folder) -> bool | None:
    """Return what `metadata.toml` says. Diesel takes one that does not name `run_in_transaction` as false."""
    if "metadata.toml" not in inner.files:
        return None
    import tomllib

    source = inner.read("metadata.toml")
    try:
        values = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{source.file} is not TOML: {error}", place=Place(source.file, 1)) from error
    for key in values:
        if key != "run_in_transaction":
            raise _wrong(source, f"{source.file} has an unknown key {key!r}", key, ["run_in_transaction"])
    value = values.get("run_in_transaction", False)
    if not isinstance(value, bool):
        raise _wrong(source, f"run_in_transaction must be true or false, not {value!r}", "run_in_transaction", [])
    return value


def _wrong(source: Source, message: str, key: str, known: list[str]) -> SourceError:
    lines = source.text.splitlines()
    number = next((index for index, line in enumerate(lines, 1) if key in line), 1)
    hint = did_you_mean(key, known) if known else "write run_in_transaction = false"
    return SourceError(message, hint=hint, place=Place(source.file, number, 1, lines[number - 1]))
