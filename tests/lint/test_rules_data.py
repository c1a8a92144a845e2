"""What may lose rows, or fail on those that are there: when it is said, and when it is not."""

import pytest
from msgspec.structs import replace
from proving import migration
from rule_findings import found, one, rules

from instar import dialects
from instar.catalog import Column, Schema, Table
from instar.effects import Effect
from instar.lint.engine import Linter
from instar.lint.look import Options
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
    assert finding.severity is Severity.WARNING


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


def test_a_down_that_restores_a_backup_loses_nothing() -> None:
    text = """-- migrate:up
-- instar:backup table=users columns={columns}
ALTER TABLE users DROP COLUMN full_name;
-- migrate:down
ALTER TABLE users ADD COLUMN full_name text;
{restore}
"""
    kept = text.format(columns="full_name", restore="-- instar:restore")
    assert "lossy-down" not in rules(kept, after=USERS)
    assert "lossy-down" in rules(kept.replace("columns=full_name", "columns=email"), after=USERS)
    assert "lossy-down" in rules(text.format(columns="full_name", restore=""), after=USERS)


def test_what_a_down_loses_is_said_once() -> None:
    text = """-- migrate:up
ALTER TABLE users DROP COLUMN full_name;
ALTER TABLE orders DROP COLUMN user_id;
DROP TABLE lines;
-- migrate:down
ALTER TABLE users ADD COLUMN full_name text;
ALTER TABLE orders ADD COLUMN user_id bigint;
CREATE TABLE lines (id bigint PRIMARY KEY);
"""
    finding = one("lossy-down", text, after=USERS)
    assert finding.message.startswith(
        "the down brings users.full_name, orders.user_id and lines back empty: their data"
    )
    gone = one(
        "lossy-down", "-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABLE lines;\nDELETE FROM orders;\n", after=USERS
    )
    assert "loses the rows of lines and the rows of orders" in gone.message


def test_a_key_that_the_server_numbers_anew_is_not_lost_where_nobody_pointed_at_it() -> None:
    def text(table: str, column: str) -> str:
        up = f"ALTER TABLE {table} DROP COLUMN id CASCADE;"
        return f"-- migrate:up\n{up}\n-- migrate:down\nALTER TABLE {table} ADD COLUMN id {column};\n"

    tables = """CREATE TABLE users (id bigserial PRIMARY KEY, email text);
CREATE TABLE logins (id bigserial PRIMARY KEY, user_id bigint REFERENCES users (id));
"""
    for column in ("bigserial PRIMARY KEY", "bigint GENERATED ALWAYS AS IDENTITY", "uuid DEFAULT gen_random_uuid()"):
        assert "lossy-down" not in rules(text("logins", column), after=tables)
        assert "lossy-down" in rules(text("users", column), after=tables)
    assert "lossy-down" in rules(text("logins", "bigint DEFAULT 1"), after=tables)


