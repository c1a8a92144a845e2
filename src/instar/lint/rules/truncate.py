"""TRUNCATE deletes every row of a table that is in use, and no `down` brings them back.

Readers of the released application find an empty table, after they have waited for an ACCESS EXCLUSIVE lock. Where the
rows are really not needed, delete them in batches, or rename the table and drop it later.

Safe when: this migration has created the table; the live catalog says that it is empty.
"""

from collections.abc import Iterator

from instar.lint.around import listed, referrers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("truncate",)
SETUP = "CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint);"
BAD = "TRUNCATE TABLE sessions;"
GOOD = "DELETE FROM sessions WHERE id < 0;"
PROOF = Proof("changes", "SELECT count(*) FROM sessions")


def check(look: Look) -> Iterator[Finding]:
    """Flag a table that is emptied while it is in use."""
    change = look.change
    if change is None or look.new() or "cascade" in change.flags:
        return
    table, keys = look.name(), referrers(look, change.relation)
    yield look.finding(
        f"every row of {table} is deleted, and no down brings them back",
        why=f"readers of {table} wait, and then find it empty"
        + (f"; the server refuses it while {listed(keys)} reference it" if keys else ""),
        advice=f"delete in batches what is not needed, or rename {table} and drop it later",
    )
