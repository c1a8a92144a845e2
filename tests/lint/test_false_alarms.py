"""What real histories hold and a linter must not cry about, and what it says of what cannot be judged as it stands."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec.structs import replace
from proving import migration
from rule_findings import found, one, rules

from instar import dialects
from instar.catalog import Column, Schema, Table
from instar.lint import engine
from instar.lint.engine import Linter
from instar.lint.look import Look, Options
from instar.lint.rule import Rule
from instar.linting import chosen
from instar.model import Finding, MigrationKind, Severity

ORDERS = """CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, note text);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
CREATE INDEX idx_orders_note ON orders (note);
"""


def test_statements_beside_a_refused_one_are_judged() -> None:
    text = """BEGIN;
CREATE INDEX CONCURRENTLY idx_orders_id_note ON orders (id, note);
ALTER TABLE orders ADD CONSTRAINT chk_orders_note CHECK (note <> '');
COMMIT;
"""
    finding = one("unreadable", text, after=ORDERS)
    assert finding.message == "this statement cannot run inside the transaction that began on line 1"
    assert finding.place.line == 2
    assert {"add-check-valid"} <= rules(text, after=ORDERS)


def test_a_rollback_or_a_lonely_begin_is_told_beside_the_rest() -> None:
    for border in ("ROLLBACK;", "BEGIN;"):
        text = f"CREATE INDEX idx_orders_id_note ON orders (id, note);\n{border}\n"
        assert {"unreadable", "idx-not-concurrent"} <= rules(text, after=ORDERS)


def test_a_rule_that_stumbles_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(look: Look) -> Iterator[Finding]:
        raise KeyError(look.name())

    broken = cast("Rule", SimpleNamespace(GROUP="data", SEVERITY=Severity.INFO, DIALECTS=("postgresql",),
                                          ON=("create index",), check=check))  # fmt: skip
    known = {**engine.catalogue(), "broken": broken}
    monkeypatch.setattr(engine, "catalogue", lambda: known)

    text = "CREATE INDEX idx_orders_id_note ON orders (id, note);"
    finding = one("unreadable", text, after=ORDERS)
    assert finding.message == "the rule broken stumbled over this: KeyError: 'orders'"
    assert finding.severity is Severity.ERROR
    assert "idx-not-concurrent" in rules(text, after=ORDERS)


def test_what_no_migration_of_a_project_has_is_said_once() -> None:
    project = [migration(f"CREATE TABLE t{number} (id bigint PRIMARY KEY);", f"2024010{number}") for number in range(5)]
    first = chosen.forward(project)
    assert first == project[0].version
    linter = Linter(dialects.load("postgresql"), dialects.load("postgresql").schema(), Options(forward=first))
    missing = [item for each in linter.judge(project) for item in each.findings if item.rule == "missing-down"]
    assert [item.version for item in missing] == [first]
    assert "nor any other" in missing[0].message

    undone = migration("-- migrate:up\nCREATE TABLE u (id int);\n-- migrate:down\nDROP TABLE u;\n", "20240109")
    assert chosen.forward([*project, undone]) == ""
    assert chosen.forward(project[:2]) == ""


def test_an_index_in_a_down_weighs_less() -> None:
    drop = """-- migrate:up
CREATE INDEX CONCURRENTLY idx_orders_id_note ON orders (id, note);
-- migrate:down
DROP INDEX idx_orders_id_note;
"""
    assert one("idx-drop-not-concurrent", drop, after=ORDERS).severity is Severity.INFO
    build = """-- migrate:up
DROP INDEX CONCURRENTLY idx_orders_note;
-- migrate:down
CREATE INDEX idx_orders_note ON orders (note);
"""
    assert one("idx-not-concurrent", build, after=ORDERS).severity is Severity.WARNING


def test_an_index_may_go_where_the_transaction_has_closed_the_table_already() -> None:
    text = "ALTER TABLE orders ADD COLUMN total numeric(10,2);\nDROP INDEX idx_orders_note;\n"
    assert "idx-drop-not-concurrent" not in rules(text, after=ORDERS)
    both = "DROP INDEX idx_orders_customer_id;\nDROP INDEX idx_orders_note;\n"
    assert [item.rule for item in found(both, after=ORDERS)].count("idx-drop-not-concurrent") == 2


def test_a_key_over_a_domain_of_the_same_type_fits() -> None:
    domains = "CREATE DOMAIN public_id AS text CHECK (length(VALUE) > 9);\n"
    tables = "CREATE TABLE keys (id public_id PRIMARY KEY);\n"
    same = "CREATE TABLE locks (id bigint PRIMARY KEY, key_id text REFERENCES keys (id));"
    other = "CREATE TABLE locks (id bigint PRIMARY KEY, key_id bigint REFERENCES keys (id));"
    assert "fk-type-mismatch" not in rules(same, after=domains + tables)
    assert "fk-type-mismatch" in rules(other, after=domains + tables)


def test_a_primary_key_in_another_order_keeps_the_same_rows_apart() -> None:
    likes = "CREATE TABLE likes (user_id bigint, post_id bigint, CONSTRAINT pk_likes PRIMARY KEY (user_id, post_id));"
    text = "ALTER TABLE likes DROP CONSTRAINT pk_likes, ADD PRIMARY KEY (post_id, user_id);"
    assert "drop-constraint" not in rules(text, after=likes)
    assert "drop-constraint" in rules("ALTER TABLE likes DROP CONSTRAINT pk_likes;", after=likes)


def test_an_index_follows_its_renamed_column() -> None:
    text = """ALTER TABLE orders RENAME COLUMN note TO old_note;
