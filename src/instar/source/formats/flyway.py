"""Flyway: `V1.2__name.sql`, `U1.2__name.sql`, `R__name.sql`, `B5__name.sql`, in folders of any depth."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from instar.errors import SourceError
from instar.model import Header, Migration, MigrationKind, Script
from instar.source.flyway import Settings, database_of, script_settings, settings
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed, repeatable_version
from instar.source.options import Options
from instar.source.placeholders import fill
from instar.source.text import checksum_of, whole

_CODE = (".java", ".class", ".kt", ".sh", ".bash", ".bat", ".cmd", ".ps1", ".py")
_VERSION = re.compile(r"\d+(?:[._]\d+)*", re.ASCII)
_CALLBACK = re.compile(
    r"(?:before|after)(?:Each)?(?:Migrate|Undo)(?:Statement)?(?:Error)?"
    r"|(?:before|after)(?:Clean|Info|Validate|Baseline|Repair|Deploy|Connect|CreateSchema)(?:Error)?"
    r"|after(?:Migrate|Undo|Clean|Info|Validate|Baseline|Repair)OperationFinish"
    r"|beforeRepeatables|afterVersioned|afterMigrateApplied|createSchema",
)
_KINDS = {"V": MigrationKind.VERSIONED, "B": MigrationKind.BASELINE, "R": MigrationKind.REPEATABLE}


class File(Struct, frozen=True):
    """A file's place and what its name says: `letter` is V, U, R or B, `version` as it is written."""

    folder: Folder
    name: str
    letter: str
    version: str
    title: str

    @property
    def shown(self) -> str:
        """The path as people see it."""
        return self.folder.show(self.name)


def canonical(version: str) -> str:
    """Return a version as Flyway compares it: V1, V01, V1.0 and V1_0 are equal."""
    return ".".join(map(str, _numbers(version)))


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.split(r"[._]", version)]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def detect(folder: Folder, options: Options) -> list[str]:
    """Name the files that are called like versioned, undo or baseline migrations of Flyway.

    Repeatables alone are a mark only beside a configuration of Flyway's: the native layout has them, too.
    """
    config = _settings(folder, options)
    named = [(name, parts[0]) for name, parts in _named(folder, config)]
    telling = [name for name, letter in named if letter != "R"]
    return telling or ([name for name, _ in named] if config.file else [])


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read all migrations of the folder and of the folders in it.

    Raises SourceError at a file that Flyway would run as something else (callbacks, code) or skip.
    """
    config = _settings(folder, options)
    files = list(_files(folder, config))
    undos = _undos(files)
    migrations = [_migration(file, undos, config, options) for file in files if file.letter != "U"]
    _refuse_lone_undos(files, undos)
    return migrations


def _settings(folder: Folder, options: Options) -> Settings:
    environ = os.environ if options.environ is None else options.environ
    return settings(folder.path, str(options.root), environ, options.environment)


def _named(folder: Folder, config: Settings) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for name in folder.files:
        parts = _parts(name, config)
        if parts:
            yield name, parts
    for inner in folder.folders:
        for name, parts in _named(folder.enter(inner), config):
            yield f"{inner}/{name}", parts


def _parts(name: str, config: Settings) -> tuple[str, str, str] | None:
    """Return the letter, version and title of a file's name, or None when it is not a migration's."""
    stem, prefix = _stem(name, config), _prefix(name, config)
    if not stem or prefix is None:
        return None
    version, _, title = stem[len(prefix[0]) :].partition(config["sqlMigrationSeparator"])
    fits = not version if prefix[1] == "R" else _VERSION.fullmatch(version) is not None
    return (prefix[1], version, title) if fits else None


def _stem(name: str, config: Settings) -> str:
    """Return a name without its suffix, or "" when it has none of Flyway's."""
    for suffix in config["sqlMigrationSuffixes"].split(","):
        if suffix and name.lower().endswith(suffix.strip().lower()):
            return name[: -len(suffix.strip())]
    return ""


def _prefix(name: str, config: Settings) -> tuple[str, str] | None:
    """Return the longest prefix that a name begins with, and its letter."""
    prefixes = [
        (config["sqlMigrationPrefix"], "V"),
        (config["undoSqlMigrationPrefix"], "U"),
        (config["repeatableSqlMigrationPrefix"], "R"),
        (config["baselineMigrationPrefix"], "B"),
    ]
    fitting = [prefix for prefix in prefixes if name.startswith(prefix[0])]
    return max(fitting, key=lambda prefix: len(prefix[0]), default=None)


