"""CREATE INDEX CONCURRENTLY IF NOT EXISTS reports success and keeps what has the name already.

IF NOT EXISTS looks at the name only. An index of that name on other columns stays as it is, and so does an INVALID
one, left by an attempt that failed: it costs every write and serves no query. instar itself drops an INVALID namesake
before it builds; in a layout of another tool that tool may be what runs the file, and does not.

Safe when: no index of the name is there; the file is in instar's own layout, and the index there is the same.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "transaction"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("create index",)
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, product_id bigint);
CREATE INDEX idx_orders ON orders (customer_id);
"""
BAD = "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_orders ON orders (product_id);"
GOOD = "CREATE INDEX CONCURRENTLY idx_orders_product_id ON orders (product_id);"
PROOF = Proof("shows", "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_indexes WHERE indexdef LIKE '%(product_id)')")

_OURS = frozenset({"native", "loose"})


def check(look: Look) -> Iterator[Finding]:
    """Flag a build that may be none."""
    change = look.change
    assert change is not None
    if "if not exists" not in change.flags or look.depth:
        return
    name, table = look.name(change.name), look.name()
    if _differs(look, change):
        yield look.finding(
            f"this builds nothing: {name} is there already, and is another index",
            why="IF NOT EXISTS looks at the name only",
            advice=f"give the index on {table} a name of its own, or drop the old {name} first",
        )
    elif "concurrently" in change.flags and look.migration.format not in _OURS:
        yield look.finding(
            f"an INVALID {name}, left on {table} by an attempt that failed, would stay for ever",
            why="IF NOT EXISTS looks at the name only; an INVALID index costs every write and serves no query",
            advice="leave out IF NOT EXISTS, so that a leftover is noticed",
            severity=Severity.INFO,
        )


def _differs(look: Look, change: Change) -> bool:
    """Whether the model knows an index of this name that is another one."""
    owner = look.schema.owner(change.name)
    if not owner:
        return False
    old = look.table(owner).index(change.name)
    if owner != change.relation or old is None:
        return owner != change.relation
    unique = "unique" in change.flags
    return bool(change.columns and old.columns) and (old.columns, old.unique) != (change.columns, unique)
