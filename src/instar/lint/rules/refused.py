"""The server refuses the statement as it stands: the migration fails here, whatever the rows are.

What is known of the schema says so: by the project's migrations, or by the live catalog a relation or a column is not
there, or is there already, or the statement cannot be carried out on it: a view reads the column, a foreign key
references the table. Or the server's version does not know it yet. With a live catalog a misspelt name is found;
without one a relation that no migration makes may still exist, and nothing is said.

SQLite's refusals are those of `lite-alter-refused`; what is no SQL at all is `unreadable`.

Safe when: the migration is a baseline, which makes again what the versions before it have made; the statement stands in
a block (a condition or a handler may keep it from running), or SQL that is built at run time came before it and may
have made what is missing.
"""

from collections.abc import Iterator

from instar.lint import duration
from instar.lint.around import at
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, MigrationKind, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql", "mysql", "mariadb")
ON = ("findings",)
DOWN = True
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255));"
BAD = "ALTER TABLE users ALTER COLUMN email TYPE bigint;"
GOOD = "ALTER TABLE users ALTER COLUMN email TYPE text;"
PROOF = Proof("fails", "cannot be cast automatically")
_PARENT = """CREATE TABLE users (id INT PRIMARY KEY);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, CONSTRAINT fk_orders FOREIGN KEY (user_id) REFERENCES users (id));
"""
_MYSQL = Example(
    _PARENT,
    "ALTER TABLE orders DROP COLUMN user_id;",
    "ALTER TABLE orders DROP FOREIGN KEY fk_orders, DROP COLUMN user_id;",
    Proof("fails", "needed in a foreign key constraint"),
)
EXAMPLES = {"mysql": _MYSQL, "mariadb": _MYSQL}

_SAID_BY = frozenset({"unreadable", "my-algorithm-clause", "fk-type-mismatch", "concurrently-on-partitioned"})
"""Rules that say of some refusals more than the server does."""


def check(look: Look) -> Iterator[Finding]:
    """Flag what the server refuses, unless a rule has said so."""
    if look.migration.kind is MigrationKind.BASELINE:
        return  # It runs where nothing is, and not behind the versions that it stands for.
    told = {item.statement for item in look.found if item.rule in _SAID_BY and item.severity is Severity.ERROR}
    unforeseen = False
    for index, effect in enumerate(look.unit.effects):
        absent = effect.error.endswith("does not exist")
        if effect.error and index not in told and not (absent and unforeseen):
            with at(look, index, effect):
                yield look.finding(
                    f"the server refuses this statement: {effect.error}",
                    why="the migration fails here",
                    start=effect.at,
                )
        unforeseen = unforeseen or any(part.dynamic for part in duration.walk(effect))
