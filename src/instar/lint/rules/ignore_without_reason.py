"""`-- instar:ignore` without a reason: nobody will know whether it still holds.

`-- instar:ignore RULE: reason` keeps a finding and takes its weight. The reason is what a reviewer reads, and what the
next author needs to know whether the same may be done again. The finding is ignored, and this one stands in its place
until there is a reason.
"""

from collections.abc import Iterator

from instar.lint import suppress
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
DOWN = True
SETUP = "CREATE TABLE carts (id bigint PRIMARY KEY, note varchar(200));"
BAD = """\
-- instar:ignore drop-column
ALTER TABLE carts DROP COLUMN note;"""
GOOD = """\
-- instar:ignore drop-column: no release since 2.4 reads it
ALTER TABLE carts DROP COLUMN note;"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a directive that gives no reason, or names no rule."""
    for ignore in suppress.of_section(look.migration, look.unit.section, look.unit.statements):
        named = ", ".join(ignore.names)
        if not named:
            yield look.finding(
                "this directive names no rule",
                advice="write -- instar:ignore RULE: reason",
                place=ignore.place,
            )
        elif not ignore.reason:
            yield look.finding(
                f"{named} is ignored here without a reason",
                why="nobody can tell later whether it still holds",
                advice=f"write -- instar:ignore {named}: why it is safe here",
                place=ignore.place,
            )
