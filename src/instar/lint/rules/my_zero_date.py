"""The date '0000-00-00' is none: strict servers refuse it, and drivers cannot read it.

NO_ZERO_DATE is part of MySQL's default mode; a dump with such a default cannot be loaded there. Drivers return NULL,
fail, or give the year one.
"""

import re
from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("create table", "add column", "modify column", "set default", "insert", "update")
BAD = "CREATE TABLE visits (id INT PRIMARY KEY, left_at DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00');"
GOOD = "CREATE TABLE visits (id INT PRIMARY KEY, left_at DATETIME NULL);"
PROOF = Proof("shows", "SELECT 1 FROM information_schema.columns WHERE table_name = 'visits' AND table_schema = "
              "DATABASE() AND column_default LIKE '%0000-00-00%'")  # fmt: skip

_ZERO = re.compile(r"'0000-00-00(?: 00:00:00(?:\.0+)?)?'")


def check(look: Look) -> Iterator[Finding]:
    """Flag a zero date where it is written."""
    change = look.change
    if change is None or (change.kind == "set default" and change.column is not None):
        return
    found = _ZERO.search(look.effect.text, change.start, change.end or len(look.effect.text))
    if found is None:
        return
    yield look.finding(
        f"{found[0]} in {look.name()} is no date",
        why="a server in its default strict mode refuses it, and drivers cannot read it",
        advice="use NULL for a time that is not known",
        start=found.start(),
        end=found.end(),
    )
