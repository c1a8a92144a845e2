"""The rewrites that the rules about ALTER TABLE show run as they stand; what is not known is said as such."""

import psycopg
import pytest
from proving import migration
from rule_findings import one

from instar.dialects import load
from instar.lint.engine import Linter, catalogue
from instar.lint.look import Options
from instar.model import Finding, Severity

SHOWN = {
    "alter-type-rewrite": "ALTER TABLE orders ALTER COLUMN quantity TYPE bigint USING quantity * 2;",
    "alter-type-index-rebuild": "",
    "alter-type-recheck": "",
    "alter-type-fk-pair": "",
    "add-column-volatile-default": "ALTER TABLE orders ADD token uuid NOT NULL DEFAULT gen_random_uuid(), ADD a int;",
    "set-expression-rewrite": "",
    "set-logged": "",
    "set-access-method": "",
    "domain-constraint": "",
    "validate-with-other-subcommand": "",
}


def found(rule: str, text: str, *, setup: str | None = None, version: int = 18) -> list[Finding]:
    dialect = load("postgresql")
    linter = Linter(dialect, dialect.schema(), Options(version=version))
    before = migration(catalogue()[rule].SETUP if setup is None else setup, "1")  # type: ignore[attr-defined]
    judged = linter.judge([before, migration(text, "2")], wanted={"2"})
    return [item for each in judged for item in each.findings if item.rule == rule]


def run(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for piece in load("postgresql").cut(text):
            connection.execute(text[piece.start : piece.end].encode())


@pytest.mark.parametrize("rule", SHOWN)
def test_the_rewrite_that_is_shown_runs(rule: str, postgres: str) -> None:
    module = catalogue()[rule]
    text = SHOWN[rule] or module.BAD
    (finding,) = found(rule, text)
    if finding.fix is None:
        pytest.skip("there is none")
    run(postgres, module.SETUP)  # type: ignore[attr-defined]
    run(postgres, finding.fix.sql)


@pytest.mark.parametrize(
    "column",
    [
        "n serial",
        "n bigint GENERATED ALWAYS AS IDENTITY",
        "n int GENERATED ALWAYS AS (total * 2) STORED",
        "n int DEFAULT (random() * 10)::int CHECK (n >= 0)",
        "n timestamptz NOT NULL DEFAULT clock_timestamp()",
    ],
)
def test_a_column_of_any_kind_is_added_in_steps(column: str, postgres: str) -> None:
    rule = "add-column-volatile-default"
    (finding,) = found(rule, f"ALTER TABLE orders ADD COLUMN {column};")
    assert finding.fix is not None
    run(postgres, catalogue()[rule].SETUP)  # type: ignore[attr-defined]
    run(postgres, "INSERT INTO orders SELECT g, g FROM generate_series(1, 2500) AS g")
    run(postgres, finding.fix.sql)
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM orders WHERE n IS NULL").fetchone() == (0,)
        connection.execute("INSERT INTO orders (id, total) VALUES (0, 7)")
        assert connection.execute("SELECT n IS NOT NULL FROM orders WHERE id = 0").fetchone() == (True,)


def test_the_values_of_a_replaced_column_are_kept(postgres: str) -> None:
    (finding,) = found("alter-type-rewrite", SHOWN["alter-type-rewrite"])
    assert finding.fix is not None
    run(postgres, "CREATE TABLE orders (id bigint PRIMARY KEY, quantity integer)")
    run(postgres, "INSERT INTO orders SELECT g, g FROM generate_series(1, 2500) AS g")
    run(postgres, finding.fix.sql)
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*), sum(quantity), sum(quantity_old) FROM orders").fetchone() == (
            2500,
            2500 * 2501,
            2500 * 2501 // 2,
        )


