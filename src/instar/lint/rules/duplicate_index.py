"""Two indexes on the same columns: every write pays for both, and no query needs the second.

They have the same keys in the same order, the same method and the same predicate.

Safe when: the other one is dropped later in the migration; one is unique and the other is not (see `redundant-index`).
"""

from collections.abc import Iterator

from instar.catalog import Index
from instar.lint.around import at, keys_of, makers
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
NEEDS = frozenset({"create index", "add constraint", "create table", "add column"})
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX idx_orders_user_id ON orders (user_id);
"""
BAD = "CREATE INDEX idx_orders_user ON orders (user_id);"
GOOD = "CREATE INDEX idx_orders_user_id_id ON orders (user_id, id);"
PROOF = Proof(
    "shows", "SELECT indkey FROM pg_index WHERE indrelid = 'orders'::regclass GROUP BY indkey HAVING count(*) > 1"
)
_STATISTICS = Proof(
    "shows",
    "SELECT keys_of, count(*) FROM (SELECT group_concat(column_name ORDER BY seq_in_index) AS keys_of "
    "FROM information_schema.statistics WHERE table_schema = database() "
    "AND table_name = 'orders' GROUP BY index_name) s "
    "GROUP BY keys_of HAVING count(*) > 1",
)
EXAMPLES = {
    "mysql": Example(SETUP, BAD, GOOD, _STATISTICS),
    "mariadb": Example(SETUP, BAD, GOOD, _STATISTICS),
    "sqlite": Example(
        SETUP, BAD, GOOD, Proof("shows", "SELECT name FROM sqlite_schema WHERE name = 'idx_orders_user'")
    ),
}


def check(look: Look) -> Iterator[Finding]:
    """Flag new indexes that say what another says."""
    touched = {change.relation for effect in look.unit.effects for change in effect.changes if _may_index(change.kind)}
    for key in sorted(touched):
        indexes = look.schema.known(key).indexes
        for position, item in enumerate(indexes):
            twin = next((other for other in indexes[:position] if _same(item, other)), None)
            if twin is not None:
                yield from _found(look, key, item, twin)


def _may_index(kind: str) -> bool:
    return kind in {"create index", "add constraint", "create table", "add column"}


def _same(one: Index, other: Index) -> bool:
    return (
        bool(one.columns)
        and keys_of(one) == keys_of(other)
        and (one.unique, one.method, one.include, one.predicate)
        == (other.unique, other.method, other.include, other.predicate)
        and ("" not in one.columns or bool(one.definition and other.definition))
        and one.valid
        and other.valid
    )


def _found(look: Look, key: str, item: Index, twin: Index) -> Iterator[Finding]:
    for index, effect, change in list(makers(look, key, item.name))[-1:]:
        table = look.name(key)
        new, old = item.name.rpartition(".")[2], twin.name.rpartition(".")[2]
        with at(look, index, effect, change):
            yield look.finding(
                f"{new} is the same index on {table} as {old}",
                why=f"every INSERT into {table} writes both, and no query needs the second",
                advice=f"leave {new} out, or drop {old}",
            )
