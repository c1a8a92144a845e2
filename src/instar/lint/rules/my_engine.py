"""MyISAM, Aria and other engines know no transactions: what fails halfway stays halfway.

A migration that changes rows of such a table cannot be rolled back; after a failure instar repeats the statements since
the last checkpoint, and rows may be written twice. They keep no foreign keys, and every ALTER TABLE copies them.
"""

import re
from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("create table", "rebuild table")
BAD = "CREATE TABLE visits (id INT PRIMARY KEY) ENGINE = MyISAM;"
GOOD = "CREATE TABLE visits (id INT PRIMARY KEY) ENGINE = InnoDB;"
PROOF = Proof("shows", "SELECT 1 FROM information_schema.tables WHERE table_name = 'visits' AND table_schema = "
              "DATABASE() AND engine <> 'InnoDB'")  # fmt: skip

_ENGINE = re.compile(r"\bengine\s*=?\s*'?(myisam|aria|memory|heap|csv|archive|merge|blackhole)\b", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag an engine without transactions."""
    change = look.change
    found = _ENGINE.search(look.effect.text)
    if change is None or found is None or "temporary" in change.flags:
        return
    table = look.name()
    yield look.finding(
        f"{table} is a table of {found[1]}, which knows no transactions",
        why=f"a failed migration leaves {table} half changed, and rows are repeated when it goes on",
        advice="use InnoDB",
        start=found.start(1),
        end=found.end(1),
    )
