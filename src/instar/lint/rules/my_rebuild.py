"""ALTER TABLE that rebuilds the table in place writes every row and every index anew.

Reads and writes go on, but the work grows with the table: disk space for a second copy, a log of the writes meanwhile
that must not outgrow innodb_online_alter_log_max_size, and on replicas the same again, one after the other. With a
FULLTEXT index, an index on a virtual column, or a new AUTO_INCREMENT column, writes wait as well.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = (
    "add column",
    "drop column",
    "modify column",
    "rebuild table",
    "add constraint",
    "drop constraint",
    "create index",
)
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(50)) DEFAULT CHARSET = utf8mb4;"
BAD = "ALTER TABLE orders MODIFY note VARCHAR(50) NOT NULL DEFAULT '';"
GOOD = "ALTER TABLE orders ADD COLUMN remark VARCHAR(50) NOT NULL DEFAULT '', ALGORITHM=INSTANT;"
PROOF = Proof("algorithm", "INSTANT")


def check(look: Look) -> Iterator[Finding]:
    """Flag a rebuild in place of a table that has rows."""
    change, together = look.change, online_ddl.combined(look)
    work = together or online_ddl.rewrite(change)
    if change is None or work is None or online_ddl.copies(change) or look.new() or look.small() or look.effect.error:
        return
    if change.kind == "add column" and online_ddl.places(change):
        return
    if together is not None and look.effect.algorithm == "COPY":
        return
    table, waits = look.name(), online_ddl.writes_wait(change)
    yield look.finding(
        f"this writes every row of {table} anew" + (" while writes wait" if waits else ""),
        why=f"{work.reason}; "
        + (
            f"INSERT, UPDATE and DELETE on {table} wait until it is done"
            if waits
            else f"it needs room for a second {table}, and replicas fall behind by as long as it takes"
        ),
        advice="make each change in a statement of its own"
        if together is not None
        else "run it when there is little to do, or through a tool that copies in batches",
        severity=Severity.ERROR if waits else None,
        unknown=work.unknown,
    )
