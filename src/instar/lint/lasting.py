"""Whether a lock that needs no time by itself is felt: the transaction goes on with slow work, or the table is busy."""

from instar.effects import ROWS, Effect
from instar.lint.look import Look

HOT = 100
"""So many statements a second make a table one on which even a moment is felt."""


def reason(look: Look, relation: str) -> str:
    """Say why a strong lock on `relation`, taken now, is felt; "" where it is not."""
    slow = slow_after(look)
    if slow:
        return f"the same transaction goes on with {slow}, and holds the lock until its end"
    table = look.table(relation)
    rate = (table.reads or 0) + (table.writes or 0)
    return f"about {rate:.0f} statements a second use {look.name(relation)}" if rate > HOT else ""


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
