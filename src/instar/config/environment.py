"""One environment with everything merged: what a run needs to know, as plain values."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from instar import redact
from instar.config import duration, window
from instar.config.tables import Lint, Naming, OutOfOrder, Policy, Table, Test
from instar.config.typed import unknown
from instar.errors import ConfigError


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that holds in one environment.

    Paths are absolute, times are seconds (None: no limit). `url` is "" when no database is known; `url_source` says
    where it came from, and `configured_in` is the configuration file, for messages. `root` is the folder that paths
    are shown relative to.
    """

    name: str = "development"
    url: str = ""
    url_source: str = ""
    configured_in: str = ""
    root: Path
    directories: tuple[Path, ...]
    seeds: tuple[Path, ...]
    templates: Path
    template: str = ""
    format: str = ""
    table: str = "schema_migrations"
    log_table: str = "migration_execution_log"
    schema: str = ""
    internal_schema: str = "instar"
    placeholders: Mapping[str, str] = {}
    lock_timeout: float | None = 0.1
    lock_deadline: float | None = 300.0
    statement_timeout: float | None = None
    wait_lock: float = 0.0
    out_of_order: OutOfOrder = "safe"
    group: bool = False
    session_pooler: bool = False
    lint: Lint = Lint()
    naming: Naming = Naming()
    policy: Policy = Policy()
    test: Test = Test()
    test_budget: float | None = 30.0
    keep_backups: float | None = 30 * 86400.0

    def database(self) -> str:
        """Return the URL. Raises ConfigError when none is known."""
        if self.url:
            return self.url
        raise ConfigError(
            f"no database is known for the environment {self.name!r}",
            hint=f"set DATABASE_URL, pass --database URL, or write url under [environments.{self.name}] in instar.toml",
        )

    def secrets(self) -> tuple[str, ...]:
        """Return the passwords that must not be shown."""
        return redact.secrets(self.url)

    def replace(self, **changes: object) -> "Environment":
        """Return a copy with `changes`. Times may be texts ("5m"), folders texts or paths, one or several.

        Raises ConfigError for a name that does not exist, with the nearest that does.
        """
        known = [field.name for field in msgspec.structs.fields(Environment)]
        for name in changes:
            if name not in known:
                raise unknown(f"there is no setting {name!r}", name, known)
        values = {name: _converted(name, value, self.root) for name, value in changes.items()}
        if "url" in changes:
            values.setdefault("url_source", "the caller")
        return msgspec.structs.replace(self, **values)


def build(name: str, table: Table, root: Path, url_source: str, configured_in: str = "") -> Environment:
    """Make the environment `name` of the merged `table`; relative paths start at `root`."""
    return Environment(
        name=name,
        url=table.url,
        url_source=url_source,
        configured_in=configured_in,
        root=root,
        directories=folders(table.migrations.directory, root),
        seeds=folders(table.seeds.directory, root),
        templates=_folder(table.migrations.templates, root),
        template=table.migrations.template,
        format=table.migrations.format,
        table=table.migrations.table,
        log_table=table.migrations.log_table,
        schema=table.migrations.schema,
        internal_schema=table.migrations.internal_schema,
        placeholders={key: _text(value) for key, value in table.placeholders.items()},
        lock_timeout=_seconds("lock_timeout", table.lock_timeout),
        lock_deadline=_seconds("lock_deadline", table.lock_deadline),
        statement_timeout=_seconds("statement_timeout", table.statement_timeout),
        wait_lock=_seconds("wait_lock", table.wait_lock) or 0.0,
        out_of_order=table.out_of_order or ("apply" if name == "development" else "safe"),
        group=table.group,
        session_pooler=table.session_pooler,
        lint=table.lint,
        naming=table.naming,
        policy=_policy(table.policy),
        test=table.test,
        test_budget=_seconds("test.budget", table.test.budget),
        keep_backups=_seconds("backups.keep", table.backups.keep),
    )


def folders(value: object, root: Path) -> tuple[Path, ...]:
    """Return one folder or several as absolute paths."""
    several = [value] if isinstance(value, (str, Path)) else value
    assert isinstance(several, (list, tuple))
    return tuple(_folder(folder, root) for folder in several)


def _folder(value: str | Path, root: Path) -> Path:
    return root / Path(value).expanduser()


def _policy(policy: Policy) -> Policy:
    """Return the policy. Raises ConfigError at a window that is none."""
    for text in policy.windows:
        try:
            window.parse(text)
        except ValueError as error:
            raise ConfigError(f"policy.windows: {error}") from None
    return policy


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _converted(name: str, value: object, root: Path) -> object:
    if name in ("directories", "seeds"):
        return folders(value, root)
    if (
        name in ("lock_timeout", "lock_deadline", "statement_timeout", "wait_lock", "keep_backups")
        and value is not None
    ):
        return _seconds(name, value)
    return value


def _seconds(name: str, value: object) -> float | None:
    try:
        return duration.parse(value) or (0.0 if name == "wait_lock" else None)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None
