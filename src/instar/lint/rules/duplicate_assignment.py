"""A column is given two values in one statement, which the server refuses.

SET a = 1, a = 2 and INSERT INTO t (a, a) are errors when they run, not before: the migration stops in the middle.

Safe when: each column is named once; the parts of an array or of a composite are set one by one.
"""

import re
from collections.abc import Iterator

from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("update", "insert", "copy", "merge")
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, status text, note text);"
BAD = "UPDATE orders SET status = 'open', note = '', status = 'closed' WHERE id = 7;"
GOOD = "UPDATE orders SET status = 'closed', note = '' WHERE id = 7;"
PROOF = Proof("fails", "multiple assignments to same column")


def check(look: Look) -> Iterator[Finding]:
    """Flag the first column that is named twice."""
    change = look.change
    assert change is not None
    twice = next((item for item in change.columns if item and change.columns.count(item) > 1), "")
    if not twice or change.kind == "merge" or _in_parts(look.effect.text, twice):
        return
    column = rewrite.name(look, twice)
    yield look.finding(
        f"the server refuses this: {column} of {look.name()} is given a value twice",
        why="a column can be assigned once in a statement",
        advice=f"keep one of the values of {column}",
    )


def _in_parts(text: str, column: str) -> bool:
    """Whether elements of an array or fields of a composite are set: these may be set one by one."""
    return re.search(rf'(?<!\w){re.escape(column)}"?\s*[\[.]', text, re.IGNORECASE) is not None
