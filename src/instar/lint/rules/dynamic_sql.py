"""This builds SQL that nobody can check before it runs.

What EXECUTE runs is known at run time only: no rule of this linter has looked at it, nor has a reviewer. Write the
statements out, or keep what varies to names that are quoted with %I, and try it on a copy of the database.

Safe when: what EXECUTE gets is a constant text: then it is looked at like any other statement.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);"
BAD = """DO $$
DECLARE
    part text := 'note';
BEGIN
    EXECUTE format('ALTER TABLE orders DROP COLUMN %I', part);
END $$;
"""
GOOD = """DO $$
BEGIN
    ALTER TABLE orders ADD COLUMN remark text;
END $$;
"""
PROOF = Proof("breaks", "SELECT note FROM orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag SQL that is built at run time."""
    if not look.effect.dynamic or look.effect.inner:
        return
    what = "this builds SQL" if look.depth else "this runs code"
    yield look.finding(
        f"{what} that nobody can check before it runs",
        why="no rule has looked at what it does: what it locks, drops or rewrites is known at run time only",
        advice="write the statements out, or try it on a copy of the database",
    )
