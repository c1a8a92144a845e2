"""An index that another one begins with: queries can use the longer one.

An index on `(user_id)` beside one on `(user_id, created_at)`, or beside a unique one on `(user_id)`, is rarely worth
what every write pays for it. Off by default: the shorter one is smaller, and may be there for that.
"""

from collections.abc import Iterator

from instar.catalog import Index
from instar.lint.around import at, keys_of, makers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("migration",)
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created_at timestamptz);
CREATE INDEX idx_orders_user_id_created_at ON orders (user_id, created_at);
"""
BAD = "CREATE INDEX idx_orders_user_id ON orders (user_id);"
GOOD = "CREATE INDEX idx_orders_created_at ON orders (created_at);"
PROOF = Proof("shows", "SELECT relname FROM pg_class WHERE relname = 'idx_orders_user_id'")


def check(look: Look) -> Iterator[Finding]:
    """Flag indexes on touched tables that a longer one covers, if one of the two is new."""
    touched = {change.relation for effect in look.unit.effects for change in effect.changes}
    for key in sorted(touched - {""}):
        indexes = look.schema.known(key).indexes
        for item in indexes:
            longer = next((other for other in indexes if other is not item and _covers(other, item)), None)
            if longer is not None and not item.unique:
                yield from _found(look, key, item, longer)


def _covers(longer: Index, item: Index) -> bool:
    keys, others = keys_of(item), keys_of(longer)
    begins = others.startswith(f"{keys}, ") or (others == keys and longer.unique and not item.unique)
    same = (item.method, item.predicate) == (longer.method, longer.predicate)
    return begins and same and not item.include and item.method == "btree" and item.valid and longer.valid


def _found(look: Look, key: str, item: Index, longer: Index) -> Iterator[Finding]:
    made = [*makers(look, key, item.name), *makers(look, key, longer.name)]
    for index, effect, change in made[:1]:
        short, long = item.name.rpartition(".")[2], longer.name.rpartition(".")[2]
        with at(look, index, effect, change):
            yield look.finding(
                f"{long} begins with the columns of {short}: on {look.name(key)} it serves the same queries",
                why=f"every INSERT into {look.name(key)} writes both",
                advice=f"leave {short} out, unless its smaller size is what it is for",
            )
