"""A change of a column's type that writes the whole table anew while nobody else can use it.

ALTER COLUMN ... TYPE keeps the table's file when the stored values stay what they are: varchar that grows or loses
its limit, varchar to text, numeric with more digits before the point, timestamp to timestamptz in a session whose
TimeZone is UTC. Everything else (int to bigint, text to varchar(100), char to text, json to jsonb, any USING that
computes) writes every row and builds every index again under an ACCESS EXCLUSIVE lock: readers and writers wait.

Instead: add a column of the new type, let a trigger keep it up to date, fill it in batches, then swap the names in
one short transaction. Indexes, constraints and defaults of the old column are made for the new one before the swap.

Safe when: the stored values stay what they are; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import WorkKind
from instar.lint import expand, rewrite
from instar.lint.around import listed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("change type",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, quantity integer);"
BAD = "ALTER TABLE orders ALTER COLUMN quantity TYPE bigint;"
GOOD = """
ALTER TABLE orders ADD COLUMN quantity_new bigint;
CREATE FUNCTION orders_quantity_new_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.quantity_new := NEW.quantity;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_quantity_new_follows BEFORE INSERT OR UPDATE ON orders
FOR EACH ROW EXECUTE FUNCTION orders_quantity_new_follows();
DO $$
DECLARE
    here orders.id%TYPE := (SELECT min(id) FROM orders);
    upto orders.id%TYPE;
BEGIN
    COMMIT;
    WHILE here IS NOT NULL LOOP
        SELECT max(id) INTO upto FROM (SELECT id FROM orders WHERE id >= here ORDER BY id LIMIT 1000) AS batch;
        UPDATE orders SET quantity_new = quantity WHERE id BETWEEN here AND upto;
        COMMIT;
        here := (SELECT min(id) FROM orders WHERE id > upto);
    END LOOP;
END $$;
BEGIN;
ALTER TABLE orders RENAME COLUMN quantity TO quantity_old;
ALTER TABLE orders RENAME COLUMN quantity_new TO quantity;
DROP TRIGGER orders_quantity_new_follows ON orders;
DROP FUNCTION orders_quantity_new_follows();
COMMIT;
"""
PROOF = Proof("work", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag a change of type that rewrites, or may do so."""
    change = look.change
    assert change is not None
    unknown = rewrite.doubt(change.work, {WorkKind.REWRITE})
    if unknown is None or rewrite.idle(look):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    kind, using = expand.wanted(look.part(change.start, change.end))
    steps = expand.replaced(look, change.name, kind, using)
    may = "may be" if unknown else "is"
    yield look.finding(
        f"{table} {may} written anew, closed to reads and writes, when {column} becomes {kind}",
        why=rewrite.why_anew(look, change, unknown),
        advice=_advice(look, unknown, column, kind),
        fix=rewrite.steps(steps, same=False) if steps and not look.depth else None,
        unknown=unknown,
    )


def _advice(look: Look, unknown: str, column: str, kind: str) -> str:
    if "TimeZone" in unknown:
        return f"SET TimeZone = 'UTC' for this migration when the values of {column} are UTC: then nothing is rewritten"
    advice = f"add a column of type {kind}, fill it in batches behind a trigger, and swap the names"
    standing = expand.stands_on(look, look.change.name) if look.change else []
    return (
        f"{advice}; make for the new column first what stands on {column}: {listed(standing)}" if standing else advice
    )
