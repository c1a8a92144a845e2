"""DDL commits the rows that were changed before it: MySQL and MariaDB have no transactional DDL.

CREATE, ALTER, DROP, RENAME and TRUNCATE commit the open transaction before they begin, and themselves when they are
done. When one of them fails, the UPDATE above it stays. instar remembers how far it came and goes on from there, but
nothing undoes what is done. Inside BEGIN ... COMMIT instar refuses such a statement, as the block would not be one.

Safe when: the rows are changed after the DDL, or in a BEGIN ... COMMIT of their own, which says the same openly.
"""

from collections.abc import Iterator, Sequence

from instar.errors import InstarError
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Kind, Severity, Statement
from instar.source import script as source_script

GROUP = "transaction"
SEVERITY = Severity.INFO
DIALECTS = ("mysql", "mariadb")
ON = ("migration",)
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY, total INT);"
BAD = """UPDATE orders SET total = 0 WHERE total IS NULL;
ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT;"""
GOOD = """BEGIN;
UPDATE orders SET total = 0 WHERE total IS NULL;
COMMIT;
ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT;"""
PROOF = Proof("style")

_WRITING = frozenset({"insert", "update", "delete", "replace"})


def check(look: Look) -> Iterator[Finding]:
    """Flag what commits rows that were changed before it."""
    for script in look.migration.up:
        try:
            statements = source_script.statements(script, look.dialect)
        except InstarError:
            continue
        yield from (_said(look, item) for item in _committing(statements))


def _committing(statements: Sequence[Statement]) -> Iterator[Statement]:
    written = False
    for statement in statements:
        if statement.kind is Kind.COMMIT:
            written = False
        elif statement.kind is Kind.OUTSIDE and written:
            yield statement
            written = False
        elif statement.kind is Kind.PLAIN:
            written = written or statement.text.split(None, 1)[0].lower() in _WRITING


def _said(look: Look, statement: Statement) -> Finding:
    verb = " ".join(statement.text.split()[:3])
    return look.finding(
        f"the rows changed before it are committed by {verb}",
        why="when a statement after them fails, they stay changed",
        advice="write COMMIT before it, so that this can be seen, or change the rows in a migration of their own",
        place=source_script.place_in(statement, 0),
    )
