"""utf8 and utf8mb3 hold three bytes a character: emoji and many names cannot be stored.

An INSERT of such a character fails, or without strict mode cuts the text off. MySQL calls utf8mb3 deprecated.
"""

import re
from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("create table", "add column", "modify column", "convert charset", "alter table options")
BAD = "CREATE TABLE posts (id INT PRIMARY KEY, title VARCHAR(100)) DEFAULT CHARSET = utf8mb3;"
GOOD = "CREATE TABLE posts (id INT PRIMARY KEY, title VARCHAR(100)) DEFAULT CHARSET = utf8mb4;"
PROOF = Proof("style")

_NAMED = re.compile(r"(\b(?:charset|character\s+set|collate)\s*=?\s*'?)(utf8|utf8mb3)(?=_|\b)(?!mb)", re.IGNORECASE)


def check(look: Look) -> Iterator[Finding]:
    """Flag a character set of three bytes where it is named."""
    change = look.change
    if change is None:
        return
    found = _NAMED.search(look.effect.text, change.start, change.end or len(look.effect.text))
    if found is None:
        return
    table = look.name()
    fix = _NAMED.sub(r"\1utf8mb4", look.effect.text)
    yield look.finding(
        f"texts of {table} cannot hold every character in {found[2]}",
        why="it takes three bytes a character; emoji and many names need four, and are refused or cut off",
        advice="use utf8mb4",
        fix=None if look.depth else Fix(f"{fix.rstrip()};"),
        start=found.start(2),
        end=found.end(2),
    )
