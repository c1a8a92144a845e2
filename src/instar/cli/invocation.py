"""What the user asked for in one call of the program, and what follows from it: configuration, migrator, output."""

import os
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

    def configuration(self) -> "Config":
        """Read the configuration. Raises ConfigError when it is wrong."""
        from instar import config

        self.secrets.extend(os.environ[name] for name in _SECRET_VARIABLES if os.environ.get(name))
        loaded = config.load(Path.cwd(), file=Path(self.config) if self.config else None, environ=os.environ)
        if not self.directory:
            return loaded
        return loaded.override(
            {"migrations": {"directory": [str(Path(folder).absolute()) for folder in self.directory]}}
        )

    def settings(self) -> "Environment":
        """Return the environment that was asked for, with the options of the command line in it."""
        environment = self.configuration().environment(self.environment, database=self.database)
        self.secrets.extend(environment.secrets())
        return environment

    def migrator(self, watch: "Callable[[Event], None] | None" = None) -> "Migrator":
        """Return the migrator for what was asked."""
        from instar.migrator import Migrator

        self.settings()
        return Migrator.from_config(self.configuration(), self.environment, database=self.database, watch=watch)

    def colored(self) -> bool:
        """Tell whether colours are wanted on a terminal."""
        return not (self.no_color or os.environ.get("NO_COLOR"))
