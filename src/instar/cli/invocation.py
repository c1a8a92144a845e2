"""What the user asked for in one call of the program, and what follows from it: configuration, migrator, output."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.config import Config, Environment
    from instar.events import Event
    from instar.migrator import Migrator

_SECRET_VARIABLES = ("PGPASSWORD", "MYSQL_PWD")


class Invocation:
    """The options of all commands. `secrets` are the passwords that came up; they are cut out of every message."""

    def __init__(self, *, config: str | None = None, json: bool = False) -> None:
        self.config = config
        self.environment: str | None = None
        self.database: str | None = None
        self.directory: tuple[str, ...] = ()
        self.json = json
        self.quiet = False
        self.no_color = False
        self.secrets: list[str] = []
        self._loaded: Config | None = None

    def configuration(self) -> "Config":
        """Read the configuration, once. Raises ConfigError when it is wrong."""
        if self._loaded is None:
            self.secrets.extend(os.environ[name] for name in _SECRET_VARIABLES if os.environ.get(name))
            self._loaded = self._load()
        return self._loaded

    def settings(self, *, offline: bool = False) -> "Environment":
        """Return the environment that was asked for, with the options of the command line in it.

        `offline` says that no database will be asked, so that variables of its URL may be unset.
        """
        environment = self.configuration().environment(self.environment, database=self.database, offline=offline)
        self.secrets.extend(environment.secrets())
        return environment

    def settle(self, *targets: str) -> None:
        """Take the first of `targets` that is an environment for the one that is asked for, where none is."""
        known = self.configuration().environments()
        self.environment = self.environment or next((name for name in targets if name in known), None)

    def hide(self, *urls: str) -> None:
        """Keep the passwords of URLs that came up out of every message."""
        from instar import redact

        self.secrets.extend(secret for url in urls for secret in redact.secrets(url))

    def migrator(self, watch: "Callable[[Event], None] | None" = None) -> "Migrator":
        """Return the migrator for what was asked.

        From here on the program works in the project's folder: the file of a relative URL, and what a Python migration
        opens, are the same wherever in the project the command is given.
        """
        from instar.migrator import Migrator

        os.chdir(self.settings().root)
        return Migrator.from_config(self.configuration(), self.environment, database=self.database, watch=watch)

    def caution(self) -> None:
        """Say on stderr, whatever is asked for on stdout, which policies do not hold for the database of a change."""
        if text := self.configuration().caution(self.settings()):
            sys.stderr.write(f"note: {text}\n")
            sys.stderr.flush()

    def _load(self) -> "Config":
        from instar import config

        loaded = config.load(Path.cwd(), file=Path(self.config) if self.config else None, environ=os.environ)
        if not self.directory:
            return loaded
        return loaded.override(
            {"migrations": {"directory": [str(Path(folder).absolute()) for folder in self.directory]}}
        )

    def colored(self) -> bool:
        """Tell whether colours are wanted on a terminal."""
        return not (self.no_color or os.environ.get("NO_COLOR"))
