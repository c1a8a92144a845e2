"""A foreign key without an index on its columns: every DELETE of a parent row reads the whole child table.

The server looks for rows that reference it. Without an index that begins with these columns it reads the table from
end to end, once for each parent row, while the parent row is locked. Joins from the parent want the same index.

Safe when: an index begins with the columns (in any order), also one that this migration, or a later one of the
same release, makes; the parent's rows never go is a reason for `-- instar:ignore fk-without-index: reason`.
"""

from collections.abc import Iterator

from instar.catalog import Constraint, ConstraintKind, Index, Table
from instar.effects import Change, Effect
from instar.lint.around import at, span
from instar.lint.look import Look
from instar.lint.rule import Example, Proof
from instar.model import Finding, Fix, Severity
from instar.source.script import statements

GROUP = "design"
SEVERITY = Severity.INFO
DIALECTS = ("postgresql", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = """CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id)
);
"""
GOOD = BAD + "CREATE INDEX idx_orders_user_id ON orders (user_id);\n"
PROOF = Proof(
    "shows",
    "SELECT conname FROM pg_constraint c WHERE conrelid = 'orders'::regclass AND contype = 'f' AND NOT EXISTS "
    "(SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])",
)
EXAMPLES = {
    "sqlite": Example(
        SETUP,
        BAD,
        GOOD,
        Proof("shows", "SELECT 1 WHERE NOT EXISTS (SELECT * FROM pragma_index_list('orders') WHERE origin = 'c')"),
    )
}

_OLD = frozenset({"validate constraint", "alter constraint", "rename constraint", "drop constraint"})
"""Changes of a foreign key that is there already."""


def check(look: Look) -> Iterator[Finding]:
    """Flag new foreign keys whose columns begin no index at the end of the migration."""
    for index, effect in enumerate(look.unit.effects):
        for change in effect.changes:
            for key in _keys(change):
                table = look.schema.table(change.relation)
                if table is None or table.kind == "foreign table" or _gone(table, key) or _indexed(table, key.columns):
                    continue
                if _comes(look, table, key.columns):
                    continue
                with at(look, index, effect, change):
                    yield _found(look, effect, change, table, key)


def _keys(change: Change) -> list[Constraint]:
    made = [change.constraint] if change.constraint is not None and change.kind not in _OLD else []
    made += change.table.constraints if change.table is not None and "partition of" not in change.flags else ()
    return [item for item in made if item.kind is ConstraintKind.FOREIGN_KEY and item.columns]


def _gone(table: Table, key: Constraint) -> bool:
    return bool(key.name) and table.complete and table.constraint(key.name) is None


def _indexed(table: Table, columns: tuple[str, ...]) -> bool:
    return any(_begins(item, columns) for item in table.indexes)


def _comes(look: Look, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether a later migration of the same release builds the index."""
    texts = (script for migration in look.coming for script in migration.up if table.name in script.text)
    for script in texts:
        for statement in statements(script, look.dialect):
            effect = look.dialect.analyse(statement.text, look.schema)
            made = [item for item in effect.changes if item.relation == table.name and item.index is not None]
            if any(item.index is not None and _begins(item.index, columns) for item in made):
                return True
    return False


def _begins(index: Index, columns: tuple[str, ...]) -> bool:
    whole = not index.predicate or set(index.predicate.lower().split()) <= {*columns, "is", "not", "null", "and"}
    return whole and set(index.columns[: len(columns)]) == set(columns)


def _found(look: Look, effect: Effect, change: Change, table: Table, key: Constraint) -> Finding:
    name, parent = look.name(table.name), look.name(key.references)
    columns = ", ".join(look.name(item) for item in key.columns)
    index = f"idx_{table.name.rpartition('.')[2]}_{'_'.join(key.columns)}"
    new = table.name in look.unit.created
    start, end = span(effect, key.columns[0]) if change.table is not None else (None, None)
    return look.finding(
        f"no index begins with {name} ({columns}), which references {parent}",
        why=f"every DELETE of a row of {parent} reads all of {name} to see whether a row references it",
        advice=f"CREATE INDEX {'' if new else 'CONCURRENTLY '}{index} ON {name} ({columns})",
        fix=Fix(f"{effect.text};\nCREATE INDEX {index} ON {name} ({columns});") if new else None,
        unknown="" if table.complete else f"which indexes {name} has",
        start=start,
        end=end,
    )
