"""An index of more than three columns is large, and few queries use its last ones.

A column is of use only where all columns before it are compared with `=`. Columns that are only read belong into
INCLUDE. Off by default: some queries need it.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("create index",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status varchar(20), total bigint);"
BAD = "CREATE INDEX idx_orders_all ON orders (user_id, status, total, id);"
GOOD = "CREATE INDEX idx_orders_user_id_status ON orders (user_id, status);"
PROOF = Proof("style")

_MOST = 3


def check(look: Look) -> Iterator[Finding]:
    """Flag indexes of many columns."""
    change = look.change
    if change is None or change.index is None or change.index.unique or len(change.index.columns) <= _MOST:
        return
    name = change.index.name.rpartition(".")[2]
    yield look.finding(
        f"{name} on {look.name()} has {len(change.index.columns)} columns: few queries use the last of them",
        why=f"it is large, and every INSERT into {look.name()} writes it",
        advice="keep the columns that queries compare with =, and the one that they sort by",
    )
