"""Batches that move on by OFFSET skip rows when the loop itself takes rows out of the set, and get slower and slower.

The loop updates the first 1,000 rows that are still to do; now these are not to do any more, and OFFSET 1000 jumps
over the next 1,000, which nobody ever looks at. Where the set stays the same, each batch still reads and throws away
all rows before it, and rows that come and go meanwhile shift the others past the window. Remember the last key
instead: `WHERE id > last_id ORDER BY id LIMIT 1000`.

Safe when: `LIMIT 1`: OFFSET then only looks for the end of a batch.
"""

import re
from collections.abc import Iterator

from instar.effects import Change
from instar.lint.around import mentions
from instar.lint.conditions import bare
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("update", "delete", "insert", "merge", "select")
DOWN = True
STORED = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, subtotal numeric(10,2), total numeric(10,2));"
ROWS = "INSERT INTO orders (id, subtotal) SELECT g, g FROM generate_series(1, 500) g;"
BAD = """DO $$
DECLARE
    done integer;
    skip integer := 0;
BEGIN
    LOOP
        UPDATE orders SET total = subtotal WHERE id IN (
            SELECT id FROM orders WHERE total IS NULL ORDER BY id LIMIT 100 OFFSET skip
        );
        GET DIAGNOSTICS done = ROW_COUNT;
        EXIT WHEN done = 0;
        skip := skip + 100;
        COMMIT;
    END LOOP;
END $$;
"""
GOOD = """DO $$
DECLARE
    last_id bigint := 0;
    batch_end bigint;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end FROM (
            SELECT id FROM orders WHERE id > last_id AND total IS NULL ORDER BY id LIMIT 100
        ) AS batch;
        EXIT WHEN batch_end IS NULL;
        UPDATE orders SET total = subtotal WHERE id > last_id AND id <= batch_end AND total IS NULL;
        last_id := batch_end;
        COMMIT;
    END LOOP;
END $$;
"""
PROOF = Proof("shows", "SELECT id FROM orders WHERE total IS NULL LIMIT 5")

_OFFSET = re.compile(r"\boffset\b\s*(?P<by>[^\s;)]+)", re.IGNORECASE)
_ONE = re.compile(r"\blimit\s+1\b|\bfetch\s+(?:first|next)\s+(?:1\s+)?row\s+only", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag OFFSET inside a loop."""
    change = look.change
    if change is None or not look.effect.in_loop or "offset" not in change.flags:
        return
    text = bare(look.effect.text)
    found = _OFFSET.search(look.effect.text)
    if _ONE.search(text) or found is None or found["by"] == "0":
        return
    table = look.name(change.relation or next(iter(change.others), ""))
    shrinks = _shrinks(change, text)
    lower = Severity.WARNING if not shrinks and look.severity is Severity.ERROR else None
    yield look.finding(
        f"this loop skips rows of {table}: it takes them out of the set that OFFSET counts"
        if shrinks
        else f"every batch reads all rows of {table} before it again, and throws them away",
        why="what a batch has changed is not in the set any more, so OFFSET jumps over as many rows that are not done"
        if shrinks
        else "rows that come or go meanwhile shift the others past the window: some are met twice, some never",
        advice="remember the last key of each batch: WHERE id > last_id ORDER BY id LIMIT 1000",
        severity=lower,
        start=found.start(),
        end=found.end(),
    )


def _shrinks(change: Change, text: str) -> bool:
    """Whether the statement changes what its own condition asks for."""
    if change.kind == "delete":
        return True
    inside = text[text.lower().find("select") :] if change.kind == "update" else ""
    return any(mentions(inside, column) for column in change.columns)
