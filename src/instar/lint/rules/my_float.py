"""FLOAT holds seven digits: larger numbers come back changed, and `=` does not find them.

16777217 becomes 16777216. DOUBLE holds fifteen digits, DECIMAL as many as it says.
"""

from collections.abc import Iterator

from instar.catalog import Column
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("mysql", "mariadb")
ON = ("create table", "add column", "modify column")
BAD = "CREATE TABLE readings (id INT PRIMARY KEY, value FLOAT);"
GOOD = "CREATE TABLE readings (id INT PRIMARY KEY, value DECIMAL(12,4));"
PROOF = Proof("shows", "SELECT 1 FROM information_schema.columns WHERE table_name = 'readings' AND table_schema = "
              "DATABASE() AND data_type = 'float'")  # fmt: skip


def check(look: Look) -> Iterator[Finding]:
    """Flag new columns of single precision."""
    change = look.change
    if change is None:
        return
    made: tuple[Column, ...] = (change.column,) if change.column is not None else ()
    made = made or (change.table.columns if change.table is not None else ())
    for column in made:
        if column.type.startswith("float") and (change.old is None or change.old.type != column.type):
            yield look.finding(
                f"{look.name()}.{look.name(column.name)} keeps seven digits only",
                why="FLOAT rounds larger numbers, and a comparison with = does not find them again",
                advice="use DECIMAL for amounts and DOUBLE for measurements",
            )