ALTER TABLE orders ADD COLUMN note varchar(500);
ALTER INDEX idx_orders_note RENAME TO idx_orders_old_note;
CREATE INDEX CONCURRENTLY idx_orders_note ON orders (note);
"""
    assert "duplicate-index" not in rules(text, after=ORDERS)


def test_a_function_of_a_trigger_is_nobodys_to_call() -> None:
    functions = """CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.note := 'x'; RETURN NEW; END $$;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
"""
    assert "drop-object" not in rules("DROP FUNCTION stamp();", after=ORDERS + functions)
    assert "drop-object" in rules("DROP FUNCTION total();", after=ORDERS + functions)


def test_a_drop_of_several_things_is_one_finding() -> None:
    views = "".join(f"CREATE VIEW v{number} AS SELECT id FROM orders;\n" for number in range(5))
    text = "DROP VIEW v0, v1, v2, v3, v4 CASCADE;"
    assert "views v0, v1, v2 and 2 more" in one("drop-cascade", text, after=ORDERS + views).message
    assert "views v0, v1, v2 and 2 more" in one("drop-object", text, after=ORDERS + views).message


def test_a_long_name_may_be_dropped() -> None:
    assert "identifier-too-long" not in rules(f"DROP INDEX idx_orders_{'x' * 60};", after=ORDERS)


def test_a_column_that_the_down_puts_another_in_the_place_of_is_not_lost() -> None:
    text = """-- migrate:up
ALTER TABLE orders ALTER COLUMN note TYPE varchar(500);
-- migrate:down
ALTER TABLE orders ADD COLUMN note_new text;
UPDATE orders SET note_new = note WHERE id > 0;
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE orders RENAME COLUMN note_new TO note;
"""
    assert "lossy-down" not in rules(text, after=ORDERS)


def test_rows_of_the_servers_own_catalog_are_few() -> None:
    text = "ALTER TABLE orders ADD COLUMN total numeric(10,2);\nUPDATE pg_index SET indisready = true;\n"
    assert "work-after-lock" not in rules(text, after=ORDERS)


def test_a_statement_is_called_by_what_it_does() -> None:
    text = """ALTER TABLE orders ADD COLUMN total numeric(10,2);
WITH sums AS (SELECT 1 AS sum) UPDATE orders SET total = sums.sum FROM sums;
"""
    assert one("work-after-lock", text, after=ORDERS).advice == "run UPDATE in a transaction of its own"


def test_what_is_no_noun_has_no_plural() -> None:
    assert "naming-table" not in rules("CREATE TABLE worker_auth_authorized (id bigint PRIMARY KEY);")
    assert "naming-table" in rules("CREATE TABLE news_feed (id bigint PRIMARY KEY);")


def test_a_table_that_is_built_anew_is_not_affected_under_its_passing_name() -> None:
    text = """-- /// migration
-- affected_tables = ["orders"]
-- ///
CREATE TABLE orders_new (id bigint PRIMARY KEY, note text);
INSERT INTO orders_new SELECT id, note FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
"""
    assert "header-tables" not in rules(text, after=ORDERS)


def _live(*tables: Table) -> Schema:
    schema = Schema(complete=True, live=True)
    for table in tables:
        schema.put(table)
    return schema


def _users() -> Table:
    return Table("users", columns=(Column("id", "int8"), Column("email", "text")), rows=5e5, size=5 * 10**7)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("ALTER TABLE usres ADD COLUMN phone text;", 13),
        ("CREATE INDEX CONCURRENTLY idx_usres_email ON usres (email);", 46),
        ("UPDATE usres SET email = '' WHERE id = 1;", 8),
    ],
)
def test_a_relation_that_the_live_catalog_does_not_have_is_told(text: str, column: int) -> None:
    finding = one("refused", text, schema=_live(_users()))
    assert finding.severity is Severity.ERROR
    assert finding.message == 'the server refuses this statement: relation "usres" does not exist'
    assert finding.place.column == column
    assert "refused" not in rules(text)
    made = "DO $$ BEGIN EXECUTE 'CREATE TABLE ' || 'usres (id int, email text)'; END $$;"
    assert "refused" not in rules(f"{made}\n{text}", schema=_live(_users()))


def test_the_servers_own_relations_are_not_missed() -> None:
    assert "refused" not in rules("DELETE FROM pg_catalog.pg_description WHERE false;", schema=_live(_users()))


def test_what_is_no_sql_is_told_once() -> None:
    assert "refused" not in rules("ALTER TABLE orders ADD COLUM sent date;", after=ORDERS)
    lite = rules("ALTER TABLE orders ALTER COLUMN note TYPE int;", after=ORDERS, dialect="sqlite")
    assert "lite-alter-refused" in lite
    assert "unreadable" not in lite


def test_a_unique_index_that_no_foreign_key_goes_by_is_needed_by_none() -> None:
    tables = """CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE UNIQUE INDEX uk_users_email ON users (email);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
