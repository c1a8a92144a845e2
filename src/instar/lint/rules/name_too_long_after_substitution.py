"""A name is longer than the engine's limit once all placeholders are filled in.

MySQL and MariaDB refuse a name of more than 64 characters: the migration fails. What counts is the name that the server
gets: `${tenant}` has its value by then. For PostgreSQL, which cuts names without an error, see identifier-too-long.

Safe when: the name is short enough.
"""

import re
from collections.abc import Iterator

from instar.lint import naming
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "naming"
SEVERITY = Severity.ERROR
DIALECTS = ("mysql", "mariadb")
ON = (
    "create table",
    "create table as",
    "create index",
    "create view",
    "create function",
    "create trigger",
    "create type",
    "create sequence",
    "add column",
    "add constraint",
    "rename table",
    "rename column",
    "rename index",
    "rename constraint",
)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));"
BAD = "ALTER TABLE users ADD COLUMN address_to_which_invoices_are_sent_unless_the_customer_says_otherwise int;"
GOOD = "ALTER TABLE users ADD COLUMN invoice_address int;"
PROOF = Proof("fails", "too long")

_TOKEN = re.compile(
    r"""(?P<skip>'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\2\$)|"(?P<quoted>(?:[^"]|"")+)"|`(?P<ticked>[^`]+)`"""
    r"""|(?P<plain>[^\W\d][\w$]*)""",
    re.DOTALL,
)


def check(look: Look) -> Iterator[Finding]:
    """Flag each name that is too long, once for each statement."""
    seen: set[str] = look.unit.notes.setdefault("too long", set())  # type: ignore[assignment]
    for match in _TOKEN.finditer(look.effect.text):
        name = match["quoted"] or match["ticked"] or match["plain"] or ""
        limit = naming.too_long(name, look.dialect.name)
        if not limit or name in seen:
            continue
        seen.add(name)
        yield look.finding(
            f"the name {name} is longer than {limit}",
            why=f"the server refuses it, and {look.name()} stays as it is",
            advice=f"a shorter name, at most {limit}",
            start=match.start(),
            end=match.end(),
        )
