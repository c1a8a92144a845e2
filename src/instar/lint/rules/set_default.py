"""SET DEFAULT changes what the released application's INSERTs write.

An INSERT that leaves the column out has written NULL, or the old default; now it writes something else. Off by default:
it is the usual step before a backfill.

Safe when: this migration has created the table or the column.
"""

from collections.abc import Iterator

from instar.lint.around import made_here
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("set default",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20));"
BAD = "ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'open';"
GOOD = "ALTER TABLE orders ADD COLUMN state varchar(20) DEFAULT 'open';"
PROOF = Proof(
    "changes",
    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND atthasdef AND attname = 'status'",
)
_THERE = Proof(
    "changes",
    "SELECT count(column_default) FROM information_schema.columns WHERE table_schema = database() "
    "AND table_name = 'orders' AND column_name = 'status' AND column_default <> 'NULL'",
)
EXAMPLES = {name: Example(SETUP, BAD, GOOD, _THERE) for name in ("mysql", "mariadb")}


def check(look: Look) -> Iterator[Finding]:
    """Flag a default that INSERTs of the released application get."""
    change = look.change
    if change is None or made_here(look, change.relation, change.name):
        return
    table, column = look.name(), look.name(change.name)
    yield look.finding(
        f"INSERTs of the released application that leave {column} out write something else to {table} from now on",
        why=f"they have got the old default of {table}.{column}, or NULL, until now",
        advice=f"make sure that the released application copes with the new value of {column}",
    )
