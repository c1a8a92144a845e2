"""A trigger that is created, dropped or switched in a transaction that goes on with slow work stops writes for so long.

CREATE TRIGGER and ENABLE or DISABLE TRIGGER take a SHARE ROW EXCLUSIVE lock, DROP TRIGGER an ACCESS EXCLUSIVE one, and
keep it until the commit. The lock needs no time by itself, and instar gives up after 100 ms of waiting for it and tries
again. But what comes after it in the same transaction keeps all writers of the table waiting (after DROP TRIGGER, all
readers, too): commit first. What a trigger does is changed without any lock on the table by CREATE OR REPLACE FUNCTION.

Safe when: nothing slow follows in the same transaction; the table is new; the live catalog says that it is small; the
transaction holds as strong a lock on the table already, so that this one adds nothing. With the live catalog a table
that is very busy is named even so.
"""

from collections.abc import Iterator

from instar.lint import lasting, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql",)
ON = ("create trigger", "replace trigger", "drop trigger", "enable trigger", "disable trigger")
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, changed_at timestamptz);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER stamp_orders BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
"""
BAD = """
DROP TRIGGER stamp_orders ON orders;
UPDATE orders SET changed_at = now();
"""
GOOD = """
DROP TRIGGER stamp_orders ON orders;
BEGIN;
UPDATE orders SET changed_at = now();
COMMIT;
"""
PROOF = Proof("held", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag a change of triggers whose lock lasts."""
    change = look.change
    assert change is not None
    if rewrite.idle(look) or look.table().kind == "view" or _held(look):
        return
    felt = lasting.reason(look, change.relation)
    if not felt:
        return
    table, name = look.name(), look.name(change.name) if change.name else "its triggers"
    drop = change.kind == "drop trigger"
    mode = "an ACCESS EXCLUSIVE" if drop else "a SHARE ROW EXCLUSIVE"
    yield look.finding(
        f"{'reads and writes of' if drop else 'writes to'} {table} wait behind this change of {name}: {felt}",
        why=f"{change.kind.upper()} takes {mode} lock on {table} and keeps it until the commit",
        advice=f"give it a transaction of its own: COMMIT; BEGIN; behind it. What the trigger does on {table} is "
        "changed without a lock by CREATE OR REPLACE FUNCTION",
    )


def _held(look: Look) -> bool:
    """Whether an earlier statement of the transaction has locked the table as strongly: who waits does so for that."""
    change = look.change
    assert change is not None
    held = look.unit.held.get(change.relation)
    return held is not None and all(held.mode >= lock.mode for lock in change.locks if lock.relation == change.relation)
