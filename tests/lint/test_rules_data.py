"""What may lose rows, or fail on those that are there: when it is said, and when it is not."""

import pytest
from proving import migration
from rule_findings import found, one, rules

from instar import dialects
from instar.catalog import Column, Schema, Table
from instar.effects import Effect
from instar.lint.engine import Linter
from instar.model import Severity

USERS = """CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255) NOT NULL, full_name text, active boolean);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total numeric(10,2));
CREATE INDEX idx_orders_user_id ON orders (user_id);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint REFERENCES orders (id));
"""
BULK = {"bulk-dml", "update-without-where", "delete-without-where"}


def loop(body: str, declare: str = "") -> str:
    head = f"DO $$\nDECLARE done integer; {declare}\nBEGIN\n    LOOP\n"
    return f"{head}{body}\n    EXIT WHEN done = 0;\n    END LOOP;\nEND $$;"


# Whole tables


@pytest.mark.parametrize("condition", ["", " WHERE true", " WHERE 1 = 1", " WHERE id = id", " WHERE email IS NOT NULL"])
def test_an_update_of_every_row_is_told_from_one_of_some(condition: str) -> None:
    finding = one("update-without-where", f"UPDATE users SET full_name = email{condition};", after=USERS)
    assert "full_name is overwritten in every row of users" in finding.message
    assert finding.message.startswith("this WHERE holds for every row") == bool(condition)


@pytest.mark.parametrize("condition", ["", " WHERE 2 > 1 OR true", " WHERE 'a' = 'a'"])
def test_a_delete_of_every_row_is_told_from_one_of_some(condition: str) -> None:
    assert "delete-without-where" in rules(f"DELETE FROM lines{condition};", after=USERS)


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE users SET full_name = 'Ann' WHERE id = 7;",
        "UPDATE users SET active = false WHERE email LIKE 'test%';",
        "UPDATE orders SET total = 0 WHERE id IN (1, 2, 3);",
        "UPDATE orders SET total = 0 WHERE id BETWEEN 1 AND 1000;",
        "DELETE FROM lines WHERE order_id = 5;",
        "DELETE FROM lines WHERE id < 100;",
        "DELETE FROM lines WHERE order_id IN (SELECT id FROM orders WHERE total = 0);",
    ],
)
def test_what_is_chosen_by_a_value_is_no_bulk(text: str) -> None:
    assert not rules(text, after=USERS) & BULK


def test_how_much_a_loose_condition_takes_is_not_known_without_the_catalog() -> None:
    finding = one("bulk-dml", "UPDATE users SET full_name = email WHERE full_name IS NULL;", after=USERS)
    assert finding.unknown == "how many rows of users match"
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(("rows", "expected"), [(50_000_000, True), (200, False), (0, False)])
def test_the_live_catalog_knows_how_large_the_table_is(rows: int, expected: bool) -> None:  # noqa: FBT001
    schema = dialects.load("postgresql").schema()
    columns = (Column("id", "int8", nullable=False), Column("full_name", "text"), Column("email", "text"))
    schema.put(Table("users", columns=columns, rows=rows))
    said = [
        item
        for item in found("UPDATE users SET full_name = email WHERE full_name IS NULL;", schema=schema)
        if item.rule == "bulk-dml"
    ]
    assert bool(said) == expected
    if expected:
        assert not said[0].unknown
        assert "50,000,000" in said[0].message


def test_filling_a_new_column_overwrites_nothing_but_is_bulk() -> None:
    text = "ALTER TABLE users ADD COLUMN country text;\nCOMMIT;\nUPDATE users SET country = 'nl';"
    assert rules(text, after=USERS) & BULK == {"bulk-dml"}


def test_rows_of_a_new_table_are_nobody_elses() -> None:
    text = """CREATE TABLE copies (id bigint PRIMARY KEY, email text);
INSERT INTO copies SELECT id, email FROM users;
UPDATE copies SET email = lower(email);
DELETE FROM copies;
TRUNCATE copies;
"""
    assert not rules(text, after=USERS) & {*BULK, "truncate", "insert-without-column-list"}


