"""A migration's file is not named `YYYYMMDDHHMMSS_descriptive_name.sql`.

The time in the name puts migrations in the order in which they were written, and no two people take the same number.
`instar create NAME` writes such a name. Only files of instar's own layout are judged: the others have their own rules.

Safe when: the name fits `file` under `[naming]` in instar.toml (an empty text: anything does).
"""

import re
from collections.abc import Iterator
from datetime import datetime

from instar.lint import naming
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, MigrationKind, Place, Severity

GROUP = "naming"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = ""
BAD = "-- file: 7_AddUsers.sql\nCREATE TABLE users (id bigint PRIMARY KEY);"
GOOD = "-- file: 20231201120000_create_users.sql\nCREATE TABLE users (id bigint PRIMARY KEY);"
PROOF = Proof("style")

_DIGITS = 14


def check(look: Look) -> Iterator[Finding]:
    """Flag the file's name."""
    migration, rules = look.migration, look.options.naming
    name = migration.path.rpartition("/")[2]
    if migration.format != "native" or migration.kind is not MigrationKind.VERSIONED or not rules.file:
        return
    if naming.excepted(name, rules):
        return
    if not re.fullmatch(rules.file, name):
        yield look.finding(
            f"{name} is not named like YYYYMMDDHHMMSS_descriptive_name.sql",
            why="files with times for numbers keep the order in which they were written",
            advice="instar create NAME writes such a name",
            place=Place(migration.path, 1),
        )
    elif len(migration.version) == _DIGITS and not _is_time(migration.version):
        yield look.finding(
            f"{migration.version} in {name} is no point in time",
            advice="the version is YYYYMMDDHHMMSS, in UTC",
            place=Place(migration.path, 1),
        )


def _is_time(version: str) -> bool:
    try:
        datetime.fromisoformat(f"{version[:8]}T{version[8:]}")
    except ValueError:
        return False
    return True
