"""The header names other tables than the migration changes.

`affected_tables` is what a reviewer reads first, and what others search for. It is compared with the tables that the
statements make or change.

Safe when: the list is right, or there is none (an empty one says that no table is affected); the migration is in
Python, or builds SQL while it runs.
"""

from collections.abc import Iterator

from instar.lint import headers, naming
from instar.lint.duration import walk
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (id bigint PRIMARY KEY);"
BAD = """-- /// migration
-- affected_tables = ["users"]
-- ///
ALTER TABLE orders ADD COLUMN note varchar(100);
"""
GOOD = """-- /// migration
-- affected_tables = ["orders"]
-- ///
ALTER TABLE orders ADD COLUMN note varchar(100);
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Compare the list with what the statements change."""
    said = look.migration.header.affected_tables
    if said is None or not headers.foreseen(look):
        return
    claimed = {naming.bare(name) for name in said}
    changed = {naming.bare(name): None for name in headers.reckoned(look).tables}
    missing = [name for name in changed if name not in claimed]
    if missing:
        yield from headers.finding(
            look,
            f"affected_tables does not name {', '.join(missing)}",
            key="affected_tables",
            why="the migration changes it" if len(missing) == 1 else "the migration changes them",
            advice=f"affected_tables = [{', '.join(_quoted(name) for name in changed)}]",
        )
    extra = sorted(claimed - changed.keys() - _mentioned(look))
    if extra:
        yield from headers.finding(
            look,
            f"affected_tables names {', '.join(extra)}, which the migration does not touch",
            key="affected_tables",
            advice=f"affected_tables = [{', '.join(_quoted(name) for name in changed)}]",
        )


def _mentioned(look: Look) -> set[str]:
    """Return everything that the statements lock, read or name: to say that it is affected is no mistake."""
    parts = [part for effect in look.unit.effects for part in walk(effect)]
    names = {lock.relation for part in parts for lock in part.locks}
    for change in (change for part in parts for change in part.changes):
        names |= {change.relation, change.name, change.new_name, *change.others}
    return {naming.bare(name) for name in names}


def _quoted(name: str) -> str:
    return f'"{name}"'
