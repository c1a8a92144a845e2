"""CREATE OR REPLACE of a view or function changes what the released application gets, at once and for everyone.

The name stays, the answer changes. A view may only gain columns at its end; a function keeps its signature, and its
body is new in the next call of every session. Off by default: it is also how such a thing is corrected.

Safe when: this migration has created it.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("replace view", "replace function", "replace trigger")
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));
CREATE VIEW order_totals AS SELECT id, total FROM orders;
"""
BAD = "CREATE OR REPLACE VIEW order_totals AS SELECT id, total, total * 2 AS twice FROM orders;"
GOOD = "CREATE VIEW order_doubles AS SELECT id, total, total * 2 AS twice FROM orders;"
PROOF = Proof("changes", "SELECT * FROM order_totals ORDER BY id LIMIT 1")


def check(look: Look) -> Iterator[Finding]:
    """Flag what takes the place of something in use."""
    change = look.change
    if change is None or change.relation in look.unit.created:
        return
    kind, name = change.kind.removeprefix("replace "), look.name(change.relation or change.name)
    yield look.finding(
        f"the released application gets the new {kind} {name} as soon as this is committed",
        why=f"the name stays, what {name} answers changes for every session at once",
        advice="give a different answer a different name, and drop the old one when no release uses it",
    )
