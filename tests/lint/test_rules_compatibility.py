"""What breaks the released application: when it is said, and when it is not."""

import pytest
from rule_findings import one, rules

from instar.model import Severity

USERS = """CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255), nickname varchar(50));
CREATE INDEX idx_users_nickname ON users (nickname);
CREATE VIEW nicknames AS SELECT id, nickname FROM users;
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
"""


def test_a_dropped_column_takes_its_view_and_its_index_into_the_message() -> None:
    finding = one("drop-column", "ALTER TABLE users DROP COLUMN nickname;", after=USERS)
    assert "users.nickname" in finding.message
    assert "nicknames" in finding.why
    assert "idx_users_nickname goes with it" in finding.why
    assert "drop it in a later migration, when no release uses it" in finding.advice


def test_a_column_that_this_migration_has_added_may_go() -> None:
    text = "ALTER TABLE users ADD COLUMN draft text;\nALTER TABLE users DROP COLUMN draft;"
    assert "drop-column" not in rules(text, after=USERS)


def test_a_column_in_a_down_may_go_when_up_has_added_it() -> None:
    text = """-- migrate:up
ALTER TABLE users ADD COLUMN country varchar(2);
-- migrate:down
ALTER TABLE users DROP COLUMN country;
"""
    assert not rules(text, after=USERS) & {"drop-column", "lossy-down"}


def test_a_column_that_another_takes_the_place_of_says_so() -> None:
    text = """ALTER TABLE users ADD COLUMN email_new varchar(500);
ALTER TABLE users DROP COLUMN email;
ALTER TABLE users RENAME COLUMN email_new TO email;
"""
    assert "another column under the name users.email" in one("drop-column", text, after=USERS).message
    assert "rename-column" not in rules(text, after=USERS)


def test_a_dropped_table_names_the_foreign_keys_that_reference_it() -> None:
    finding = one("drop-table", "DROP TABLE users CASCADE;", after=USERS)
    assert "orders (orders_user_id_fkey)" in finding.why


def test_drop_if_exists_before_create_is_no_drop() -> None:
    text = "DROP TABLE IF EXISTS visits;\nCREATE TABLE visits (id bigint PRIMARY KEY);"
    assert "drop-table" not in rules(text)


def test_drop_if_exists_of_a_table_that_is_there_is_one() -> None:
    text = "DROP TABLE IF EXISTS users CASCADE;\nCREATE TABLE users (id bigint PRIMARY KEY);"
    assert "drop-table" in rules(text, after=USERS)


def test_a_table_that_is_built_anew_is_not_dropped() -> None:
    text = """CREATE TABLE orders_new (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO orders_new (id, user_id) SELECT id, user_id FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
"""
    assert not rules(text, after=USERS) & {"drop-table", "rename-table"}


def test_two_tables_may_change_places() -> None:
    text = """CREATE TABLE orders_new (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE orders RENAME TO orders_old;
ALTER TABLE orders_new RENAME TO orders;
"""
    assert "rename-table" not in rules(text, after=USERS)


def test_a_renamed_column_comes_with_the_whole_way_round() -> None:
    finding = one("rename-column", "ALTER TABLE users RENAME COLUMN email TO email_address;", after=USERS)
    assert finding.severity is Severity.ERROR
    assert finding.fix is not None
    assert not finding.fix.same
    assert "ALTER TABLE users ADD COLUMN email_address varchar(255);" in finding.fix.sql
    assert "UPDATE users SET email_address = email" in finding.fix.sql
    assert "ALTER TABLE users DROP COLUMN email;" in finding.fix.sql


def test_a_view_with_both_names_makes_renaming_a_column_safe() -> None:
    text = """ALTER TABLE orders RENAME TO purchases;
ALTER TABLE purchases RENAME COLUMN user_id TO customer_id;
CREATE VIEW orders AS SELECT id, customer_id, customer_id AS user_id FROM purchases;
GRANT SELECT ON orders TO CURRENT_USER;
"""
    assert not rules(text, after=USERS) & {"rename-table", "rename-column", "view-without-grants"}


