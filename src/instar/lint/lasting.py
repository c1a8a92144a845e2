"""Whether a lock that needs no time by itself is felt: the transaction goes on with slow work, or the table is busy."""

from instar.catalog import Table
from instar.effects import ROWS, Effect
from instar.lint.look import Look

_SCANS, _ROWS = 100, 1000
"""So many scans, or rows written, a second make a table one on which even a moment is felt.

A server counts no statements by table, and one of them may write many rows.
"""


def reason(look: Look, relation: str) -> str:
    """Say why a strong lock on `relation`, taken now, is felt; "" where it is not."""
    slow = slow_after(look)
    if slow:
        return f"the same transaction goes on with {slow}, and holds the lock until its end"
    table = look.table(relation)
    busy = traffic(table)
    return f"{look.name(relation)} is hot, with {busy} on average" if busy else ""


def traffic(table: Table) -> str:
    """Say how busy a relation is; "" where it is not, or nobody has counted."""
    reads, writes = table.reads or 0, table.writes or 0
    said = [f"{reads:,.0f} scans a second"] if reads > _SCANS else []
    said += [f"{writes:,.0f} rows written a second"] if writes > _ROWS else []
    return " and ".join(said)


def slow_after(look: Look) -> str:
    """Return the beginning of the first later statement of the transaction that reads or writes many rows, or ""."""
    if not look.unit.transactional[look.index]:
        return ""
    made = {*look.unit.created, *look.effect.creates}
    for place, statement in look.later():
        if look.unit.segments[place] != look.unit.segments[look.index]:
            break
        effect = look.dialect.analyse(statement.text, look.schema)
        if _slow(look, effect, made):
            words = " ".join(statement.text.split())
            return words if len(words) <= _SHOWN else f"{words[:_SHOWN]} .."
        made.update(effect.creates)
    return ""


def _slow(look: Look, effect: Effect, made: set[str]) -> bool:
    work = (item for item in effect.work if item.kind in ROWS and item.relation not in made)
    return any(not look.new(item.relation) and not look.small(item.relation) for item in work)


_SHOWN = 60
