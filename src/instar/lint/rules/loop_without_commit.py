"""A loop over batches without a COMMIT is one transaction: every row stays locked until the last batch is done.

Batches are there so that nobody waits long and the server can clean up in between. Inside one transaction they do
neither, and a failure near the end throws all of it away. COMMIT after each batch; instar runs a DO block or a
procedure that commits outside a transaction by itself, and `-- instar:idempotent` lets it be repeated after a crash.

Safe when: the tables are new, empty or (with the live catalog) small.
"""

import re
from collections.abc import Iterator

from instar.effects import Change, Effect
from instar.lint.around import listed
from instar.lint.conditions import bare
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("do", "create function", "replace function")
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));"
BAD = """DO $$
BEGIN
    FOR batch IN 0..19 LOOP
        UPDATE orders SET total = 1 WHERE id BETWEEN batch * 100 + 1 AND batch * 100 + 100;
    END LOOP;
END $$;
"""
GOOD = """DO $$
BEGIN
    FOR batch IN 0..19 LOOP
        UPDATE orders SET total = 1 WHERE id BETWEEN batch * 100 + 1 AND batch * 100 + 100;
        COMMIT;
    END LOOP;
END $$;
"""
PROOF = Proof("shows", "SELECT 1 FROM orders HAVING count(DISTINCT xmin::text) = 1")

_DML = frozenset({"update", "delete", "insert", "merge"})
_OF_RECORD = re.compile(r"=\s*\w+\.\w+|\w+\.\w+\s*=", re.IGNORECASE)
_BATCH = re.compile(r"\bbetween\b|[<>]=?|\blimit\b|\bfetch\b|\bctid\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag batches that end together."""
    change = look.change
    if change is None or not (change.kind == "do" or "procedure" in change.flags):
        return
    loops = [item for item in _inside(look.effect) if item.in_loop]
    if any(item.kind == "commit" for effect in loops for item in effect.changes):
        return
    batches = [(effect, item) for effect in loops for item in effect.changes if _is_batch(look, effect, item)]
    if not batches:
        return
    tables = dict.fromkeys(look.name(key) for _, item in batches for key in _used(look, item))
    effect, _ = batches[0]
    yield look.finding(
        f"the loop over {listed(tables)} never commits: all of it is one transaction",
        why=f"what it has locked of {listed(tables)} stays locked until the last row is done, nothing is cleaned up "
        "meanwhile, and a failure near the end undoes all of it",
        advice="COMMIT after each batch, at the end of the loop's body",
        relation=_used(look, batches[0][1])[0],
        start=effect.offset,
        end=effect.offset + len(effect.text),
    )


def _inside(effect: Effect) -> Iterator[Effect]:
    for inner in effect.inner:
        yield inner
        yield from _inside(inner)


def _is_batch(look: Look, effect: Effect, change: Change) -> bool:
    if change.kind not in _DML or not (_BATCH.search(bare(effect.text)) or _row_by_row(look, change)):
        return False
    return (change.kind != "insert" or bool(change.others)) and bool(_used(look, change))


def _row_by_row(look: Look, change: Change) -> bool:
    """Whether a loop over the rows of the same table changes each of them: FOR r IN SELECT ... LOOP ... = r.id."""
    return _OF_RECORD.search(change.text) is not None and any(
        item.kind == "select" and change.relation in {item.relation, *item.others} and "limit" not in item.flags
        for inner in _inside(look.effect)
        if not inner.in_loop
        for item in inner.changes
    )


def _used(look: Look, change: Change) -> list[str]:
    """Return the tables in use that a batch changes; of a copy, also those that it reads."""
    tables = (change.relation, *change.others) if change.kind == "insert" else (change.relation,)
    return [key for key in tables if not look.new(key) and not look.small(key)]
