"""The header lacks a key that the project asks for.

`required_headers` under `[policy]` in instar.toml lists the keys that every migration's header must have; `instar up`
refuses a migration without them, and this rule says so while it is written.

Safe when: all of them are there. Without `required_headers` nothing is asked for.
"""

from collections.abc import Iterator

from instar.lint import headers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
OPTIONS = {"required": ("author",)}
SETUP = ""
BAD = "CREATE TABLE users (id bigint PRIMARY KEY);"
GOOD = """-- /// migration
-- author = "team-shop"
-- ///
CREATE TABLE users (id bigint PRIMARY KEY);
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag what is missing."""
    header = look.migration.header
    missing = [key for key in look.options.required if getattr(header, key, None) in ("", (), None)]
    if missing:
        yield from headers.finding(
            look,
            f"the header has no {', no '.join(missing)}",
            why="the policy of this project asks for it",
            advice=f"-- {missing[0]} = ... between -- /// migration and -- ///",
        )