def test_a_view_without_rights_is_only_mentioned() -> None:
    text = "ALTER TABLE orders RENAME TO purchases;\nCREATE VIEW orders AS SELECT * FROM purchases;"
    finding = one("view-without-grants", text, after=USERS)
    assert finding.severity is Severity.INFO
    assert "permission denied for view orders" in finding.why


def test_a_view_that_comes_in_another_transaction_is_too_late() -> None:
    text = """ALTER TABLE orders RENAME TO purchases;
COMMIT;
CREATE VIEW orders AS SELECT * FROM purchases;
"""
    assert "rename-table" in rules(text, after=USERS)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER INDEX idx_users_nickname RENAME TO idx_users_nick;",
        "ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk_users_id;",
    ],
)
def test_names_that_no_query_uses_may_change(text: str) -> None:
    assert not [name for name in rules(text, after=USERS) if name.startswith("rename")]


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';",
        "ALTER TYPE mood RENAME TO feeling;",
        "ALTER SCHEMA app RENAME TO application;",
        "ALTER TABLE users SET SCHEMA app;",
        "ALTER FUNCTION one() RENAME TO uno;",
    ],
)
def test_names_that_queries_use_may_not(text: str) -> None:
    before = USERS + (
        "CREATE TYPE mood AS ENUM ('ok'); CREATE SCHEMA app;"
        " CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    )
    assert "rename-object" in rules(text, after=before)


def test_a_view_that_is_made_again_is_replaced_not_dropped() -> None:
    text = "DROP VIEW nicknames;\nCREATE VIEW nicknames AS SELECT id, nickname, email FROM users;"
    assert "drop-object" not in rules(text, after=USERS)


def test_an_unknown_view_may_be_dropped_if_it_exists() -> None:
    assert "drop-object" not in rules("DROP VIEW IF EXISTS gone;", after=USERS)
    assert "drop-object" in rules("DROP VIEW nicknames;", after=USERS)


@pytest.mark.parametrize(
    "column",
    [
        "country text NOT NULL DEFAULT 'nl'",
        "number bigint GENERATED ALWAYS AS IDENTITY",
        "number bigserial",
        "twice bigint GENERATED ALWAYS AS (id * 2) STORED",
        "country text",
    ],
)
def test_a_column_with_a_value_of_its_own_is_not_required(column: str) -> None:
    assert "add-required-column" not in rules(f"ALTER TABLE users ADD COLUMN {column};", after=USERS)


def test_a_required_column_of_a_new_table_breaks_nobody() -> None:
    text = "CREATE TABLE visits (id bigint PRIMARY KEY);\nALTER TABLE visits ADD COLUMN page text NOT NULL;"
    assert "add-required-column" not in rules(text)


def test_a_unique_constraint_takes_on_conflict_along() -> None:
    before = USERS + "ALTER TABLE users ADD CONSTRAINT uk_users_email UNIQUE (email);"
    finding = one("drop-constraint", "ALTER TABLE users DROP CONSTRAINT uk_users_email;", after=before)
    assert "ON CONFLICT (email)" in finding.why


def test_a_unique_constraint_that_another_follows_may_go() -> None:
    before = USERS + "ALTER TABLE users ADD CONSTRAINT uk_users_email UNIQUE (email);"
    text = """CREATE UNIQUE INDEX CONCURRENTLY uk_users_email_new ON users (email);
ALTER TABLE users DROP CONSTRAINT uk_users_email;
"""
    assert "drop-constraint" not in rules(text, after=before)


@pytest.mark.parametrize("name", ["chk_users_email", "fk_orders_user_id"])
def test_other_constraints_and_plain_indexes_may_go(name: str) -> None:
    before = USERS + "ALTER TABLE users ADD CONSTRAINT chk_users_email CHECK (email <> '');"
    table = "users" if "users" in name[:10] else "orders"
    assert "drop-constraint" not in rules(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};", after=before)
    assert "drop-constraint" not in rules("DROP INDEX CONCURRENTLY idx_users_nickname;", after=USERS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("varchar(50)", "varchar(20)", "values longer than 20 characters"),
        ("text", "varchar(20)", "values longer than 20 characters"),
        ("bigint", "integer", "values outside -2147483648 to 2147483647"),
        ("numeric(10,2)", "numeric(8,2)", "values of 1e6 and more"),
        ("numeric(10,2)", "numeric(10,0)", "fractions"),
        ("numeric(10,4)", "numeric(8,2)", "digits behind"),
        ("timestamptz", "date", "times of the day"),
        ("double precision", "integer", "fractions"),
        ("timestamptz", "timestamptz(0)", "digits behind 0 of the second"),
        ("varchar(20)", "varchar(50)", ""),
        ("varchar(20)", "text", ""),
        ("integer", "bigint", ""),
        ("numeric(10,2)", "numeric(12,2)", ""),
        ("numeric(10,2)", "numeric", ""),
        ("integer", "numeric(10,0)", ""),
        ("timestamp", "timestamptz", ""),
    ],
)
def test_a_type_is_narrower_when_it_does_not_hold_all_values(old: str, new: str, said: str) -> None:
    before = f"CREATE TABLE things (id bigint PRIMARY KEY, value {old});"
    text = f"ALTER TABLE things ALTER COLUMN value TYPE {new};"
    if said:
        assert said in one("narrow-type", text, after=before).message
    else:
        assert "narrow-type" not in rules(text, after=before)