def _files(folder: Folder, config: Settings) -> Iterator[File]:
    for name in folder.files:
        stem = _stem(name, config)
        parts = _parts(name, config)
        _refuse_what_cannot_run(folder, name, stem, config)
        if parts:
            yield File(folder, name, *parts)
        elif stem or name[-4:].lower() == ".sql":
            raise misnamed(folder.show(name), "V1__name.sql, U1__name.sql, R__name.sql, B1__name.sql")
    for inner in folder.folders:
        yield from _files(folder.enter(inner), config)


def _refuse_what_cannot_run(folder: Folder, name: str, stem: str, config: Settings) -> None:
    code = os.path.splitext(name)[1] in _CODE  # noqa: PTH122 - names are text
    event = (stem or name.partition(".")[0]).partition(config["sqlMigrationSeparator"])[0]
    if (stem or code) and _CALLBACK.fullmatch(event):
        raise SourceError(
            f"{folder.show(name)} is a callback of Flyway: instar does not run callbacks",
            hint="put what it does into the migrations (a repeatable, a section migrate:after), and move it away",
        )
    if code and re.match(r"(?:[VUB]\d[\w.]*|R)__", name):
        raise SourceError(
            f"{folder.show(name)} is a migration in code: instar runs SQL of this layout only",
            hint="write what it does as SQL, under the same version",
        )


def _undos(files: list[File]) -> dict[tuple[int, ...], File]:
    undos: dict[tuple[int, ...], File] = {}
    for file in files:
        if file.letter == "U":
            twin = undos.setdefault(_numbers(file.version), file)
            if twin is not file:
                raise SourceError(
                    f"two files undo the version {canonical(file.version)}: {twin.shown} and {file.shown}",
                    hint="remove one",
                )
    return undos


def _refuse_lone_undos(files: list[File], undos: dict[tuple[int, ...], File]) -> None:
    versions = {_numbers(file.version) for file in files if file.letter == "V"}
    for numbers, file in undos.items():
        if numbers not in versions:
            raise SourceError(
                f"{file.shown} undoes the version {canonical(file.version)}, which is not there",
                hint=f"add V{file.version}__{file.title or 'name'}.sql, or remove the file",
            )


def _migration(file: File, undos: Mapping[tuple[int, ...], File], config: Settings, options: Options) -> Migration:
    written, filled = _scripts(file, config, options)
    repeatable = file.letter == "R"
    numbers = () if repeatable else _numbers(file.version)
    undo = undos.get(numbers) if file.letter == "V" else None
    version = repeatable_version(file.title) if repeatable else check_version(canonical(file.version), file.shown)
    return Migration(
        version,
        file.title or version,
        file.shown,
        order=numbers,
        kind=_KINDS[file.letter],
        format="flyway",
        header=Header(description=file.title.replace("_", " ")),
        # As in Flyway: a repeatable runs again when a placeholder's value changes, a versioned one is what was written.
        checksum=checksum_of((filled if repeatable else written,)),
        up=(filled,),
        down=(_scripts(undo, config, options)[1],) if undo else (),
    )


def _scripts(file: File, config: Settings, options: Options) -> tuple[Script, Script]:
    """Return a file's script as it is written, and with placeholders filled in."""
    own: dict[str, bool] = {}
    if f"{file.name}.conf" in file.folder.files:
        own = script_settings(file.folder.read(f"{file.name}.conf"))
    together = {"true": True, "false": False}.get(config["executeInTransaction"])
    written = whole(file.folder.read(file.name), own.get("executeInTransaction", together))
    if not own.get("placeholderReplacement", config["placeholderReplacement"] == "true"):
        return written, written
    prefix, suffix = re.escape(config["placeholderPrefix"]), re.escape(config["placeholderSuffix"])
    pattern = re.compile(rf"{prefix}(.*?)(?:{suffix}|\Z)", re.DOTALL)
    return written, fill(written, _values(file, config, options), pattern)


def _values(file: File, config: Settings, options: Options) -> dict[str, str]:
    """Return the values of all placeholders: Flyway's own as far as they are known here, then the project's."""
    own = {
        "defaultSchema": config["defaultSchema"] or config.known("schemas") or options.schema,
        "user": options.user or config["user"],
        "database": options.database or database_of(config["url"]),
        "timestamp": f"{datetime.now():%Y-%m-%d %H:%M:%S}",  # noqa: DTZ005 - local time, as Flyway has it
        "filename": file.name,
        "workingDirectory": str(options.root),
        "table": config["table"],
        "environment": options.environment or config["environment"],
    }
    separator = config["placeholderSeparator"]
    known = {f"flyway{separator}{name}": value for name, value in own.items() if value}
    return known | dict(config.placeholders) | dict(options.placeholders)
