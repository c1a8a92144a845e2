"""A new column changes the rows that `SELECT *` and `INSERT` without a column list see.

Clients that read columns by their position, `INSERT INTO t VALUES (...)`, `COPY t` and `UNION` with `*` notice a new
column; so do users of a composite type with a new attribute. Off by default: adding a column is what most migrations
do, and it is safe for an application that names its columns.

Safe when: this migration has created the table.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("add column",)
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));
CREATE TABLE former_users (id bigint PRIMARY KEY, email varchar(255));
"""
BAD = "ALTER TABLE users ADD COLUMN nickname varchar(50);"
GOOD = "CREATE TABLE user_names (user_id bigint PRIMARY KEY, nickname varchar(50));"
PROOF = Proof("breaks", "SELECT * FROM users UNION ALL SELECT * FROM former_users")


def check(look: Look) -> Iterator[Finding]:
    """Flag a column that `SELECT *` brings along."""
    change = look.change
    if change is None or change.relation in look.unit.created:
        return
    table = look.name()
    yield look.finding(
        f"SELECT * FROM {table} gives one column more: {look.name(change.name)}",
        why=f"clients that count the columns of {table}, and INSERT without a column list, notice it",
        advice=f"make sure that the released application names the columns of {table}",
    )
