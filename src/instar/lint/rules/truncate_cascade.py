"""TRUNCATE ... CASCADE empties every table that references this one, at any depth.

The tables are not named in the statement: one foreign key that somebody adds next year makes it empty one more. Name
all tables that are meant: the server then refuses it when another one references them.
"""

from collections.abc import Iterator

from instar.lint.around import listed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("truncate",)
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE TABLE drafts (id bigint PRIMARY KEY);
"""
BAD = "TRUNCATE users CASCADE;"
GOOD = "TRUNCATE drafts;"
PROOF = Proof("changes", "SELECT count(*) FROM orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag tables that are emptied without being named."""
    change = look.change
    if change is None or "cascade" not in change.flags or change.relation in look.unit.created:
        return
    table, others = look.name(), [look.name(item) for item in _reached(look, change.relation)]
    yield look.finding(
        f"with {table}, every table that references it is emptied" + (f": {listed(others)}" if others else ""),
        why=f"the rows of {listed([table, *others])} are gone, and no down brings them back",
        advice=f"leave CASCADE out and name the tables that are meant: TRUNCATE {', '.join([table, *others])}",
    )


def _reached(look: Look, relation: str) -> list[str]:
    """Return the tables that reference the relation, those that reference them, and so on."""
    found: dict[str, None] = {}
    waiting = [relation]
    while waiting:
        for table, _ in look.schema.referencing(waiting.pop()):
            if table.name not in found and table.name != relation:
                found[table.name] = None
                waiting.append(table.name)
    return list(found)
