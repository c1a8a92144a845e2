"""The header says that the migration can be undone, and it cannot.

Who has to decide at night whether to roll back reads `reversible = true`. There is no `down`, or an empty one; or there
is one, and the rows and values that `up` deletes do not come back with it.

Safe when: there is a `down`, and `up` deletes nothing, or keeps a copy of it in a table of its own; the header says
`reversible = false`, or nothing.
"""

from collections.abc import Iterator

from instar.lint import headers, undo
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));"
BAD = """-- /// migration
-- reversible = true
-- ///
-- migrate:up
ALTER TABLE users DROP COLUMN email;
-- migrate:down
ALTER TABLE users ADD COLUMN email varchar(100);
"""
GOOD = """-- /// migration
-- reversible = true
-- ///
-- migrate:up
ALTER TABLE users ADD COLUMN phone varchar(20);
-- migrate:down
ALTER TABLE users DROP COLUMN phone;
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Compare the claim with `down` and with what `up` deletes."""
    if not look.migration.header.reversible:
        return
    found = headers.reckoned(look)
    if found.reversible:
        return
    if not look.migration.reversible or undo.empty(look.migration, look.dialect):
        there = "down is empty" if look.migration.reversible else "there is no down"
        message, advice = f"reversible = true, and {there}", "write -- migrate:down, or say reversible = false"
        yield from headers.finding(look, message, key="reversible", advice=advice)
        return
    lost = [reason.text for reason in found.reasons if reason.hazard == "deletes-data"]
    yield from headers.finding(
        look,
        "reversible = true, and down cannot bring back what up deletes",
        key="reversible",
        why="; ".join(lost),
        advice="keep a copy in a table of its own until nobody needs it, or say reversible = false",
    )
