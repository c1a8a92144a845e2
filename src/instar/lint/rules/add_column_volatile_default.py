"""A new column whose value differs from row to row writes the whole table anew while nobody else can use it.

A constant default, and one that is the same for the whole statement like now(), is kept in the catalog: the table is
not touched. A volatile default (random(), clock_timestamp(), gen_random_uuid(), nextval(), a function that is not
declared STABLE), serial, an identity column, GENERATED ... STORED, and a domain with a constraint (even without a
default) make PostgreSQL write every row and build every index again under an ACCESS EXCLUSIVE lock: readers and
writers wait.

Instead: add the column without a value, set the default for new rows, fill the others in batches, add NOT NULL last.

Safe when: the default is constant or stable, also a function in SQL that comes down to a constant; the generated
column is VIRTUAL (PostgreSQL 18); the table is new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.catalog import Column
from instar.effects import Change, WorkKind
from instar.lint import expand, rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("add column",)
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY, total integer);"
BAD = "ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();"
GOOD = """
ALTER TABLE orders ADD COLUMN token uuid, ALTER COLUMN token SET DEFAULT gen_random_uuid();
DO $$
DECLARE
    here orders.id%TYPE := (SELECT min(id) FROM orders);
    upto orders.id%TYPE;
BEGIN
    COMMIT;
    WHILE here IS NOT NULL LOOP
        SELECT max(id) INTO upto FROM (SELECT id FROM orders WHERE id >= here ORDER BY id LIMIT 1000) AS batch;
        UPDATE orders SET token = DEFAULT WHERE id BETWEEN here AND upto AND token IS NULL;
        COMMIT;
        here := (SELECT min(id) FROM orders WHERE id > upto);
    END LOOP;
END $$;
ALTER TABLE orders ADD CONSTRAINT orders_token_not_null_check CHECK (token IS NOT NULL) NOT VALID;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT orders_token_not_null_check;
COMMIT;
BEGIN;
ALTER TABLE orders ALTER COLUMN token SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_token_not_null_check;
COMMIT;
"""
PROOF = Proof("work", "orders")


def check(look: Look) -> Iterator[Finding]:
    """Flag a column that makes the server write all rows, or may do so."""
    change = look.change
    assert change is not None
    column = change.column
    unknown = rewrite.doubt(change.work, {WorkKind.REWRITE})
    if column is None or unknown is None or rewrite.idle(look):
        return
    table, name = look.name(), rewrite.name(look, change.name)
    may = "may be" if unknown else "is"
    yield look.finding(
        f"{table} {may} written anew, closed to reads and writes, when {name} is added",
        why=rewrite.why_anew(look, change, unknown),
        advice=_advice(column),
        fix=_fix(look, change, column),
        unknown=unknown,
    )


def _numbered(column: Column) -> bool:
    return column.identity or column.default.startswith("nextval(")


def _advice(column: Column) -> str:
    if column.generated:
        return "add an ordinary column, compute it in a trigger, and fill it in batches; from PostgreSQL 18 on VIRTUAL"
    if _numbered(column):
        return "add the column without numbers, give it a sequence as default, and number the rows in batches"
    if not column.default:
        return "give the column the type below the domain, and add its condition as a CHECK that is NOT VALID at first"
    return "add the column without a value, set the default for new rows, and fill the others in batches"


def _fix(look: Look, change: Change, column: Column) -> Fix | None:
    if look.depth or look.table().kind == "partitioned":
        return None
    start, name = rewrite.head_plain(look), rewrite.name(look, column.name)
    steps = [f"{start} ADD COLUMN {name} {_type(look, column)}"]
    if column.generated:
        steps += expand.followed(look, name, expand.of_new_row(look, column.expression))[1]
        steps.append(expand.filled(look, name, column.expression))
        return rewrite.steps(steps, same=False)
    if column.default or column.identity:
        steps += _defaulted(look, column, name)
    else:
        return None
    if not column.nullable:
        steps += rewrite.not_null(look, [column.name])
    return rewrite.steps([*steps, *rewrite.rest(look, change)], same=False)


def _type(look: Look, column: Column) -> str:
    """Return the type as SQL: canonical names are SQL, but the one of a type of the users' own may need quotes."""
    known = look.schema.types.get(column.type)
    return look.name(known.name) if known else column.type


def _defaulted(look: Look, column: Column, name: str) -> Iterator[str]:
    start, default = rewrite.head_plain(look), column.default
    if column.identity or (default.startswith("nextval(") and default.endswith("::regclass)")):
        sequence = look.name(f"{_place(look)}{rewrite.free_name(look, look.table().name, column.name, 'seq')}")
        yield f"CREATE SEQUENCE {sequence} OWNED BY {look.name()}.{name}"
        default = f"nextval('{sequence}')"
    yield f"{start} ALTER COLUMN {name} SET DEFAULT {default}"
    yield expand.filled(look, name, "DEFAULT", f"{name} IS NULL")


def _place(look: Look) -> str:
    """Return the schema of the table with a dot behind it, "" for the default one."""
    schema, dot, _ = look.table().name.rpartition(".")
    return f"{schema}{dot}"
