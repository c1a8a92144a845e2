"""A change of type that keeps the table, but builds an index again while nobody else can use the table.

Where the stored values stay what they are, a plain index keeps its file, too. An index with an expression or a WHERE
clause does not, nor does one whose order or operators change: another collation, timestamp to timestamptz. ALTER
COLUMN without COLLATE takes the collation away again, which counts as a change. The build reads the whole table under
an ACCESS EXCLUSIVE lock: readers and writers wait.

Safe when: only plain indexes stand on the column, and neither collation nor operators change; no such index is left
because it was dropped CONCURRENTLY before; the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import Index
from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("change type",)
SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(50));
CREATE INDEX idx_users_lower_email ON users (lower(email));
"""
BAD = "ALTER TABLE users ALTER COLUMN email TYPE varchar(100);"
GOOD = """
DROP INDEX CONCURRENTLY idx_users_lower_email;
ALTER TABLE users ALTER COLUMN email TYPE varchar(100);
CREATE INDEX CONCURRENTLY idx_users_lower_email ON users (lower(email));
"""
PROOF = Proof("work", "users")


def check(look: Look) -> Iterator[Finding]:
    """Flag indexes that are built again although the table is not written anew."""
    change = look.change
    assert change is not None
    rewritten = any(item.kind is WorkKind.REWRITE and not item.unknown for item in change.work)
    built = [item for item in change.work if item.kind is WorkKind.REBUILD]
    if rewritten or not built or rewrite.idle(look):
        return
    table, column = look.name(), rewrite.name(look, change.name)
    sure = [item for item in built if not item.unknown]
    if not sure:
        yield look.finding(
            f"an index on {table}.{column} may be built again while {table} is closed to reads and writes",
            why=f"an index with an expression or a WHERE clause on {column} would not keep its file",
            advice="drop such an index CONCURRENTLY before, and build it CONCURRENTLY afterwards",
            unknown=built[0].unknown,
        )
    for item in sure:
        index = look.name(item.object)
        yield look.finding(
            f"{table} is closed to reads and writes while index {index} is built again",
            why=f"{item.reason}, so it does not keep its file when the type of {column} changes",
            advice=f"drop {index} CONCURRENTLY before, and build it CONCURRENTLY afterwards (or a twin first)",
            fix=_fix(look, look.table(item.relation).index(item.object)),
        )


def _fix(look: Look, index: Index | None) -> Fix | None:
    """Return the three steps, where all of the index is known."""
    if index is None or index.constraint or look.depth:
        return None
    name = look.name(index.name)
    made = _definition(look, index)
    return rewrite.steps([f"DROP INDEX CONCURRENTLY {name}", look.effect.text, made], same=False) if made else None


def _definition(look: Look, index: Index) -> str:
    if index.definition:
        head, _, rest = index.definition.partition(" INDEX ")
        return f"{head} INDEX {rest if rest.startswith('CONCURRENTLY') else f'CONCURRENTLY {rest}'}" if rest else ""
    if index.predicate or "" in index.columns:
        return ""
    unique = "UNIQUE " if index.unique else ""
    include = f" INCLUDE ({rewrite.names(look, index.include)})" if index.include else ""
    name = rewrite.name(look, index.name.rpartition(".")[2])
    columns = rewrite.names(look, index.columns)
    return f"CREATE {unique}INDEX CONCURRENTLY {name} ON {look.name()} USING {index.method} ({columns}){include}"