def test_a_type_that_is_not_known_is_not_called_narrower() -> None:
    assert "narrow-type" not in rules("ALTER TABLE elsewhere ALTER COLUMN value TYPE varchar(20);")


def test_what_a_new_function_would_do_breaks_nobody_yet() -> None:
    text = """CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE users DROP COLUMN nickname;
    DELETE FROM users;
    TRUNCATE users;
END $$;
"""
    assert not rules(text, after=USERS) & {"drop-column", "delete-without-where", "truncate"}


def test_what_a_block_does_is_seen_where_it_stands() -> None:
    text = "DO $$\nBEGIN\n    ALTER TABLE users DROP COLUMN nickname;\nEND $$;"
    assert one("drop-column", text, after=USERS).place.line == 3


def test_a_json_column_breaks_distinct_on_a_table_in_use_only() -> None:
    assert "json-column" in rules("ALTER TABLE users ADD COLUMN settings json;", after=USERS)
    assert "json-column" not in rules("ALTER TABLE users ADD COLUMN settings jsonb;", after=USERS)
    new = "CREATE TABLE events (id bigint PRIMARY KEY, body json);"
    assert rules(new) & {"json-column", "json-type"} == {"json-type"}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("tighten", "ALTER TABLE users ADD CONSTRAINT chk_users_email CHECK (email <> '') NOT VALID;"),
        ("row-shape", "ALTER TABLE users ADD COLUMN country varchar(2);"),
        ("drop-default", "ALTER TABLE users ALTER COLUMN email DROP DEFAULT;"),
        ("set-default", "ALTER TABLE users ALTER COLUMN email SET DEFAULT '';"),
        ("drop-not-null", "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;"),
        ("rights", "REVOKE SELECT ON users FROM PUBLIC;"),
        ("new-enum-value", "ALTER TYPE mood ADD VALUE 'sad';"),
        ("enum-value-order", "ALTER TYPE mood ADD VALUE 'sad';"),
        ("create-enum", "CREATE TYPE size AS ENUM ('s', 'l');"),
        ("replace-function", "CREATE OR REPLACE VIEW nicknames AS SELECT id, nickname, email FROM users;"),
    ],
)
def test_what_is_often_right_is_said_only_when_asked_for(rule: str, text: str) -> None:
    before = USERS + "CREATE TYPE mood AS ENUM ('ok');"
    assert rule not in rules(text, after=before)
    assert rule in rules(text, after=before, severities={rule: "info"})


def test_of_a_constraint_that_is_not_known_only_the_doubt_is_said() -> None:
    assert one("drop-constraint", "ALTER TABLE elsewhere DROP CONSTRAINT one_of_a_kind;").unknown
    assert "drop-constraint" not in rules("ALTER TABLE elsewhere DROP CONSTRAINT chk_elsewhere_total;")


def test_a_sequence_may_get_another_name() -> None:
    assert "rename-table" not in rules("ALTER SEQUENCE orders_id_seq RENAME TO order_numbers;", after=USERS)
