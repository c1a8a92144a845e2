"""SET EXPRESSION computes a stored column anew in every row while nobody else can use the table.

ALTER COLUMN ... SET EXPRESSION (PostgreSQL 17) on a stored generated column writes the whole table and builds all of
its indexes again under an ACCESS EXCLUSIVE lock: readers and writers wait. DROP EXPRESSION keeps the values and makes
an ordinary column of it at once; a trigger and batches then bring the new values without a wait.

Safe when: the column is virtual (PostgreSQL 18); the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import WorkKind
from instar.lint import expand, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
VERSIONS = (17, None)
ON = ("set expression",)
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, net integer, gross integer GENERATED ALWAYS AS (net * 119 / 100) STORED);
"""
BAD = "ALTER TABLE orders ALTER COLUMN gross SET EXPRESSION AS (net * 116 / 100);"
GOOD = """
ALTER TABLE orders ALTER COLUMN gross DROP EXPRESSION;
CREATE FUNCTION orders_gross_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.gross := NEW.net * 116 / 100;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_gross_follows BEFORE INSERT OR UPDATE ON orders
FOR EACH ROW EXECUTE FUNCTION orders_gross_follows();
DO $$
BEGIN
    COMMIT;
    UPDATE orders SET gross = net * 116 / 100 WHERE id BETWEEN 1 AND 1000;
    COMMIT;
END $$;
"""
PROOF = Proof("work", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag a stored column that is computed anew."""
    change = look.change
    assert change is not None
    unknown = rewrite.doubt(change.work, {WorkKind.REWRITE})
    if unknown is None or rewrite.idle(look):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    steps = [f"{rewrite.head_plain(look)} ALTER COLUMN {column} DROP EXPRESSION"]
    steps += expand.followed(look, column, expand.of_new_row(look, change.text))[1]
    steps.append(expand.filled(look, column, change.text))
    may = "may be" if unknown else "is"
    yield look.finding(
        f"{table} {may} written anew, closed to reads and writes, while {column} is computed again",
        why=f"SET EXPRESSION of a stored column holds an ACCESS EXCLUSIVE lock on {table} until all rows and indexes "
        "are written",
        advice=f"make an ordinary column of {column} with DROP EXPRESSION, keep it by a trigger, fill it in batches",
        fix=None if look.depth else rewrite.steps(steps, same=False),
        unknown=unknown,
    )