def test_a_replaced_column_keeps_its_default_its_indexes_and_not_null(postgres: str) -> None:
    setup = """CREATE TABLE orders (id bigint PRIMARY KEY, quantity integer NOT NULL DEFAULT 3, a int);
    CREATE INDEX idx_orders_quantity ON orders (quantity, a);"""
    (finding,) = found("alter-type-rewrite", SHOWN["alter-type-rewrite"], setup=setup, version=16)
    assert finding.fix is not None
    run(postgres, setup)
    run(postgres, "INSERT INTO orders SELECT g, g FROM generate_series(1, 2500) AS g")
    run(postgres, finding.fix.sql)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("INSERT INTO orders (id) VALUES (0)")
        assert connection.execute("SELECT quantity FROM orders WHERE id = 0").fetchone() == (3,)
        with pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute("INSERT INTO orders (id, quantity) VALUES (-1, NULL)")
        definition = connection.execute("SELECT pg_get_indexdef('idx_orders_quantity_new'::regclass)").fetchone()
        assert definition is not None
        assert definition[0].endswith("(quantity, a)")


def test_a_column_on_which_more_stands_has_no_short_rewrite() -> None:
    (finding,) = found("alter-type-rewrite", "ALTER TABLE orders ALTER COLUMN id TYPE integer;")
    assert finding.fix is None
    assert finding.advice.endswith("make for the new column first what stands on id: orders_pkey")


@pytest.mark.parametrize(
    ("rule", "text", "fact"),
    [
        ("alter-type-rewrite", "ALTER TABLE orders ALTER a TYPE text;", "the old type of orders.a"),
        ("add-column-volatile-default", "ALTER TABLE orders ADD a int DEFAULT f();", "the volatility of f()"),
        ("set-expression-rewrite", "ALTER TABLE orders ALTER a SET EXPRESSION AS (1);", "whether orders.a is stored"),
        ("set-access-method", "ALTER TABLE orders SET ACCESS METHOD heap;", "the access method of orders"),
        ("set-tablespace", "ALTER TABLE orders SET TABLESPACE pg_default;", "the tablespace of orders"),
        ("domain-constraint", "ALTER DOMAIN d SET NOT NULL;", "which tables have columns of type d"),
    ],
)
def test_what_the_catalog_would_decide_weighs_the_worst_with_the_fact(rule: str, text: str, fact: str) -> None:
    (finding,) = found(rule, text, setup="")
    assert (finding.unknown, finding.severity) == (fact, Severity.ERROR)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("alter-type-rewrite", "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint;"),
        ("alter-type-rewrite", "ALTER TABLE orders ALTER quantity TYPE integer;"),
        ("add-column-volatile-default", "ALTER TABLE orders ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();"),
        ("add-column-volatile-default", "ALTER TABLE orders ADD COLUMN a citext;"),
        ("add-column-volatile-default", "ALTER TABLE orders ADD COLUMN IF NOT EXISTS total bigserial;"),
        ("set-logged", "ALTER TABLE events SET UNLOGGED;"),
        ("set-access-method", "ALTER TABLE events SET ACCESS METHOD heap;"),
        ("set-tablespace", "ALTER TABLE events SET TABLESPACE pg_default;"),
        (
            "validate-with-other-subcommand",
            "ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total, SET (fillfactor = 70);",
        ),
        ("domain-constraint", "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (VALUE > 0);"),
    ],
)
def test_what_makes_nobody_wait_is_not_flagged(rule: str, text: str) -> None:
    assert found(rule, text) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("idx-not-concurrent", "CREATE INDEX i ON t (note)"),
        ("idx-drop-not-concurrent", "DROP INDEX in_note"),
        ("reindex-not-concurrent", "REINDEX TABLE t"),
        ("add-unique-blocking", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (note)"),
        ("add-pk-blocking", "ALTER TABLE bare ADD CONSTRAINT p PRIMARY KEY (id)"),
    ],
)
def test_what_cannot_run_in_a_block_is_not_advised_there(rule: str, text: str) -> None:
    after = (
        "CREATE TABLE t (id int PRIMARY KEY, note text); CREATE INDEX in_note ON t (note);"
        "CREATE TABLE bare (id int NOT NULL, note text);"
    )
    inside = one(rule, f"DO $$ BEGIN\n{text};\nEND $$;", after=after)
    assert inside.advice.startswith("take it out of this block into a statement of its own, and ")
    assert inside.fix is None
    alone = one(rule, f"{text};", after=after)
    assert inside.advice.endswith(alone.advice)