"""
    by_email = "CREATE TABLE logins (id bigint PRIMARY KEY, email text REFERENCES users (email));\n"
    text = "DROP INDEX CONCURRENTLY uk_users_email;"
    assert "needs it" not in one("drop-constraint", text, after=tables).why
    assert one("drop-constraint", text, after=tables + by_email).why.endswith("; logins needs it")


@pytest.mark.parametrize("dialect", ["sqlite", "mariadb"])
def test_a_down_sees_what_its_own_statements_did_before(dialect: str) -> None:
    drop = "DROP INDEX idx_orders_code;" if dialect == "sqlite" else "DROP INDEX idx_orders_code ON orders;"
    text = f"""-- migrate:up
ALTER TABLE orders ADD COLUMN code varchar(20);
CREATE INDEX idx_orders_code ON orders (code);
-- migrate:down
{drop}
ALTER TABLE orders DROP COLUMN code;
"""
    after = "CREATE TABLE orders (id integer PRIMARY KEY, note varchar(50));"
    assert not {item.rule for item in found(text, after=after, dialect=dialect) if item.severity is Severity.ERROR}


def test_what_a_down_does_is_not_known_after_it() -> None:
    first = migration(
        "-- migrate:up\nCREATE TABLE notes (id bigint PRIMARY KEY);\nCREATE INDEX idx_notes_id ON notes (id);\n"
        "-- migrate:down\nDROP INDEX idx_notes_id;\nDROP TABLE notes;\n",
        "1",
    )
    schema = dialects.load("postgresql").schema()
    list(Linter(dialects.load("postgresql"), schema).judge([first]))
    assert schema.known("notes").complete
    assert schema.owner("idx_notes_id") == "notes"


def test_the_index_of_a_foreign_key_may_come_later_in_the_release() -> None:
    linter = Linter(dialects.load("postgresql"), dialects.load("postgresql").schema())
    key = "ALTER TABLE orders ADD CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;"
    release = [
        migration(key, "2"),
        migration("CREATE INDEX CONCURRENTLY idx_orders_user_id ON orders (user_id);", "3"),
    ]
    first = migration("CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (user_id bigint);", "1")
    judged = list(linter.judge([first, *release], wanted={item.version for item in release}))
    assert "fk-without-index" not in {item.rule for each in judged for item in each.findings}
    assert "fk-without-index" in rules(key, after=first.up[0].text)
    validate = "ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_user_id;"
    assert "fk-without-index" not in rules(validate, after=f"{first.up[0].text}\n{key}")


def test_a_name_that_the_server_would_choose_may_be_written_out() -> None:
    named = "ALTER TABLE orders ADD CONSTRAINT {} CHECK (note <> '') NOT VALID;"
    assert "naming-constraint" not in rules(named.format("orders_note_check"), after=ORDERS)
    assert "naming-constraint" in rules(named.format("note_is_good"), after=ORDERS)


def test_constraints_are_not_to_be_joined_without_not_valid() -> None:
    text = """ALTER TABLE orders ADD CONSTRAINT fk_orders_customer_id FOREIGN KEY (customer_id) REFERENCES orders (id);