def test_a_down_may_fill_one_column_after_another() -> None:
    text = """-- migrate:up
ALTER TABLE users DROP COLUMN full_name;
-- migrate:down
ALTER TABLE users ADD COLUMN full_name text, ADD COLUMN short text;
UPDATE users SET short = email;
UPDATE users SET (full_name, short) = (email, '');
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


CUSTOMERS = "CREATE TABLE customers (id bigint PRIMARY KEY, email text);\n"
MANY_ORDERS = """CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, status text);
CREATE UNIQUE INDEX uk_orders_code ON orders (customer_id, status);
"""


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_another_table_without_a_where_chooses_nothing(dialect: str) -> None:
    after = CUSTOMERS + MANY_ORDERS
    update = "UPDATE orders SET status = 'x' FROM customers"
    assert "update-without-where" in rules(f"{update};", after=after, dialect=dialect)
    assert "update-without-where" in rules(f"{update} WHERE true;", after=after, dialect=dialect)
    for chosen in (f"{update} c WHERE c.id = orders.customer_id;", f"{update} WHERE customers.id IS NOT NULL;"):
        assert "update-without-where" not in rules(chosen, after=after, dialect=dialect)


def test_a_join_chooses_where_an_engine_has_one_there() -> None:
    after = CUSTOMERS + MANY_ORDERS
    assert "delete-without-where" in rules("DELETE FROM orders USING customers;", after=after)
    joined = "DELETE o FROM orders o JOIN customers c ON c.id = o.customer_id;"
    assert "delete-without-where" not in rules(joined, after=after, dialect="mariadb")
    joined = "UPDATE orders o JOIN customers c ON c.id = o.customer_id SET o.status = 'x';"
    assert "update-without-where" not in rules(joined, after=after, dialect="mariadb")
    assert "update-without-where" in rules("UPDATE orders, customers SET status = 'x';", after=after, dialect="mariadb")


def _large() -> Schema:
    schema = dialects.load("postgresql").schema()
    for text in (CUSTOMERS + MANY_ORDERS).split(";\n")[:-1]:
        dialects.load("postgresql").learn(dialects.load("postgresql").analyse(text, schema), schema, "1")
    made = Schema(complete=True, live=True)
    for table in schema.tables.values():
        made.put(replace(table, created="", rows=1e6, size=10**8))
    return made


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("DELETE FROM orders WHERE id > 10;", True),
        ("UPDATE orders SET status = 'done' WHERE status = 'new';", True),
        ("UPDATE orders SET status = 'done' WHERE id = 3 OR status = 'new';", True),
        ("DELETE FROM orders WHERE id IN (SELECT id FROM orders);", False),
        ("MERGE INTO orders o USING customers c ON c.id = o.customer_id WHEN MATCHED THEN DELETE;", False),
    ],
)
def test_what_a_large_table_loses_is_told_even_where_a_value_chooses(text: str, unknown: bool) -> None:  # noqa: FBT001
    finding = one("bulk-dml", text, schema=_large())
    assert finding.unknown == ("how many rows of orders match" if unknown else "")
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM orders WHERE id = 10;",
        "DELETE FROM orders WHERE id IN (1, 2, 3);",
        "DELETE FROM orders WHERE id = 1 OR id = 2;",
        "DELETE FROM orders WHERE 10 = id;",
        "UPDATE orders SET status = 'x' WHERE customer_id = 3 AND status = 'new';",
        "UPDATE orders SET status = 'x' WHERE id BETWEEN 1 AND 1000;",
        "UPDATE orders SET status = 'x' WHERE id >= 1 AND id < 1000;",
        "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE status = '' ORDER BY id LIMIT 1000);",
        "MERGE INTO orders o USING customers c ON c.id = o.id WHEN NOT MATCHED THEN INSERT (id) VALUES (c.id);",
        "MERGE INTO orders o USING (VALUES (1, 'x')) v (id, s) ON v.id = o.id WHEN MATCHED THEN UPDATE SET status = s;",
    ],
)
def test_few_rows_of_a_large_table_are_fine(text: str) -> None:
    assert not rules(text, schema=_large()) & {"bulk-dml", "update-without-where", "delete-without-where"}


def test_what_is_not_known_weighs_what_it_would_be_at_worst() -> None:
    finding = one("bulk-dml", "DELETE FROM orders WHERE id IN (SELECT id FROM orders);", after=MANY_ORDERS)
    assert (finding.severity, bool(finding.unknown)) == (Severity.WARNING, True)
    stamps = "CREATE TABLE visits (id bigint PRIMARY KEY, at timestamptz);"
    finding = one("alter-type-rewrite", "ALTER TABLE visits ALTER COLUMN at TYPE timestamp;", after=stamps)
    assert (finding.severity, bool(finding.unknown)) == (Severity.ERROR, True)


COPIED = "CREATE TABLE orders_copy AS TABLE orders;\nDROP TABLE orders;\nALTER TABLE orders_copy RENAME TO orders;\n"


def test_a_copy_in_the_place_of_a_table_lacks_what_is_not_copied() -> None:
    after = CUSTOMERS + MANY_ORDERS
    assert one("drop-table", COPIED, after=after).message == (
        "orders comes back as a copy without its primary key and indexes"
    )
    again = "ALTER TABLE orders ADD PRIMARY KEY (id);\nCREATE INDEX idx_orders_code ON orders (customer_id);\n"
    assert "drop-table" not in rules(COPIED + again, after=after)
    assert "drop-table" not in rules(COPIED, after="CREATE TABLE orders (id bigint, note text);")


def test_a_narrower_type_is_told_once() -> None:
    after = "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(50));"
    finding = one("narrow-type", "ALTER TABLE orders MODIFY note VARCHAR(20);", after=after, dialect="mariadb")
    assert "NOT VALID" not in finding.advice
    assert "NOT VALID" in one("narrow-type", "ALTER TABLE orders ALTER note TYPE varchar(20);", after=after).advice


def test_a_renamed_value_of_an_enum_is_named_with_its_type() -> None:
    text = "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';"
    message = one("rename-object", text, after="CREATE TYPE mood AS ENUM ('sad', 'ok');").message
    assert message == "the released application asks for 'sad' of mood, which is 'blue' from now on"


@pytest.mark.parametrize("reversible", ["", "true"])
def test_an_empty_down_is_none(reversible: str) -> None:
    header = f"-- /// migration\n-- reversible = {reversible}\n-- ///\n" if reversible else ""
    made = f"{header}-- migrate:up\nCREATE TABLE notes (id bigint PRIMARY KEY);\n-- migrate:down\n"
    assert one("missing-down", made).message == "the down of example is empty"
    assert ("header-reversible" in rules(made)) is bool(reversible)
    assert "missing-down" not in {item.rule for item in found(made + "DROP TABLE notes;\n")}
    nothing = f"{header}-- migrate:up\nANALYZE;\n-- migrate:down\n-- nothing to take back\n"
    assert "missing-down" not in {item.rule for item in found(nothing)}


def test_an_empty_list_of_tables_is_a_claim() -> None:
    header = "-- /// migration\n-- affected_tables = []\n-- ///\n"
    text = "ALTER TABLE orders ADD COLUMN note text;"
    assert one("header-tables", header + text, after=MANY_ORDERS).message == "affected_tables does not name orders"
    assert "header-tables" not in rules(header + "SELECT 1;", after=MANY_ORDERS)
    assert "header-tables" not in rules(text, after=MANY_ORDERS)


@pytest.mark.parametrize(
    ("column", "left"),
    [
        ("ref bigint NOT NULL REFERENCES customers (id)", "ref bigint REFERENCES customers (id)"),
        ('code text COLLATE "C" NOT NULL CHECK (code IS NOT NULL)', 'code text COLLATE "C" CHECK (code IS NOT NULL)'),
        ("code text CONSTRAINT filled NOT NULL UNIQUE", "code text UNIQUE"),
    ],
)
def test_the_rewrite_of_a_required_column_keeps_all_but_not_null(column: str, left: str) -> None:
    finding = one("add-required-column", f"ALTER TABLE orders ADD COLUMN {column};", after=CUSTOMERS + MANY_ORDERS)
    assert finding.fix is not None
    assert finding.fix.sql.startswith(f"ALTER TABLE orders ADD COLUMN {left};\n")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (13, "ALTER TABLE orders DETACH PARTITION p CONCURRENTLY;"),
        (14, "ALTER TABLE orders SET ACCESS METHOD heap;"),
        (17, "ALTER TABLE orders ADD COLUMN d text GENERATED ALWAYS AS (status) VIRTUAL;"),
        (17, "CREATE TABLE one (a int, b int GENERATED ALWAYS AS (a) VIRTUAL);"),
        (14, "CREATE UNIQUE INDEX CONCURRENTLY uk_orders_status ON orders (status) NULLS NOT DISTINCT;"),
        (14, "ALTER TABLE orders ADD CONSTRAINT uk_orders_status UNIQUE NULLS NOT DISTINCT (status);"),
        (14, "MERGE INTO orders o USING customers c ON c.id = o.id WHEN MATCHED THEN DO NOTHING;"),
        (11, "REINDEX TABLE CONCURRENTLY orders;"),
    ],
)
def test_what_came_with_a_later_server_is_refused(version: int, text: str) -> None:
    def refused(version: int) -> list[str]:
        engine = dialects.load("postgresql")
        linter = Linter(engine, engine.schema(), Options(version=version))
        asked = [migration(CUSTOMERS + MANY_ORDERS, "1"), migration(text, "2")]
        judged = linter.judge(asked, wanted={"2"})
        return [item.message for each in judged for item in each.findings if item.rule == "refused"]

    assert f"PostgreSQL {version} does not know" in refused(version)[0]
    assert not refused(version + 1)
    assert not refused(0)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("sqlite", "CREATE TABL x (id int);"),
        ("sqlite", "SELEC 1;"),
        ("mariadb", "CREATE TABL x (id int);"),
        ("mariadb", "SELEC 1;"),
        ("mysql", "DROP TABEL x;"),
    ],
)
def test_what_no_statement_begins_with_is_no_sql(dialect: str, text: str) -> None:
    assert "syntax error" in one("unreadable", text, dialect=dialect).message


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("sqlite", "SELECT * FROM nope;"),
        ("sqlite", "PRAGMA foreign_keys = ON;"),
        ("sqlite", "EXPLAIN SELECT 1;"),
        ("sqlite", "INSERT INTO nope VALUES (:a, ?);"),
        ("sqlite", "CREATE TRIGGER t AFTER INSERT ON nope BEGIN SELECT 1; SELECT 2; END;"),
        ("sqlite", "VACUUM;"),
        ("mariadb", "SET STATEMENT max_statement_time = 1 FOR SELECT 1;"),
        ("mariadb", "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT 1;"),
        ("mariadb", "CREATE DEFINER = CURRENT_USER TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1;"),
        ("mysql", "(SELECT 1) UNION (SELECT 2);"),
        ("mysql", "FLUSH TABLES;"),
        ("mysql", "ALTER DATABASE CHARACTER SET utf8mb4;"),
    ],
)
def test_every_other_statement_is_read(dialect: str, text: str) -> None:
    assert "unreadable" not in rules(text, dialect=dialect)


HEADED = """-- a comment
-- /// migration
-- author = "a@example.com"
-- {0}
-- ///
-- migrate:up
DROP TABLE lines;
-- migrate:down
CREATE TABLE lines (id bigint PRIMARY KEY);
"""


@pytest.mark.parametrize(
    ("rule", "claim"),
    [
        ("header-risk", 'risk_level = "low"'),
        ("header-risk", 'risk_level = "tiny"'),
        ("header-reversible", "reversible = true"),
        ("header-duration", 'estimated_duration = "a while"'),
        ("header-tables", 'affected_tables = ["others"]'),
        ("header-tables", "affected_tables = []"),
    ],
)
def test_what_is_said_of_a_claim_stands_at_the_claim(rule: str, claim: str) -> None:
    items = [item for item in found(HEADED.format(claim), after=USERS) if item.rule == rule]
    assert items
    assert {(item.place.line, item.place.source, item.end) for item in items} == {(4, f"-- {claim}", len(claim) + 4)}


def test_truncate_is_advised_only_where_the_server_takes_it() -> None:
    parents = "CREATE TABLE parents (id int PRIMARY KEY, boss int REFERENCES parents (id));"
    child = "CREATE TABLE children (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parents (id));"
    for dialect, after, said in (
        ("postgresql", parents, ", or TRUNCATE it if all of them are"),
        ("postgresql", parents + child, "TRUNCATE is refused where a foreign key references the table"),
        ("mariadb", parents + child, "TRUNCATE is refused where a foreign key references the table"),
        ("sqlite", parents, "say which rows of parents are meant"),
    ):
        finding = one("delete-without-where", "DELETE FROM parents;", after=after, dialect=dialect)
        assert finding.advice.endswith(said)
