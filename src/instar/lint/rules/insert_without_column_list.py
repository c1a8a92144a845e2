"""INSERT without a column list puts values where the columns happen to stand.

The order of columns is that in which they were added, on each database its own. A column that comes before moves the
values into the wrong ones, without an error where the types fit.

Safe when: this migration has created the table.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("insert",)
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50), email varchar(50));
CREATE TABLE imported (id bigint PRIMARY KEY, email varchar(50), name varchar(50));
INSERT INTO imported (id, email, name) VALUES (-1, 'ann@example.com', 'Ann');
"""
BAD = "INSERT INTO users SELECT * FROM imported WHERE id = -1;"
GOOD = "INSERT INTO users (id, email, name) SELECT id, email, name FROM imported WHERE id = -1;"
PROOF = Proof("shows", "SELECT id FROM users WHERE id = -1 AND email = 'Ann'")


def check(look: Look) -> Iterator[Finding]:
    """Flag values whose columns are not named."""
    change = look.change
    if change is None or change.columns or change.relation in look.unit.created:
        return
    if "default values" in change.flags or "default values" in look.effect.text.lower():
        return
    table = look.name()
    known = look.table()
    listing = ", ".join(look.name(item.name) for item in known.columns) if known.complete else ""
    yield look.finding(
        f"the values go to the columns of {table} in the order in which these were added",
        why=f"on a database where {table} has its columns in another order, they go to the wrong ones",
        advice="name the columns" + (f": INSERT INTO {table} ({listing})" if listing else ""),
    )