def test_truncate_cascade_names_every_table_that_it_empties() -> None:
    finding = one("truncate-cascade", "TRUNCATE users CASCADE;", after=USERS)
    assert finding.message.endswith("orders and lines")
    assert "TRUNCATE users, orders, lines" in finding.advice


def test_drop_cascade_names_what_goes_along() -> None:
    before = USERS + "CREATE VIEW totals AS SELECT total FROM orders;"
    finding = one("drop-cascade", "ALTER TABLE orders DROP COLUMN total CASCADE;", after=before)
    assert "totals" in finding.message
    assert "drop-cascade" in rules("-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABLE users CASCADE;", after=USERS)


def test_an_insert_that_names_its_columns_is_fine() -> None:
    assert "insert-without-column-list" in rules("INSERT INTO users SELECT 1, 'a', 'b', true;", after=USERS)
    finding = one("insert-without-column-list", "INSERT INTO users VALUES (1, 'a', 'b', true);", after=USERS)
    assert "INSERT INTO users (id, email, full_name, active)" in finding.advice
    assert "insert-without-column-list" not in rules("INSERT INTO users (id, email) VALUES (1, 'a');", after=USERS)
    assert "insert-without-column-list" not in rules("INSERT INTO users DEFAULT VALUES;", after=USERS)


def test_a_trigger_may_be_off_while_nobody_else_writes() -> None:
    before = USERS + (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"
        "CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();"
    )
    off, on = "ALTER TABLE users DISABLE TRIGGER touch;", "ALTER TABLE users ENABLE TRIGGER touch;"
    assert "disable-trigger" not in rules(f"{off}\nUPDATE users SET active = true WHERE id = 1;\n{on}", after=before)
    assert "disable-trigger" in rules(off, after=before)
    assert "disable-trigger" in rules(f"{off}\nCOMMIT;\n{on}", after=before)
    everything = f"{off.replace('touch', 'ALL')}\n{on.replace('touch', 'ALL')}"
    assert "no foreign key" in one("disable-trigger", everything, after=before).message


def test_foreign_keys_are_not_to_be_switched_off_for_the_session() -> None:
    assert "disable-trigger" in rules("SET session_replication_role = 'replica';")
    assert "disable-trigger" not in rules("SET search_path = app;")


def test_an_unlogged_table_may_be_a_station_on_the_way() -> None:
    text = "CREATE UNLOGGED TABLE staged (id bigint PRIMARY KEY);"
    assert "unlogged-table" in rules(text)
    assert "unlogged-table" not in rules(f"{text}\nALTER TABLE staged SET LOGGED;")
    assert "unlogged-table" not in rules(f"{text}\nDROP TABLE staged;")


# The way back


def test_a_missing_down_is_said_once_and_can_be_declared() -> None:
    text = "CREATE TABLE visits (id bigint PRIMARY KEY);\nCREATE TABLE pages (id bigint PRIMARY KEY);"
    assert [item.rule for item in found(text)].count("missing-down") == 1
    header = "-- /// migration\n-- reversible = false\n-- ///\n\n-- migrate:up\n"
    assert "missing-down" not in {item.rule for item in found(header + text)}


DOWNS = [
    ("CREATE TABLE visits (id bigint PRIMARY KEY);", "DROP TABLE visits;", ""),
    ("ALTER TABLE users ADD COLUMN bio text;", "ALTER TABLE users DROP COLUMN IF EXISTS bio;", ""),
    ("ALTER TABLE orders RENAME TO purchases;", "ALTER TABLE purchases RENAME TO orders;", ""),
    ("ALTER TABLE users RENAME COLUMN full_name TO name;", "ALTER TABLE users RENAME COLUMN name TO full_name;", ""),
    ("INSERT INTO users (id, email) VALUES (1, 'a');", "DELETE FROM users WHERE id = 1;", ""),
    ("CREATE INDEX idx_users_email ON users (email);", "DROP INDEX idx_users_email;", ""),
    ("SELECT 1;", "ALTER TABLE users DROP COLUMN full_name;", "loses users.full_name"),
    ("SELECT 1;", "DROP TABLE lines;", "loses the rows of lines"),
    ("SELECT 1;", "DELETE FROM lines;", "loses the rows of lines"),
    (
        "ALTER TABLE users DROP COLUMN full_name;",
        "ALTER TABLE users ADD COLUMN full_name text;",
        "brings users.full_name back empty",
    ),
    ("DROP TABLE lines;", "CREATE TABLE lines (id bigint PRIMARY KEY);", "brings lines back empty"),
]


