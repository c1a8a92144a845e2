"""`lint --fix`: what is written, what is left alone, and that the schema is the same afterwards."""

from collections.abc import Callable, Mapping
from pathlib import Path

import proving
import psycopg
import pytest
from proving import Case, findings, migration, prepared

from instar import dialects
from instar.cuts import cut
from instar.dialects.postgresql import embedded, scratch
from instar.lint import fixing
from instar.lint.engine import Linter, catalogue
from instar.lint.fix import Fixed, fix, fixable
from instar.lint.fixing import FixedFile, Project
from instar.lint.look import Options
from instar.model import Action, Finding, Migration
from instar.source.options import Options as Reading
from instar.source.script import statements

POSTGRESQL = dialects.load("postgresql")
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric(10,2), note text);
"""
FIXED = [case for case in proving.cases() if getattr(case.module, "FIXED", False) and case.dialect == "postgresql"]


def judged(setup: str, asked: Migration, version: int = 0) -> list[Finding]:
    linter = Linter(POSTGRESQL, POSTGRESQL.schema(), Options(version=version))
    (found,) = linter.judge([migration(setup, "1"), asked], wanted={asked.version})
    return list(found.findings)


def once(text: str, setup: str = SETUP) -> Fixed:
    asked = migration(text, "2")
    found = [item for item in judged(setup, asked) if fixable(item)]
    return fix(text.encode(), asked.path, asked, found, POSTGRESQL)


def fixed(text: str, setup: str = SETUP, version: int = 0) -> str:
    """Fix until nothing is left to fix."""
    for _ in range(20):
        asked = migration(text, "2")
        found = [item for item in judged(setup, asked, version) if fixable(item)]
        if not found:
            return text
        done = fix(text.encode(), asked.path, asked, found, POSTGRESQL)
        assert done.done, [item.reason for item in done.left]
        text = done.data.decode()
        assert migration(text, "2").up == done.migration.up
        assert migration(text, "2").down == done.migration.down
    pytest.fail(f"there is always something to fix:\n{text}")


# Every rule that is fixed


@pytest.mark.parametrize("case", FIXED, ids=lambda case: case.label)
def test_a_fixed_file_has_no_such_finding_and_leaves_the_same_schema(case: Case, fresh: Callable[[str], str]) -> None:
    example = case.example
    good = fixed(example.bad, example.setup, case.version)
    assert good != example.bad
    assert case.rule not in [item.rule for item in findings(case, good)]
    assert schema_after(case, fresh(case.server), example.bad) == schema_after(case, fresh(case.server), good)


def schema_after(case: Case, url: str, text: str) -> Mapping[str, str]:
    prepared(case, url)
    assert not proving.run(case, url, text)
    with psycopg.connect(url, autocommit=True) as connection:
        return scratch._schema(connection)  # noqa: SLF001 - the comparison that is tested


def test_rules_that_are_fixed_say_so() -> None:
    assert {case.rule for case in FIXED} <= set(catalogue())
    assert len(FIXED) > 20


# Borders of transactions


def test_each_step_gets_a_transaction_of_its_own() -> None:
    made = fixed("ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total > 0);\nSELECT 1;\n")
    assert made == (
        "BEGIN;\nALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total > 0) NOT VALID;\nCOMMIT;\n\n"
        "BEGIN;\nALTER TABLE orders VALIDATE CONSTRAINT chk_orders_total;\nCOMMIT;\nSELECT 1;\n"
    )


def test_a_statement_outside_a_transaction_needs_no_border() -> None:
    assert fixed("CREATE INDEX idx_orders_note ON orders (note);") == (
        "CREATE INDEX CONCURRENTLY idx_orders_note ON orders (note);"
    )


def test_an_own_transaction_is_closed_before_it_and_opened_again() -> None:
    text = (
        "BEGIN;\nCREATE TABLE a (id int);\nCREATE INDEX idx_orders_note ON orders (note);\n"
        "CREATE TABLE b (id int);\nCOMMIT;\n"
    )
    assert fixed(text) == (
        "BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY idx_orders_note ON orders (note);\n"
        "BEGIN;\nCREATE TABLE b (id int);\nCOMMIT;\n"
    )


def test_an_own_transaction_that_would_be_empty_goes() -> None:
    text = "BEGIN;\nCREATE INDEX idx_orders_note ON orders (note);\nCOMMIT;\n"
    assert fixed(text) == "CREATE INDEX CONCURRENTLY idx_orders_note ON orders (note);\n"


def test_transaction_false_needs_no_borders() -> None:
    text = "-- migrate:up transaction:false\nALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);\n-- migrate:down\n"
    made = fixed(text)
    assert "BEGIN" not in made
    assert made.count("ALTER TABLE orders") == 2


def test_one_transaction_that_is_asked_for_is_not_parted() -> None:
    done = once("-- migrate:up transaction:true\nALTER TABLE orders ALTER note SET NOT NULL;\n")
    assert not done.done
    assert ["transaction:true asks for one transaction" in item.reason for item in done.left] == [True]


def test_settings_of_one_transaction_keep_it_whole() -> None:
    done = once("SET LOCAL work_mem = '64MB';\nALTER TABLE orders ALTER note SET NOT NULL;")
    assert not done.done
    assert [item.reason for item in done.left] == [
        "SET LOCAL work_mem on line 1 holds for one transaction only, which would be parted"
    ]


def test_another_layout_is_not_parted() -> None:
    asked = migration("ALTER TABLE orders ALTER note SET NOT NULL;", "2")
    found = [item for item in judged(SETUP, asked) if fixable(item)]
    from msgspec.structs import replace

    done = fix(
        b"ALTER TABLE orders ALTER note SET NOT NULL;", asked.path, replace(asked, format="goose"), found, POSTGRESQL
    )
    assert not done.done
    assert "goose" in done.left[0].reason


# What surrounds a statement stays


def test_comments_and_directives_stay_where_they_belong() -> None:
    text = (
        "-- migrate:up\n    -- why: reports need it\n    -- instar:timeout 5s\n"
        "    ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);\n\n-- migrate:down\nDROP TABLE IF EXISTS x;\n"
    )
    made = fixed(text)
    assert made.startswith(
        "-- migrate:up\n    -- why: reports need it\n    BEGIN;\n    -- instar:timeout 5s\n"
        "    ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;\n    COMMIT;\n\n    BEGIN;\n"
        "    -- instar:timeout 5s\n    ALTER TABLE orders VALIDATE CONSTRAINT c;\n    COMMIT;\n"
    )
    assert made.endswith("-- migrate:down\nDROP TABLE IF EXISTS x;\n")


def test_a_directive_inside_an_own_transaction_stays_with_its_statement() -> None:
    text = (
        "BEGIN;\nCREATE TABLE a (id int);\n-- instar:timeout 5s\n"
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);\nEND;\n"
    )
    made = fixed(text)
    timed = [
        item.text for script in migration(made, "2").up for item in statements(script, POSTGRESQL) if item.directives
    ]
    assert [item.split()[3] for item in timed] == ["ADD", "VALIDATE"]


def test_a_down_may_stand_above_the_up() -> None:
    text = "-- migrate:down\nDROP INDEX i;\n-- migrate:up\nCREATE INDEX i ON orders (note);\n"
    assert fixed(text) == text.replace(" INDEX i", " INDEX CONCURRENTLY i")


def test_a_comment_inside_the_statement_is_not_lost() -> None:
    done = once("ALTER TABLE orders\n    -- nobody orders for free\n    ALTER note SET NOT NULL;")
    assert not done.done
    assert "nobody orders for free" in done.left[0].reason


def test_line_ends_stay_those_of_the_file() -> None:
    made = fixed("SELECT 1;\r\nALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);\r\n")
    assert made.replace("\r\n", "").count("\n") == 0


def test_names_outside_of_ascii_and_a_bom_do_not_shift_the_place() -> None:
    text = "-- überall\nCREATE TABLE größe (id int); CREATE INDEX idx_orders_note ON orders (note); -- ß\n"
    asked = migration(text, "2")
    data = b"\xef\xbb\xbf" + text.encode()
    from msgspec.structs import replace

    moved = replace(asked, up=tuple(replace(item, offset=3) for item in asked.up))
    found = [item for item in judged(SETUP, moved) if fixable(item)]
    done = fix(data, asked.path, moved, found, POSTGRESQL)
    assert done.data.decode("utf-8-sig") == text.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY")


def test_placeholders_are_left_alone() -> None:
    asked = migration("CREATE INDEX idx_orders_note ON orders (note);", "2")
    found = [item for item in judged(SETUP, asked) if fixable(item)]
    done = fix(b"CREATE INDEX idx_orders_note ON ${table} (note);", asked.path, asked, found, POSTGRESQL)
    assert not done.done
    assert "placeholders" in done.left[0].reason


def test_two_fixes_of_one_statement_are_written_one_after_the_other() -> None:
    text = "ALTER TABLE orders ALTER note SET NOT NULL, ADD FOREIGN KEY (customer_id) REFERENCES customers;"
    assert len(once(text).left) == 1
    made = fixed(text)
    assert "orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers NOT VALID" in made
    assert "CHECK (note IS NOT NULL) NOT VALID" in made


def test_a_fixed_file_stays_as_it_is() -> None:
    made = fixed(
        "ALTER TABLE orders ADD COLUMN code text UNIQUE, ALTER note SET NOT NULL;\nUPDATE orders SET code = note;"
    )
    assert fixed(made) == made


# Files


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., list[FixedFile]]:
    def run(*texts: str, version: int = 18) -> list[FixedFile]:
        for number, text in enumerate(texts, 1):
            (tmp_path / f"{number:02}_example.sql").write_text(text)
        from instar import source

        found = source.load([tmp_path], Reading(root=tmp_path))
        options = Options(version=version)
        linter = Linter(POSTGRESQL, POSTGRESQL.schema(), options)
        verdicts = list(linter.judge(found))
        asked = Project(
            root=tmp_path, dialect=POSTGRESQL, schema=POSTGRESQL.schema(), migrations=found, options=options
        )
        return fixing.fix_files(asked, verdicts)

    return run


def test_a_file_is_proved_on_a_server(project: Callable[..., list[FixedFile]], tmp_path: Path) -> None:
    (item,) = project(SETUP, "ALTER TABLE orders ALTER note SET NOT NULL;")
    assert item.changed
    assert [each.rule for each in item.done] == ["set-not-null-scan"]
    assert item.proof == "PostgreSQL 18"
    fixing.write(tmp_path, [item])
    assert (tmp_path / "02_example.sql").read_bytes() == item.after
    assert project() == []


@pytest.mark.parametrize("version", proving.POSTGRESQL)
def test_every_way_to_write_it_is_proved(project: Callable[..., list[FixedFile]], version: int) -> None:
    if version not in embedded.available():
        pytest.skip(f"PostgreSQL {version} is not installed")
    setup = """
        CREATE SCHEMA "Odd one"; CREATE TABLE parents (id int PRIMARY KEY, code text);
        CREATE TABLE "Odd one"."Ta ble" (id int, "Co l" int, a int, b int, c int, d int, e int, f int, g text, t int);
    """
    table = 'ALTER TABLE "Odd one"."Ta ble"'
    texts = [
        f'{table} ADD CHECK ("Co l" > 0);',
        f"{table} ADD CHECK (a > 0 AND b > 0), ADD CHECK (b > 0) NO INHERIT;",
        f"{table} ADD COLUMN n1 int DEFAULT 5 NOT NULL CHECK (n1 > 0) UNIQUE;",
        f"{table} ADD COLUMN n2 int DEFAULT 5 CONSTRAINT mine CHECK (n2 > 0) NOT NULL;",
        f"{table} ADD COLUMN n3 int DEFAULT 1 REFERENCES parents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;",
        f"{table} ADD FOREIGN KEY (a) REFERENCES parents (id) MATCH FULL ON UPDATE SET NULL;",
        f"{table} ADD UNIQUE (a, b) INCLUDE (c) WITH (fillfactor = 70), ALTER c SET DEFAULT 7;",
        f"{table} ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (d) DEFERRABLE INITIALLY DEFERRED;",
        f"{table} ALTER e SET NOT NULL, ALTER f SET NOT NULL, ALTER g SET DEFAULT 'x', DROP COLUMN t;",
        f'{table} ADD PRIMARY KEY (id, "Co l");',
        'CREATE UNIQUE INDEX ON "Odd one"."Ta ble" (lower(g)) WHERE g IS NOT NULL;',
        "CREATE INDEX i1 ON parents (code); CREATE INDEX i2 ON parents (code, id);",
        "DROP INDEX IF EXISTS i1, i2;",
    ]
    found = project(setup, *texts, version=version)
    assert [item.file for item in found] == [f"{number:02}_example.sql" for number in range(2, 15)]
    for item in found:
        assert item.changed, item.left
        assert item.proof == f"PostgreSQL {version}", (item.after.decode(), item.unproved)


def test_what_leaves_another_schema_is_put_back(project: Callable[..., list[FixedFile]]) -> None:
    # Nobody can foresee that the name which the rewrite writes out is taken.
    name = "(SELECT relname || '_total_check' FROM pg_class WHERE relname = 'orders')"
    hidden = f"EXECUTE format('ALTER TABLE orders ADD CONSTRAINT %I CHECK (id > 0)', {name})"
    setup = f"{SETUP} DO $$ BEGIN {hidden}; END $$;"
    (item,) = project(setup, "ALTER TABLE orders ADD CHECK (total > 0);")
    assert not item.changed
    assert not item.done
    assert "orders_total_check" in item.left[0].reason


def test_what_no_server_can_try_says_so(project: Callable[..., list[FixedFile]]) -> None:
    (item,) = project(
        SETUP, "ALTER TABLE orders ADD COLUMN s nowhere.type;\nCREATE INDEX idx_orders_note ON orders (note);"
    )
    assert item.changed
    assert not item.proof
    assert "cannot run the migration as it was" in item.unproved


def test_the_down_is_fixed_and_proved_too(project: Callable[..., list[FixedFile]]) -> None:
    (item,) = project(
        SETUP,
        "-- migrate:up\nCREATE INDEX idx_orders_note ON orders (note);\n-- migrate:down\nDROP INDEX idx_orders_note;\n",
    )
    assert item.after.decode().count("CONCURRENTLY") == 2
    assert item.proof


def test_cutting_a_fixed_migration_gives_the_segments_that_were_meant() -> None:
    made = fixed("ALTER TABLE orders ALTER note SET NOT NULL;")
    parts = cut(migration(made, "2"), Action.APPLY, POSTGRESQL)
    assert [len(part.statements) for part in parts] == [1, 1, 1, 1]
    assert all(part.transaction for part in parts)
