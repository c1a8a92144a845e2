"""`instar explain`: what it prints of statements, files and blocks, without a database and with one."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_project import Instar, Write
from rich.console import Console
from rich.text import Text

from conftest import query
from instar import dialects
from instar.judgement import Explained
from instar.model import Statement
from instar.render import explain

SHOP = "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20), total numeric(10,2));"


@pytest.fixture
def shop(instar: Instar, write: Write) -> Instar:
    write({"20240101000000_shop": SHOP})
    return instar


def test_a_statement_is_explained_on_what_the_migrations_make(shop: Instar) -> None:
    result = shop("explain", "ALTER TABLE orders ALTER COLUMN note TYPE text")
    assert result.code == 0
    assert result.out.splitlines() == [
        "ALTER TABLE orders ALTER COLUMN note TYPE text",
        "  RELATION  LOCK              WHO WAITS",
        "  orders    ACCESS EXCLUSIVE  reads and writes",
        "  no work: the stored values stay as they are",
        "  short: reads and writes of orders wait for a moment, once the lock is had",
    ]


def test_an_unknown_table_names_the_fact_that_would_decide(shop: Instar) -> None:
    said = shop("explain", "ALTER TABLE legacy ALTER COLUMN note TYPE text").out.splitlines()[-1]
    assert said.startswith("  unknown: reads and writes of legacy wait")
    assert said.endswith("that depends on the old type of legacy.note")


def test_a_statement_sees_what_those_before_it_made(shop: Instar) -> None:
    result = shop("explain", "CREATE TABLE fresh (id int); CREATE INDEX ON fresh (id)", "--json")
    first, second = result.json["statements"]
    assert first["creates"] == ["fresh"]
    assert [lock["relation"] for lock in second["locks"]] == ["fresh"]


def test_a_migration_is_explained_on_those_before_it(shop: Instar, write: Write) -> None:
    write(
        {
            "20240102000000_longer": "ALTER TABLE orders ALTER COLUMN note TYPE varchar(30);",
            "20240103000000_shorter": "ALTER TABLE orders ALTER COLUMN note TYPE varchar(10);",
        }
    )
    for name in ("20240102000000", "migrations/20240102000000_longer.sql"):
        (statement,) = shop("explain", name, "--json").json["statements"]
        assert statement["verdict"] == "short"
        assert statement["file"] == "migrations/20240102000000_longer.sql"


def test_a_file_outside_of_the_project_is_explained_with_its_lines(shop: Instar, tmp_path: Path) -> None:
    (tmp_path / "hand.sql").write_text("\n\nCREATE INDEX i ON orders (total);\n")
    assert shop("explain", "hand.sql").out.splitlines()[0] == "hand.sql:3  CREATE INDEX i ON orders (total)"


def test_sql_comes_from_stdin(shop: Instar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"DROP TABLE orders;")))
    assert shop("explain", "-").out.startswith("DROP TABLE orders\n")


def test_what_a_block_does_stands_below_it_with_its_line(shop: Instar) -> None:
    block = (
        "DO $$\nBEGIN\n  FOR i IN 1..3 LOOP\n    DELETE FROM orders;\n    COMMIT;\n  END LOOP;\n  EXECUTE name;\nEND $$"
    )
    lines = shop("explain", block).out.splitlines()
    assert "  line 4 (in a loop): DELETE FROM orders" in lines
    assert "  line 5 (in a loop): COMMIT" in lines
    assert "  line 7: EXECUTE name, which is built at run time" in lines


def test_a_function_is_only_stored(shop: Instar) -> None:
    text = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE orders'"
    lines = shop("explain", text).out.splitlines()
    assert lines[1] == "  online: nobody waits for it; what is in it happens when it is called"
    assert lines[2] == "  line 1: DROP TABLE orders"


def test_an_erroneous_statement_is_shown_with_a_caret(shop: Instar) -> None:
    result = shop("explain", "ALTER TABLE orders ADD COLUM sent date")
    assert result.code == 2
    assert result.err.splitlines() == [
        'error: the server refuses this statement: syntax error at or near "date"',
        "  --> <stdin>:1:35",
        "    1 | ALTER TABLE orders ADD COLUM sent date",
        "      |                                   ^",
    ]


def test_what_is_neither_a_file_nor_a_migration_nor_sql_is_refused(shop: Instar) -> None:
    result = shop("explain", "nonsense")
    assert result.code == 2
    assert "'nonsense' is neither a file nor a migration" in result.err


def test_the_version_of_the_server_counts(shop: Instar) -> None:
    text = "ALTER TABLE orders ADD CONSTRAINT present NOT NULL note NOT VALID"
    assert shop("explain", text, "--server-version", "18").code == 0
    assert shop("explain", text, "--server-version", "16").code == 2


def test_the_live_catalog_decides(instar: Instar, postgres: str) -> None:
    query(postgres, "CREATE TABLE legacy (id int, note varchar(20))")
    text = "ALTER TABLE legacy ALTER COLUMN note TYPE text"
    (unknown,) = instar("explain", text, "--json").json["statements"]
    (known,) = instar("explain", text, "--json", "--database", postgres).json["statements"]
    assert (unknown["verdict"], known["verdict"]) == ("unknown", "short")
    assert known["locks"] == [
        {"relation": "legacy", "kind": "table", "mode": "ACCESS EXCLUSIVE", "blocks": "reads and writes"}
    ]
    assert query(postgres, "SELECT atttypmod FROM pg_attribute WHERE attrelid = 'legacy'::regclass AND attnum = 2") == [
        (24,)
    ]


def test_a_terminal_gets_the_same_lines_with_colours(shop: Instar) -> None:
    dialect = dialects.load("postgresql")
    text = "ALTER TABLE orders ADD COLUMN z float8 DEFAULT random()"
    found = (Explained(Statement(text, 1, 1, 0, "<stdin>"), dialect.analyse(text, dialect.schema())),)
    console = Console(file=io.StringIO(), force_terminal=True, width=200, color_system="standard")
    with console.capture() as captured:
        console.print(explain.rich(found))
    coloured = captured.get()
    assert "\x1b[1;31m  long: reads and writes of orders wait" in coloured
    assert Text.from_ansi(coloured).plain.splitlines() == explain.text(found).splitlines()


def test_mysql_has_an_algorithm(shop: Instar) -> None:
    result = shop("explain", "ALTER TABLE orders ADD COLUMN z int", "--dialect", "mariadb")
    assert result.code == 0
    assert "algorithm: INSTANT" in result.out


def test_the_live_catalog_tells_sizes_and_times(instar: Instar, postgres: str) -> None:
    query(postgres, "CREATE TABLE users AS SELECT n AS id, 'x' || n AS email FROM generate_series(1, 20000) n")
    query(postgres, "ANALYZE users")
    text = "CREATE INDEX ON users (email)"
    lines = instar("explain", text, "--database", postgres).out.splitlines()
    assert lines[-2].startswith("  size: users 20,000 rows (")
    assert lines[-1].startswith("  takes: ")
    assert "text index" in lines[-1]
    (known,) = instar("explain", text, "--json", "--database", postgres).json["statements"]
    assert (known["sizes"][0]["relation"], known["sizes"][0]["rows"]) == ("users", 20000)
    assert known["duration"]["high"] > known["duration"]["low"]
    (unknown,) = instar("explain", text, "--json").json["statements"]
    assert (unknown["sizes"], unknown["duration"]) == ([], None)


@pytest.mark.parametrize(
    "text", ["CREATE INDEX ON usres (id)", "UPDATE usres SET id = 1", "ALTER TABLE usres ADD z int"]
)
def test_a_relation_that_the_live_catalog_does_not_have_is_refused(instar: Instar, postgres: str, text: str) -> None:
    result = instar("explain", text, "--database", postgres)
    assert result.code == 2
    assert 'relation "usres" does not exist' in result.err


def test_changed_rows_are_locked_until_the_commit(shop: Instar) -> None:
    said = shop("explain", "UPDATE orders SET total = 0 WHERE id = 1").out.splitlines()[-1]
    assert (
        said
        == "  online: no reader waits; the rows that it changes are locked until the commit: other writers of them wait"
    )


def test_borders_of_transactions_need_no_block(shop: Instar) -> None:
    result = shop("explain", "BEGIN; DROP TABLE orders; COMMIT")
    assert [line for line in result.out.splitlines() if not line.startswith(" ")] == ["DROP TABLE orders"]
    assert len(shop("explain", "BEGIN; DROP TABLE orders; COMMIT", "--json").json["statements"]) == 3


@pytest.mark.parametrize(("text", "dialect"), [
    ("SELECT * FROM orders WHERE id = 1 FOR UPDATE", "postgresql"),
    ("SELECT * FROM orders FOR KEY SHARE SKIP LOCKED", "postgresql"),
    ("WITH first AS (SELECT * FROM orders ORDER BY id LIMIT 1 FOR SHARE) SELECT * FROM first", "postgresql"),
    ("SELECT * FROM orders WHERE id = 1 FOR UPDATE", "mariadb"),
    ("SELECT * FROM orders LOCK IN SHARE MODE", "mariadb"),
])  # fmt: skip
def test_rows_that_a_query_locks_are_locked_until_the_commit(shop: Instar, text: str, dialect: str) -> None:
    said = shop("explain", text, "--dialect", dialect).out.splitlines()[-1]
    assert said == (
        "  online: no reader waits; the rows that it locks stay locked until the commit: writers of them wait"
    )


def test_a_query_that_locks_no_rows_makes_nobody_wait(shop: Instar) -> None:
    for dialect in ("postgresql", "mariadb"):
        said = shop("explain", "SELECT * FROM orders", "--dialect", dialect).out.splitlines()[-1]
        assert said == "  online: nobody waits for it"


def test_a_not_null_constraint_that_is_not_validated_proves_nothing(shop: Instar) -> None:
    late = "ALTER TABLE orders ADD CONSTRAINT present NOT NULL note NOT VALID"
    lines = shop("explain", late, "--server-version", "18").out
    assert "proven" not in lines
    assert "no work: no row is read before VALIDATE CONSTRAINT" in lines
    proven = "ALTER TABLE orders ADD CONSTRAINT present NOT NULL id"
    assert "no work: it is proven that no row holds NULL" in shop("explain", proven, "--server-version", "18").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DROP TABLE usres", 'table "usres" does not exist'),
        ("SELECT * FROM usres", 'relation "usres" does not exist'),
        ("TRUNCATE usres", 'relation "usres" does not exist'),
        ("CREATE INDEX ON users (nope)", 'column "nope" does not exist'),
        ("INSERT INTO users (nope) VALUES (1)", 'column "nope" of relation "users" does not exist'),
    ],
)
def test_what_the_server_would_refuse_is_refused(instar: Instar, postgres: str, text: str, said: str) -> None:
    query(postgres, "CREATE TABLE users (id bigint PRIMARY KEY)")
    result = instar("explain", text, "--database", postgres)
    assert result.code == 2
    assert said in result.err


def test_a_row_that_is_named_by_its_key_takes_no_time(instar: Instar, postgres: str) -> None:
    query(postgres, "CREATE TABLE users AS SELECT n AS id, n AS age FROM generate_series(1, 20000) n")
    query(postgres, "ALTER TABLE users ADD PRIMARY KEY (id)")
    query(postgres, "ANALYZE users")
    one = instar("explain", "DELETE FROM users WHERE id = 10", "--database", postgres)
    assert one.out.splitlines()[-1].endswith("(one row, found by a unique key)")
    (known,) = instar("explain", "UPDATE users SET age = 1 WHERE id = 10", "--json", "--database", postgres).json[
        "statements"
    ]
    assert known["duration"]["high"] < 0.001
    many = instar("explain", "DELETE FROM users WHERE age = 10", "--database", postgres)
    assert "at most 20 k rows" in many.out
