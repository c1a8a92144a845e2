"""A project under git with a policy, and people who commit and approve in it."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conftest import query
from instar import Migrator, config, gate
from instar.model import Attempt, Plan

USERS = """-- migrate:up
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100));
-- migrate:down
DROP TABLE users;
"""
DROPPED = "-- migrate:up\nDROP TABLE users;\n"


@dataclass(slots=True)
class Team:
    """A checkout at `root` whose migrations go to `url`; `staging` is the database before it."""

    root: Path
    url: str
    staging: str = ""
    policy: str = ""
    known: dict[str, str] = field(default_factory=dict)

    def begin(self) -> "Team":
        (self.root / "migrations").mkdir()
        self.git("init", "--quiet")
        self.settings(self.policy)
        return self

    def settings(self, policy: str) -> None:
        """Write instar.toml with these lines below [environments.production.policy]."""
        staging = f'[environments.staging]\nurl = "{self.staging}"\n' if self.staging else ""
        text = f'{staging}[environments.production]\nurl = "{self.url}"\n[environments.production.policy]\n{policy}\n'
        (self.root / "instar.toml").write_text(text)

    def git(self, *arguments: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        alone = clean | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, env=alone, capture_output=True)

    def becomes(self, name: str) -> None:
        """Somebody else sits at this checkout."""
        self.git("config", "user.name", name)
        self.git("config", "user.email", f"{name.lower()}@example.com")

    def commits(self, name: str, files: dict[str, str]) -> None:
        """Somebody writes migrations, by name, and commits them."""
        self.becomes(name)
        for file, text in files.items():
            (self.root / "migrations" / f"{file}.sql").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")

    def migrator(self, environment: str = "production") -> Migrator:
        return Migrator.from_config(config.load(self.root, environ={}), environment)

    def up(self, environment: str = "production", override: str | None = None) -> list[str]:
        with self.migrator(environment) as migrator:
            return [step.version for step in migrator.up(override=override).steps]

    def plan(self) -> Plan:
        with self.migrator() as migrator:
            return migrator.plan()

    def history(self) -> list[Attempt]:
        with self.migrator() as migrator:
            return migrator.history()

    def approve(self, *names: str, tested: str = "") -> None:
        """Each of these people approves all migrations."""
        for name in names:
            self.becomes(name)
            with self.migrator() as migrator:
                gate.approve(migrator.environment, migrator.migrations(), tested)

    def tables(self) -> Sequence[str]:
        """Return all tables of the database, instar's own among them."""
        if self.url.startswith("sqlite"):
            found = query(self.url, "SELECT name FROM sqlite_master WHERE type = 'table'")
        elif self.url.startswith("postgresql"):
            found = query(
                self.url, "SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN "
                "('pg_catalog', 'information_schema')",
            )  # fmt: skip
        else:
            found = query(self.url, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        return sorted(str(row[0]) for row in found)
