"""An index that is dropped before its replacement is there leaves its queries without any index in between.

Until the new index is built, every query that used the old one reads the whole table, and a build CONCURRENTLY can take
long. Create the replacement first (under another name), drop the old one then, and rename if the name matters.

Safe when: both happen in one transaction (nobody sees the gap, but everybody waits); another index serves the same
columns; the table is new, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import Index
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity, Statement

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("drop index",)
SETUP = """
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, placed_at timestamptz);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
"""
BAD = """
DROP INDEX CONCURRENTLY idx_orders_customer_id;
CREATE INDEX CONCURRENTLY idx_orders_customer_id_placed_at ON orders (customer_id, placed_at);
"""
GOOD = """
CREATE INDEX CONCURRENTLY idx_orders_customer_id_placed_at ON orders (customer_id, placed_at);
DROP INDEX CONCURRENTLY idx_orders_customer_id;
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a drop whose replacement comes later."""
    change = look.change
    assert change is not None
    old = look.table().index(change.name)
    if old is None or look.depth or rewrite.idle(look) or _served(look, old):
        return
    found = next(_replacements(look, old), None)
    if found is None:
        return
    new, statement = found
    table, name = look.name(), look.name(old.name)
    columns = rewrite.names(look, [item or "(expression)" for item in old.columns])
    yield look.finding(
        f"queries of {table} have no index on {columns} from here until {look.name(new.name)} is built",
        why=f"{name} is dropped before its replacement exists: whoever needs it reads all of {table} meanwhile",
        advice=_advice(look, old, new, statement),
    )


def _served(look: Look, old: Index) -> bool:
    """Whether another index begins with the same columns."""
    others = (item for item in look.table().indexes if item.name != old.name and item.valid and not item.predicate)
    return all(old.columns) and any(item.columns[: len(old.columns)] == old.columns for item in others)


def _replacements(look: Look, old: Index) -> Iterator[tuple[Index, Statement]]:
    """Yield indexes of later transactions that begin as the old one does."""
    here = look.unit.segments[look.index] if look.unit.transactional[look.index] else -1
    for place, statement in look.later():
        if look.unit.segments[place] == here or "index" not in statement.text.lower():
            continue
        for change in look.dialect.analyse(statement.text, look.schema).changes:
            new = change.index
            if change.kind == "create index" and new and new.table == old.table and _begins(new, old):
                yield new, statement


def _begins(new: Index, old: Index) -> bool:
    return new.columns[:1] == old.columns[:1] and (bool(old.columns[0]) or new.uses == old.uses)


def _advice(look: Look, old: Index, new: Index, statement: Statement) -> str:
    drop = f"DROP INDEX CONCURRENTLY {look.name(old.name)}"
    if new.name != old.name:
        return f"create the new one first, then drop the old one: {' '.join(statement.text.split())}; {drop}"
    spare = look.name(f"{new.name}_new")
    final = rewrite.name(look, new.name.rpartition(".")[2])
    return f"build the new one under another name ({spare}) first, then {drop}; ALTER INDEX {spare} RENAME TO {final}"
