"""A FULLTEXT or SPATIAL index is built while writes wait.

The first FULLTEXT index of a table also rewrites it, to give every row a hidden number; and as long as there is one,
changes that would be instant rebuild the table.

Safe when: the table is new in this migration, or the live catalog says that it is small.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "blocking"
SEVERITY = Severity.WARNING
DIALECTS = ("mysql", "mariadb")
ON = ("create index",)
DOWN = True
SETUP = "CREATE TABLE posts (id INT PRIMARY KEY, title VARCHAR(100));"
BAD = "ALTER TABLE posts ADD FULLTEXT INDEX idx_posts_title (title);"
GOOD = "ALTER TABLE posts ADD INDEX idx_posts_title (title);"
PROOF = Proof("algorithm", "INPLACE")


def check(look: Look) -> Iterator[Finding]:
    """Flag an index that is not built online."""
    change = look.change
    method = change.index.method if change is not None and change.index is not None else ""
    if change is None or method not in {"fulltext", "spatial"} or look.new() or look.small() or look.effect.error:
        return
    table = look.name()
    first = any(work.reason.startswith("the first FULLTEXT") for work in change.work)
    yield look.finding(
        f"writes to {table} wait while the {method.upper()} index is built",
        why=f"INSERT, UPDATE and DELETE on {table} wait until it is done"
        + (f", and all of {table} is written anew for the first one" if first else ""),
        advice="build it when few write, or search in a service of its own",
    )
