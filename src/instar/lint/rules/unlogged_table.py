"""An UNLOGGED table is empty after a crash, and always empty on replicas.

Its rows are not in the write-ahead log: faster to write, and gone after the first crash or immediate shutdown. That is
right for what can be made again, wrong for everything else.
"""

from collections.abc import Iterator

from instar.lint.around import ahead
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("create table", "create table as", "set unlogged")
BAD = "CREATE UNLOGGED TABLE payments (id bigint PRIMARY KEY, amount numeric(10,2));"
GOOD = "CREATE TABLE payments (id bigint PRIMARY KEY, amount numeric(10,2));"
PROOF = Proof("shows", "SELECT relname FROM pg_class WHERE relname = 'payments' AND relpersistence = 'u'")


def check(look: Look) -> Iterator[Finding]:
    """Flag rows that a crash takes."""
    change = look.change
    if change is None or not (change.kind == "set unlogged" or "unlogged" in change.flags):
        return
    later = (item for _, effect in ahead(look) for item in effect.changes if item.relation == change.relation)
    if any(item.kind in {"drop table", "set logged"} for item in later):
        return
    table = look.name()
    yield look.finding(
        f"the rows of {table} are gone after a crash, and never on a replica",
        why=f"changes of an UNLOGGED table are not written to the log, so {table} is emptied when the server recovers",
        advice="leave UNLOGGED out, unless all of it can be made again; or SET LOGGED before it is used",
    )