@pytest.mark.parametrize(("up", "down", "said"), DOWNS)
def test_a_down_must_not_lose_what_up_did_not_make(up: str, down: str, said: str) -> None:
    text = f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n"
    if said:
        assert said in one("lossy-down", text, after=USERS).message
        declared = f"-- /// migration\n-- reversible = false\n-- ///\n\n{text}"
        assert "lossy-down" not in rules(declared, after=USERS)
    else:
        assert "lossy-down" not in rules(text, after=USERS)


def test_a_down_that_restores_from_a_copy_loses_nothing() -> None:
    text = """-- migrate:up
CREATE TABLE users_full_name AS SELECT id, full_name FROM users;
ALTER TABLE users DROP COLUMN full_name;
-- migrate:down
ALTER TABLE users ADD COLUMN full_name text;
UPDATE users SET full_name = kept.full_name FROM users_full_name AS kept WHERE kept.id = users.id;
DROP TABLE users_full_name;
"""
    assert "lossy-down" not in rules(text, after=USERS)


# What may fail on the rows that are there


def test_a_unique_index_comes_with_the_query_to_ask_before() -> None:
    text = "CREATE UNIQUE INDEX CONCURRENTLY uk_users_full_name ON users (full_name, active);"
    probe = (
        "SELECT full_name, active, count(*) FROM users WHERE full_name IS NOT NULL AND active IS NOT NULL "
        "GROUP BY full_name, active HAVING count(*) > 1 LIMIT 5;"
    )
    finding = one("add-unique-on-data", text, after=USERS)
    assert probe in finding.advice
    asked = f"-- migrate:before\n{probe}\n-- migrate:up\n{text}\n"
    assert "add-unique-on-data" not in rules(asked, after=USERS)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE UNIQUE INDEX uk_users_id_email ON users (id, email);",
        "CREATE INDEX idx_users_full_name ON users (full_name);",
        "CREATE TABLE visits (id bigint PRIMARY KEY, page text);\nCREATE UNIQUE INDEX uk_visits_page ON visits (page);",
    ],
)
def test_an_index_that_cannot_meet_duplicates_needs_no_query(text: str) -> None:
    assert "add-unique-on-data" not in rules(text, after=USERS)


@pytest.mark.parametrize(
    "text",
    [
        """UPDATE users SET full_name = '' WHERE full_name IS NULL;
ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
""",
        """ALTER TABLE users ADD CONSTRAINT chk_users_full_name CHECK (full_name IS NOT NULL) NOT VALID;
COMMIT;
ALTER TABLE users VALIDATE CONSTRAINT chk_users_full_name;
COMMIT;
ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
""",
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        """-- migrate:before
SELECT id FROM users WHERE full_name IS NULL LIMIT 5;
-- migrate:up
ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;
""",
    ],
)
def test_set_not_null_needs_no_query_where_it_is_proven(text: str) -> None:
    assert "set-not-null-on-data" not in rules(text, after=USERS)


def test_set_not_null_comes_with_the_query_to_ask_before() -> None:
    finding = one("set-not-null-on-data", "ALTER TABLE users ALTER COLUMN full_name SET NOT NULL;", after=USERS)
    assert "SELECT * FROM users WHERE full_name IS NULL LIMIT 5;" in finding.advice


def test_a_narrower_type_comes_with_the_query_to_ask_before() -> None:
    finding = one("narrow-type-on-data", "ALTER TABLE users ALTER COLUMN email TYPE varchar(50);", after=USERS)
    assert "SELECT email FROM users WHERE char_length(email) > 50 LIMIT 5;" in finding.advice


