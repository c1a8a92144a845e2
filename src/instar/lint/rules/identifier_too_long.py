"""A name is longer than the server keeps, and is cut without an error.

PostgreSQL keeps 63 bytes of a name and drops the rest with a NOTICE. Two long names may become the same, and what
looks for the object by its full name in the catalog does not find it.

Safe when: the name has 63 bytes at most (letters outside of ASCII take two to four); the statement only drops things.
"""

import re
from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "naming"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("",)
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2) NOT NULL);"
BAD = """
ALTER TABLE orders ADD CONSTRAINT chk_orders_total_is_never_below_zero_because_refunds_have_a_table_of_their_own
    CHECK (total >= 0) NOT VALID;
"""
GOOD = "ALTER TABLE orders ADD CONSTRAINT chk_orders_total_not_negative CHECK (total >= 0) NOT VALID;"
PROOF = Proof(
    "shows",
    "SELECT 1 FROM pg_constraint WHERE conname = 'chk_orders_total_is_never_below_zero_because_refunds_have_a_tab'",
)

_LONGEST = 63
_SKIPPED = r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$"
_TOKEN = re.compile(rf"{_SKIPPED}|(?P<quoted>\"(?:[^\"]|\"\")+\")|(?P<plain>[^\W\d][\w$]*)", re.DOTALL)


def check(look: Look) -> Iterator[Finding]:
    """Flag every name that loses its end."""
    text, changes = look.effect.text, look.effect.changes
    if changes and all(item.kind.startswith("drop ") for item in changes):
        return  # The server cuts it as it did when it was given.
    if len(text.encode()) <= _LONGEST or not _may_hold(text):
        return
    seen: set[str] = set()
    for match in _TOKEN.finditer(text):
        found = match["plain"] or (match["quoted"] or "")[1:-1].replace('""', '"')
        if len(found.encode()) <= _LONGEST or found in seen:
            continue
        seen.add(found)
        kept = found.encode()[:_LONGEST].decode(errors="ignore")
        yield look.finding(
            f"{found} is cut to {kept}",
            why=f"PostgreSQL keeps {_LONGEST} bytes of a name; this one has {len(found.encode())}",
            advice=f"choose a name of {_LONGEST} bytes or fewer",
            start=match.start(),
            end=match.end(),
        )


_LONG = re.compile(r"[\w$]{64,}|\"[^\"]{64,}\"|[^\x00-\x7f]")


def _may_hold(text: str) -> bool:
    return _LONG.search(text) is not None
