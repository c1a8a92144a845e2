"""A table without a primary key: its rows cannot be told apart.

Logical replication refuses UPDATE and DELETE on it, batches have no key to go by, tools that compare or copy tables
cannot tell what is the same row, and nothing stops two equal ones.

Safe when: a primary key is added later in the migration; a partition (its parent has the key); a table made by CREATE
TABLE ... AS.
"""

from collections.abc import Iterator

from instar.catalog import ConstraintKind, Table
from instar.lint.around import at, tables_made
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
NEEDS = frozenset({"create table", "create table as"})
BAD = """CREATE TABLE events (id bigint NOT NULL, note varchar(100));
INSERT INTO events (id, note) VALUES (1, 'twice');
INSERT INTO events (id, note) VALUES (1, 'twice');
"""
GOOD = """CREATE TABLE events (id bigint NOT NULL PRIMARY KEY, note varchar(100));
INSERT INTO events (id, note) VALUES (1, 'once');
INSERT INTO events (id, note) VALUES (2, 'twice');
"""
PROOF = Proof("shows", "SELECT id FROM events GROUP BY id HAVING count(*) > 1")


def check(look: Look) -> Iterator[Finding]:
    """Flag new tables that have no primary key at the end of the migration."""
    for index, effect, change, table in tables_made(look):
        if change.kind != "create table" or change.cleared or not table.complete or table.parent or _has_key(table):
            continue
        name = look.name(table.name)
        with at(look, index, effect, change):
            yield look.finding(
                f"{name} has no primary key",
                why=f"rows of {name} cannot be told apart: not by replication, which refuses UPDATE and DELETE, nor by "
                "batches",
                advice=f"give {name} a primary key",
            )


def _has_key(table: Table) -> bool:
    return any(item.kind is ConstraintKind.PRIMARY_KEY for item in table.constraints) or any(
        item.primary for item in table.indexes
    )
