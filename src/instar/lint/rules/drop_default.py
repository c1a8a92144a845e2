"""DROP DEFAULT changes what the released application's INSERTs write: NULL, or nothing at all.

An INSERT that leaves the column out writes NULL from now on; where the column is NOT NULL it fails. Off by default,
except that a NOT NULL column is nearly always meant to keep its default until no release needs it.

Safe when: this migration has created the table or the column.
"""

from collections.abc import Iterator

from instar.lint.around import made_here
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("drop default",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20) NOT NULL DEFAULT 'open');"
BAD = "ALTER TABLE orders ALTER COLUMN status DROP DEFAULT;"
GOOD = "ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'new';"
PROOF = Proof("breaks", "INSERT INTO orders (id) VALUES (-1)")


def check(look: Look) -> Iterator[Finding]:
    """Flag a default that INSERTs of the released application rely on."""
    change = look.change
    if change is None or made_here(look, change.relation, change.name):
        return
    table, column = look.name(), look.name(change.name)
    known = look.table().column(change.name)
    fate = "fail" if known is not None and not known.nullable else "write NULL"
    yield look.finding(
        f"INSERTs of the released application into {table} that leave {column} out {fate} from now on",
        why=f"they have got the default of {table}.{column} until now",
        advice=f"release an application that always writes {column} first",
    )
