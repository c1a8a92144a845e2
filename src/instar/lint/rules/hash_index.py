"""A hash index serves `=` only, and cannot be unique: a B-tree does the same and more.

It is smaller for long keys, and that is all. Off by default: where it was chosen, it was chosen for that.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("create index",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = "CREATE INDEX idx_users_email ON users USING hash (email);"
GOOD = "CREATE INDEX idx_users_email ON users (email);"
PROOF = Proof("shows", "SELECT relname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'hash'")


def check(look: Look) -> Iterator[Finding]:
    """Flag hash indexes."""
    change = look.change
    if change is None or change.index is None or change.index.method != "hash":
        return
    name = change.index.name.rpartition(".")[2]
    yield look.finding(
        f"{name} serves nothing but = on {look.name()}",
        why="it can neither sort nor find ranges, and cannot be unique",
        advice=f"make {name} a B-tree: leave USING hash out",
    )