# Batches


def test_offset_over_a_shrinking_set_skips_rows() -> None:
    body = """        UPDATE users SET full_name = email WHERE id IN (
            SELECT id FROM users WHERE full_name IS NULL ORDER BY id LIMIT 100 OFFSET skip);
        GET DIAGNOSTICS done = ROW_COUNT;
        skip := skip + 100;
        COMMIT;"""
    finding = one("offset-batches", loop(body, "skip integer := 0;"), after=USERS)
    assert finding.severity is Severity.ERROR
    assert "skips rows of users" in finding.message
    assert "OFFSET skip" in finding.place.source


def test_offset_over_a_set_that_stays_is_only_slow() -> None:
    body = """        INSERT INTO lines (id) SELECT id FROM orders ORDER BY id LIMIT 100 OFFSET skip;
        GET DIAGNOSTICS done = ROW_COUNT;
        COMMIT;"""
    finding = one("offset-batches", loop(body, "skip integer := 0;"), after=USERS)
    assert finding.severity is Severity.WARNING
    assert "throws them away" in finding.message


def test_offset_that_looks_for_the_end_of_a_batch_is_fine() -> None:
    body = """        SELECT id INTO stop FROM users WHERE id > last ORDER BY id LIMIT 1 OFFSET 999;
        UPDATE users SET full_name = email WHERE id > last AND id <= stop;
        GET DIAGNOSTICS done = ROW_COUNT;
        last := stop;
        COMMIT;"""
    assert not rules(loop(body, "last bigint := 0; stop bigint;"), after=USERS) & {"offset-batches", *BULK}


def test_offset_outside_a_loop_is_fine() -> None:
    assert "offset-batches" not in rules(
        "DELETE FROM lines WHERE id IN (SELECT id FROM lines OFFSET 100);", after=USERS
    )


def test_a_batch_loop_must_commit() -> None:
    body = """        DELETE FROM lines WHERE id IN (SELECT id FROM lines WHERE order_id IS NULL LIMIT 1000);
        GET DIAGNOSTICS done = ROW_COUNT;"""
    finding = one("loop-without-commit", loop(body), after=USERS)
    assert "lines" in finding.message
    assert finding.place.line == 5
    assert "loop-without-commit" not in rules(loop(f"{body}\n        COMMIT;"), after=USERS)


def test_a_procedure_with_a_batch_loop_must_commit_too() -> None:
    text = """CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$
BEGIN
    FOR batch IN 1..100 LOOP
        UPDATE users SET full_name = email WHERE id BETWEEN batch * 1000 AND batch * 1000 + 999;
    END LOOP;
END $$;
"""
    assert "loop-without-commit" in rules(text, after=USERS)
    assert "loop-without-commit" not in rules(text.replace("PROCEDURE", "FUNCTION").replace(
        "tidy()", "tidy() RETURNS void"), after=USERS)  # fmt: skip


def test_a_loop_over_a_few_things_is_no_batch() -> None:
    body = "        INSERT INTO users (id, email) VALUES (done, 'a');\n        done := 0;"
    assert "loop-without-commit" not in rules(loop(body), after=USERS)


COPY = "INSERT INTO accounts (id, email) SELECT id, email FROM users{rest};"
TRIGGER = "CREATE TRIGGER carry AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION carry();"
CARRY = (
    USERS
    + """CREATE TABLE accounts (id bigint PRIMARY KEY, email text);
CREATE FUNCTION carry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts (id, email) VALUES (NEW.id, NEW.email);
    RETURN NULL;
END $$;
"""
)


