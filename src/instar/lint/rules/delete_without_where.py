"""DELETE without WHERE deletes every row, one by one, in one transaction.

A forgotten condition cannot be told from a meant one, and one that always holds (`WHERE 1 = 1`) is none; nor is `USING
other`, which without a WHERE that names both is joined to every row. Where every row is meant to go, say so in words
that are only used for that (TRUNCATE, where no foreign key of another table references it), or delete in batches.

Safe when: this migration has created the table; the table is empty.
"""

from collections.abc import Iterator

from instar.lint.around import listed, referrers
from instar.lint.conditions import every_row
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("delete",)
SETUP = "CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint);"
BAD = "DELETE FROM sessions;"
GOOD = "DELETE FROM sessions WHERE user_id IS NULL;"
PROOF = Proof("changes", "SELECT count(*) FROM sessions")


def check(look: Look) -> Iterator[Finding]:
    """Flag a DELETE that takes every row."""
    change = look.change
    if change is None or look.new() or not every_row(change, look.table()):
        return
    table, keys = look.name(), referrers(look, change.relation)
    yield look.finding(
        ("this WHERE holds for every row: " if "where" in change.flags else "") + f"every row of {table} is deleted",
        why=f"no down brings the rows of {table} back; they stay locked until the transaction ends"
        + (f"; so do those that {listed(keys)} makes it look for" if keys else ""),
        advice=f"say which rows of {table} are meant" + _if_all(look),
    )


def _if_all(look: Look) -> str:
    """Advise how all rows are deleted: no server truncates a table that another one references."""
    change = look.change
    assert change is not None
    if look.dialect.name == "sqlite":
        return ""
    if any(other.name != change.relation for other, _ in look.schema.referencing(change.relation)):
        return "; if all are, delete in batches: TRUNCATE is refused where a foreign key references the table"
    return ", or TRUNCATE it if all of them are"
