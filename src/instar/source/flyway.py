"""What Flyway's own configuration says about the names and texts of migrations."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from msgspec import Struct, field

from instar.errors import SourceError
from instar.model import Place
from instar.registry import did_you_mean
from instar.source.text import Source, read

_DEFAULTS = {
    "sqlMigrationPrefix": "V",
    "undoSqlMigrationPrefix": "U",
    "repeatableSqlMigrationPrefix": "R",
    "baselineMigrationPrefix": "B",
    "sqlMigrationSeparator": "__",
    "sqlMigrationSuffixes": ".sql",
    "placeholderReplacement": "true",
    "placeholderPrefix": "${",
    "placeholderSuffix": "}",
    "placeholderSeparator": ":",
    "table": "flyway_schema_history",
    "environment": "default",
}
_VARIABLE = re.compile(r"\$\{(?:env\.)?([A-Za-z_]\w*)\}")
_PLACEHOLDER_VARIABLE = "FLYWAY_PLACEHOLDERS_"
_DATABASE = re.compile(r"jdbc:\w+://[^/]*/([^?;]+)")
_SCRIPT_KEYS = ["executeInTransaction", "placeholderReplacement", "encoding", "shouldExecute"]


class Settings(Struct, frozen=True):
    """Flyway's settings as text, by their names in the documentation. `file` is where they were read, "" if nowhere."""

    file: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """Return a setting, or its default."""
        return self.values.get(name) or _DEFAULTS.get(name, "")

    def known(self, name: str) -> str:
        """Return the first of a list's texts, or ""."""
        return self[name].partition(",")[0].strip()


def settings(folder: str, root: str, environ: Mapping[str, str], environment: str = "") -> Settings:
    """Read `flyway.toml` or `flyway.conf`, looked for in the folder and upwards to `root`."""
    for directory in _upwards(folder, root):
        for name, parse in (("flyway.toml", _toml), ("flyway.conf", _conf)):
            path = os.path.join(directory, name)  # noqa: PTH118 - one of few, and the folder is text
            if os.path.isfile(path):  # noqa: PTH113 - the same
                source = read(path, os.path.relpath(path, root))
                return _settings(source, dict(parse(source, environment)), environ)
    return Settings(placeholders=_from_environ(environ))


def _upwards(folder: str, root: str) -> Iterator[str]:
    directory, top = os.path.abspath(folder), os.path.abspath(root)  # noqa: PTH100 - text in, text out
    yield directory
    while directory != top and directory.startswith(top.rstrip(os.sep) + os.sep):
        directory = str(PurePath(directory).parent)
        yield directory


def _settings(source: Source, values: dict[str, str], environ: Mapping[str, str]) -> Settings:
    filled = {name: text for name, value in values.items() if (text := _expand(value, environ)) is not None}
    plain = {name: text for name, text in filled.items() if not name.startswith("placeholders.")}
    placeholders = {
        name.removeprefix("placeholders."): text for name, text in filled.items() if name.startswith("placeholders.")
    }
    _refuse(source, plain)
    return Settings(source.file, plain, placeholders | _from_environ(environ))


def _expand(value: str, environ: Mapping[str, str]) -> str | None:
    """Fill in environment variables; None when one is not set, so that the setting counts as missing."""
    if any(match[1] not in environ for match in _VARIABLE.finditer(value)):
        return None
    return _VARIABLE.sub(lambda match: environ[match[1]], value)


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(_PLACEHOLDER_VARIABLE).lower(): value
        for name, value in environ.items()
        if name.startswith(_PLACEHOLDER_VARIABLE)
    }


def _refuse(source: Source, values: dict[str, str]) -> None:
    encoding = values.get("encoding", "UTF-8")
    if encoding.upper().replace("-", "") != "UTF8":
        raise SourceError(f"{source.file} sets the encoding {encoding}: instar reads UTF-8", hint="convert the files")
    if values.get("initSql"):
        raise SourceError(
            f"{source.file} sets initSql, which instar does not run",
            hint="put what the migrations need of it into the migrations (SET ...), and remove it",
        )


def _toml(source: Source, environment: str) -> Iterator[tuple[str, str]]:
    import tomllib

    try:
        content = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{source.file} is not TOML: {error}", place=Place(source.file, 1)) from error
    base = content.get("flyway", {})
    name = environment or base.get("environment", "default")
    chosen = content.get("environments", {}).get(name, {})
    yield from _flat({key: chosen[key] for key in ("url", "user", "schemas", "initSql") if key in chosen})
    yield from _flat(base)
    yield from _flat(chosen.get("flyway", {}))
    yield "environment", name


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield f"{prefix}{key}", ",".join(map(str, value))
        else:
            yield f"{prefix}{key}", str(value).lower() if isinstance(value, bool) else str(value)


def _conf(source: Source, environment: str) -> Iterator[tuple[str, str]]:  # noqa: ARG001 - a conf has none
    for key, value, _ in _properties(source):
        if key.startswith("flyway."):
            yield key.removeprefix("flyway."), value


def _properties(source: Source) -> Iterator[tuple[str, str, Place]]:
    text = re.sub(r"\\\r?\n[ \t]*", "", source.text)
    for number, line in enumerate(text.split("\n"), 1):
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith(("#", "!")):
            yield key.strip(), value.strip(), Place(source.file, number, 1, line.rstrip("\r"))


def database_of(url: str) -> str:
    """Return the database that a JDBC URL names, or ""."""
    match = _DATABASE.match(url)
    return match[1] if match else ""


def script_settings(source: Source) -> dict[str, bool]:
    """Read a migration's own `.conf` file.

    Raises SourceError at a key that Flyway does not know, and at one whose meaning would be lost.
    """
    return {key: _script_value(key, value, place) for key, value, place in _properties(source)}


def _script_value(key: str, value: str, place: Place) -> bool:
    if key not in _SCRIPT_KEYS:
        raise SourceError(f"{key!r} is not a setting of a script", hint=did_you_mean(key, _SCRIPT_KEYS), place=place)
    if key == "encoding":
        if value.upper().replace("-", "") != "UTF8":
            raise SourceError(f"the encoding {value} is not read", hint="convert the file to UTF-8", place=place)
        return True
    if value.lower() not in ("true", "false") or (key == "shouldExecute" and value.lower() == "false"):
        hint = "move the file out of the folder" if key == "shouldExecute" else "write true or false"
        raise SourceError(f"{key}={value} cannot be honoured", hint=hint, place=place)
    return value.lower() == "true"