def test_a_copy_before_its_trigger_misses_rows() -> None:
    finding = one("copy-races-trigger", f"{COPY.format(rest='')}\n{TRIGGER}", after=CARRY)
    assert "users" in finding.message
    assert "accounts" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        f"{TRIGGER}\n{COPY.format(rest=' ON CONFLICT DO NOTHING')}",
        f"LOCK TABLE users IN SHARE MODE;\n{COPY.format(rest='')}\n{TRIGGER}",
        f"INSERT INTO lines (id) SELECT id FROM users WHERE id = 3;\n{TRIGGER}",
    ],
)
def test_a_copy_behind_its_trigger_or_a_lock_misses_none(text: str) -> None:
    assert "copy-races-trigger" not in rules(text, after=CARRY)


def test_a_column_that_is_copied_before_its_trigger_misses_rows() -> None:
    text = """ALTER TABLE users ADD COLUMN name text;
CREATE FUNCTION name_of_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.name := NEW.full_name;
    RETURN NEW;
END $$;
COMMIT;
UPDATE users SET name = full_name WHERE id BETWEEN 1 AND 1000;
COMMIT;
CREATE TRIGGER name_of_users BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION name_of_users();
"""
    assert "copy-races-trigger" in rules(text, after=USERS)


def test_sql_that_is_a_constant_is_not_dynamic() -> None:
    assert "dynamic-sql" not in rules("DO $$ BEGIN EXECUTE 'ANALYZE users'; END $$;", after=USERS)
    text = "DO $$\nDECLARE gone text := 'users';\nBEGIN\n    EXECUTE 'DROP TABLE ' || gone;\nEND $$;"
    assert one("dynamic-sql", text, after=USERS).place.line == 4


def test_parts_of_an_array_may_be_set_one_by_one() -> None:
    assert "duplicate-assignment" not in rules("UPDATE lines SET a[1] = 1, a[2] = 2 WHERE id = 1;")
    assert "duplicate-assignment" in rules("UPDATE orders SET total = 1, total = 2 WHERE id = 1;", after=USERS)


def test_rows_that_stand_in_the_statement_are_few() -> None:
    text = "UPDATE users SET full_name = v.name FROM (VALUES (1, 'a'), (2, 'b')) AS v (id, name) WHERE users.id = v.id;"
    assert not rules(text, after=USERS) & BULK


def test_a_loop_that_changes_row_by_row_must_commit_too() -> None:
    text = """DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT id FROM users LOOP
        UPDATE users SET full_name = email WHERE id = r.id;
    END LOOP;
END $$;
"""
    assert "loop-without-commit" in rules(text, after=USERS)
    assert "loop-without-commit" not in rules(text.replace("FROM users LOOP", "FROM orders LOOP"), after=USERS)


def test_a_file_of_many_statements_is_analysed_once_ahead() -> None:
    text = "\n".join(f"DROP VIEW IF EXISTS view_{number};" for number in range(300))
    calls = []
    engine = dialects.load("postgresql")

    class Counting(type(engine)):  # type: ignore[misc]
        def analyse(self, text: str, schema: Schema) -> Effect:
            calls.append(text)
            return super().analyse(text, schema)  # type: ignore[no-any-return]

    linter = Linter(Counting(), engine.schema())
    list(linter.judge([migration(text, "1")]))
    assert len(calls) <= 2 * 300


def test_offset_batches_are_found_in_a_procedure_that_is_only_created() -> None:
    text = """CREATE PROCEDURE fill(skip integer) LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        DELETE FROM lines WHERE id IN (SELECT id FROM lines ORDER BY id LIMIT 100 OFFSET skip);
        EXIT WHEN NOT FOUND;
        skip := skip + 100;
        COMMIT;
    END LOOP;
END $$;
"""
    assert one("offset-batches", text, after=USERS).place.line == 4


def test_a_column_that_is_added_empty_cannot_be_made_not_null() -> None:
    added = "ALTER TABLE users ADD COLUMN country text{};\nALTER TABLE users ALTER COLUMN country SET NOT NULL;"
    finding = one("set-not-null-on-data", added.format(""), after=USERS)
    assert finding.severity is Severity.ERROR
    assert finding.message == "every row of users has NULL in country, which this migration adds"
    assert "set-not-null-on-data" not in rules(added.format(" DEFAULT 'CH'"), after=USERS)