ALTER TABLE orders ADD CONSTRAINT chk_orders_note CHECK (note <> '');
"""
    found_here = rules(text, after=ORDERS)
    assert "add-fk-valid" in found_here
    assert "multiple-alter" not in found_here


def test_a_unique_expression_gets_its_probe() -> None:
    text = (
        "CREATE UNIQUE INDEX CONCURRENTLY uk_orders_note_lower ON orders (lower(note) text_pattern_ops, customer_id);"
    )
    finding = one("add-unique-on-data", text, after=ORDERS)
    assert finding.advice.endswith(
        "SELECT lower(note), customer_id, count(*) FROM orders "
        "WHERE lower(note) IS NOT NULL AND customer_id IS NOT NULL "
        "GROUP BY lower(note), customer_id HAVING count(*) > 1 LIMIT 5;"
    )
    checked = f"-- migrate:before\nSELECT lower(note), customer_id FROM orders;\n-- migrate:up\n{text}"
    assert "add-unique-on-data" not in rules(checked, after=ORDERS)


TRIGGERS = f"""{ORDERS}
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamp_orders BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
"""


def test_a_change_of_triggers_is_told_where_it_takes_the_lock_and_not_again() -> None:
    text = """ALTER TABLE orders DISABLE TRIGGER stamp_orders;
UPDATE orders SET note = '';
ALTER TABLE orders ENABLE TRIGGER stamp_orders;
UPDATE orders SET customer_id = 1;
"""
    assert one("trigger-ddl", text, after=TRIGGERS).place.line == 1


def test_a_change_of_triggers_that_needs_a_stronger_lock_is_told_again() -> None:
    text = """ALTER TABLE orders DISABLE TRIGGER stamp_orders;
DROP TRIGGER stamp_orders ON orders;
UPDATE orders SET note = '';
"""
    assert [item.place.line for item in found(text, after=TRIGGERS) if item.rule == "trigger-ddl"] == [1, 2]


def test_a_commit_lets_the_lock_of_a_trigger_go() -> None:
    text = """ALTER TABLE orders DISABLE TRIGGER stamp_orders;
BEGIN;
ALTER TABLE orders ENABLE TRIGGER stamp_orders;
UPDATE orders SET note = '';
COMMIT;
"""
    assert one("trigger-ddl", text, after=TRIGGERS).place.line == 3


def test_a_table_that_the_live_catalog_does_not_have_is_dropped_by_nobody() -> None:
    text = "DROP TABLE IF EXISTS invoices;"
    assert "drop-table" not in rules(text, schema=_live(_users()))
    assert "drop-table" in rules("DROP TABLE IF EXISTS users;", schema=_live(_users()))
    assert "drop-table" in rules(text, after=ORDERS)


OLD_NAMES = """CREATE TABLE "Item" (id bigint PRIMARY KEY, "itemNo" int, CONSTRAINT positive CHECK (id > 0));
CREATE INDEX by_number ON "Item" ("itemNo");
"""


@pytest.mark.parametrize(
    "text",
    [
        'DROP INDEX by_number;\nCREATE INDEX by_number ON "Item" ("itemNo", id);',
        'ALTER TABLE "Item" DROP CONSTRAINT positive;\nALTER TABLE "Item" ADD CONSTRAINT positive CHECK (id > 1);',
        'ALTER TABLE "Item" DROP COLUMN "itemNo";\nALTER TABLE "Item" ADD COLUMN "itemNo" bigint;',
        'DROP TABLE "Item";\nCREATE TABLE "Item" (id bigint PRIMARY KEY, "itemNo" bigint);',
        'CREATE TABLE items_new (id bigint PRIMARY KEY);\nDROP TABLE "Item";\nALTER TABLE items_new RENAME TO "Item";',
    ],
)
def test_what_is_made_anew_keeps_its_name(text: str) -> None:
    assert not {name for name in rules(text, after=OLD_NAMES) if name.startswith("naming-")} - {"naming-file"}
    renamed = text.replace("by_number ON", "by_no ON").replace("ADD CONSTRAINT positive", "ADD CONSTRAINT above")
    renamed = renamed.replace('ADD COLUMN "itemNo"', 'ADD COLUMN "itemNumber"').replace('TO "Item"', 'TO "Items"')
    renamed = renamed.replace('CREATE TABLE "Item"', 'CREATE TABLE "Items"')
    assert {name for name in rules(renamed, after=OLD_NAMES) if name.startswith("naming-")} - {"naming-file"}


def test_a_new_name_is_told_though_the_migration_comes_back_to_its_table() -> None:
    text = 'CREATE TABLE "Item" (id bigint PRIMARY KEY, "itemNo" int);\nALTER TABLE "Item" ADD COLUMN note text;'
    assert {"naming-table", "naming-column"} <= rules(text)


def test_a_baseline_makes_again_what_the_versions_before_it_have_made() -> None:
    engine_ = dialects.load("postgresql")
    again = replace(migration(ORDERS, "2"), kind=MigrationKind.BASELINE)
    judged = list(Linter(engine_, engine_.schema()).judge([migration(ORDERS, "1"), again]))
    assert "refused" not in {item.rule for each in judged for item in each.findings}
    assert judged[1].risk is not None
    assert "refused" not in {reason.hazard for reason in judged[1].risk.reasons}
    assert "refused" in rules(ORDERS, after=ORDERS)
