"""TIMESTAMP ends on 19 January 2038: a later time is refused.

MySQL stores it in four bytes; MariaDB 11.5 and newer on 64-bit machines go to 2106. DATETIME goes to the year 9999, and
does not change with the session's time zone. Off unless the configuration turns it on: for "when was this row written"
TIMESTAMP still serves.
"""

from collections.abc import Iterator

from instar.catalog import Column
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding

GROUP = "design"
SEVERITY = None
DIALECTS = ("mysql", "mariadb")
ON = ("create table", "add column", "modify column")
BAD = "CREATE TABLE contracts (id INT PRIMARY KEY, ends_at TIMESTAMP NULL);"
GOOD = "CREATE TABLE contracts (id INT PRIMARY KEY, ends_at DATETIME NULL);"
PROOF = Proof("shows", "SELECT 1 FROM information_schema.columns WHERE table_name = 'contracts' AND table_schema = "
              "DATABASE() AND data_type = 'timestamp'")  # fmt: skip

_LATER = (11, 5)


def check(look: Look) -> Iterator[Finding]:
    """Flag new columns that end in 2038."""
    change = look.change
    if change is None or (look.dialect.name == "mariadb" and look.schema.version >= _LATER):
        return
    made: tuple[Column, ...] = (change.column,) if change.column is not None else ()
    made = made or (change.table.columns if change.table is not None else ())
    for column in made:
        if column.type.startswith("timestamp") and (change.old is None or change.old.type != column.type):
            yield look.finding(
                f"{look.name()}.{look.name(column.name)} cannot hold a time after 2038-01-19",
                why="TIMESTAMP counts seconds in four bytes; a later time is refused",
                advice="use DATETIME",
            )
