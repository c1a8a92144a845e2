"""Rules about indexes, constraints and transactions: what they flag, what clears them, what they leave to others."""

from collections.abc import Sequence

import pytest
from proving import migration

from instar import dialects
from instar.lint.engine import Linter
from instar.lint.look import Options
from instar.model import Finding

POSTGRESQL = dialects.load("postgresql")
OURS = {
    "add-check-valid", "add-exclude", "add-fk-valid", "add-pk-blocking", "add-unique-blocking", "commit-in-migration",
    "concurrently-in-tx", "concurrently-on-partitioned", "duplicate-assignment", "enum-use-same-tx",
    "idempotent-concurrently", "identifier-too-long", "idx-drop-not-concurrent", "idx-not-concurrent",
    "lock-timeout-override", "multi-fk-one-tx", "multiple-alter", "not-valid-then-validate-same-tx",
    "pk-using-index-nullable", "set-not-null-scan", "slow-after-check", "transaction-nesting",
    "unnamed-concurrent-index", "wide-lock-window", "work-after-lock",
}  # fmt: skip
SETUP = """
CREATE TABLE customers (id bigint PRIMARY KEY, email text, joined date);
CREATE TABLE products (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint, product_id bigint, total numeric(10,2), note text NOT NULL,
    CONSTRAINT chk_orders_total CHECK (total IS NOT NULL AND total >= 0)
);
CREATE UNIQUE INDEX uk_customers_email ON customers (email);
CREATE TABLE readings (id bigint NOT NULL, customer_id bigint) PARTITION BY RANGE (id);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM (0) TO (1000);
CREATE TYPE mood AS ENUM ('sad', 'glad');
"""


def found(text: str, *, setup: str = SETUP, version: int = 0) -> list[Finding]:
    linter = Linter(POSTGRESQL, POSTGRESQL.schema(), Options(version=version))
    (judged,) = linter.judge([migration(setup, "1"), migration(text, "2")], wanted={"2"})
    return [item for item in judged.findings if item.rule in OURS]


def rules(text: str, **given: object) -> list[str]:
    return [item.rule for item in found(text, **given)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a constraint inside ADD COLUMN scans or builds as well
        ("ALTER TABLE orders ADD COLUMN q int CHECK (q > 0);", ["add-check-valid"]),
        ("ALTER TABLE orders ADD COLUMN q text UNIQUE;", ["add-unique-blocking"]),
        ("ALTER TABLE orders ADD COLUMN p bigint DEFAULT 1 REFERENCES products;", ["add-fk-valid"]),
        ("ALTER TABLE orders ADD COLUMN p bigint REFERENCES products;", []),
        # one statement, one main finding
        ("ALTER TABLE products ADD COLUMN n bigserial UNIQUE;", []),
        ("CREATE INDEX idx_orders_note ON orders (note);", ["idx-not-concurrent"]),
        # what clears them
        ("ALTER TABLE orders ALTER total SET NOT NULL;", []),
        ("ALTER TABLE orders ALTER note SET NOT NULL;", []),
        ("ALTER TABLE orders ADD CHECK (id > 0) NOT VALID;", []),
        ("ALTER TABLE customers ADD CONSTRAINT u UNIQUE USING INDEX uk_customers_email;", []),
        ("CREATE TABLE n (a int); ALTER TABLE n ALTER a SET NOT NULL; ALTER TABLE n ADD UNIQUE (a);", []),
        ("CREATE TABLE n (a int); ALTER TABLE n ADD CHECK (a > 0); ALTER TABLE n VALIDATE CONSTRAINT n_a_check;", []),
        ("CREATE TABLE n (a int); CREATE INDEX idx_n_a ON n (a); DROP INDEX idx_n_a;", []),
        # work behind a lock
        ("ALTER TABLE orders ADD COLUMN a int; UPDATE orders SET a = 1;", ["work-after-lock"]),
        ("ALTER TABLE orders ADD COLUMN a int; UPDATE orders SET a = 1 WHERE id = 7;", []),
        ("ALTER TABLE orders ADD COLUMN a int; SELECT count(*) FROM customers;", ["work-after-lock"]),
        ("ALTER TABLE orders ADD COLUMN a int; BEGIN; UPDATE orders SET a = 1; COMMIT;", []),
        ("CREATE TABLE n (a int); INSERT INTO n SELECT id FROM orders;", []),
        ("ALTER TABLE orders ADD COLUMN a int; INSERT INTO products VALUES (1);", []),
        ("ALTER TABLE orders ADD COLUMN a int; CREATE INDEX CONCURRENTLY idx_orders_a ON orders (a);", []),
        # several tables
        ("ALTER TABLE orders ADD COLUMN a int; ALTER TABLE customers ADD COLUMN a int;", ["wide-lock-window"]),
        ("ALTER TABLE orders ADD COLUMN a int; ALTER TABLE orders ADD COLUMN b int;", []),
        ("ALTER TABLE readings ADD COLUMN a int; ALTER TABLE readings_1 ALTER a SET DEFAULT 1;", []),
        ("CREATE TABLE n (a bigint REFERENCES products, b bigint REFERENCES customers);", []),
        # names
        ("CREATE INDEX CONCURRENTLY ON orders (note);", ["unnamed-concurrent-index"]),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_orders_note ON orders (note);", []),
        (f"SELECT '{'x' * 80}';", []),
        (f"CREATE TABLE {'x' * 63} (a int);", []),
        (f"CREATE TABLE {'x' * 64} (a int);", ["identifier-too-long"]),
        (f'CREATE TABLE "{"ä" * 32}" (a int);', ["identifier-too-long"]),
        # time-outs
        ("SET lock_timeout = '5s'; ALTER TABLE orders ADD COLUMN a int;", ["lock-timeout-override"]),
        ("SET LOCAL lock_timeout TO 5000; ALTER TABLE orders ADD COLUMN a int;", ["lock-timeout-override"]),
        ("SELECT set_config('lock_timeout', '0', true); DROP TABLE products;", ["lock-timeout-override"]),
        ("SET lock_timeout = '1s'; ALTER TABLE orders ADD COLUMN a int;", []),
        ("SET lock_timeout = 0; CREATE TABLE n (a int);", []),
        ("SET lock_timeout = DEFAULT; ALTER TABLE orders ADD COLUMN a int;", []),
        # partitioned tables
        ("CREATE INDEX CONCURRENTLY i ON readings (customer_id);", ["concurrently-on-partitioned"]),
        ("CREATE INDEX i ON ONLY readings (customer_id);", []),
        # enum values
        ("ALTER TYPE mood ADD VALUE 'calm'; SELECT 'calm'::mood;", []),
        ("DO $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; PERFORM 'calm'::mood; END $$;", ["enum-use-same-tx"]),
        # transactions
        ("BEGIN; ALTER TABLE orders ADD COLUMN a int; COMMIT;", []),
        ("ALTER TABLE orders ADD COLUMN a int; END;", ["commit-in-migration"]),
        # values
        ("INSERT INTO products (id, id) VALUES (1, 2);", ["duplicate-assignment"]),
    ],
)  # fmt: skip
def test_what_is_flagged(text: str, expected: Sequence[str]) -> None:
    assert rules(text) == list(expected)


def test_a_function_that_is_only_created_blocks_nobody() -> None:
    body = "ALTER TABLE orders ADD CHECK (id > 0); CREATE INDEX idx_orders_note ON orders (note);"
    text = f"CREATE FUNCTION later() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$;"
    assert "add-check-valid" not in rules(text)


def test_what_a_block_does_is_flagged_and_not_rewritten() -> None:
    (item,) = found("DO $$ BEGIN ALTER TABLE orders ADD CHECK (id > 0); END $$;")
    assert item.rule == "add-check-valid"
    assert item.fix is None


def test_an_unknown_table_leaves_the_question_open() -> None:
    (item,) = found("ALTER TABLE elsewhere ALTER code SET NOT NULL;")
    assert item.unknown == "whether a validated CHECK proves elsewhere.code IS NOT NULL"


def test_postgresql_18_needs_no_check_to_prove_it() -> None:
    (item,) = found("ALTER TABLE customers ALTER joined SET NOT NULL;", version=18)
    assert item.fix is not None
    assert item.fix.sql == (
        "ALTER TABLE customers ADD CONSTRAINT customers_joined_not_null NOT NULL joined NOT VALID;\n"
        "ALTER TABLE customers VALIDATE CONSTRAINT customers_joined_not_null;"
    )


def test_a_check_that_is_there_is_used_as_proof() -> None:
    setup = SETUP + "ALTER TABLE customers ADD CONSTRAINT chk_joined CHECK (joined IS NOT NULL) NOT VALID;"
    (item,) = found("ALTER TABLE customers ALTER joined SET NOT NULL;", setup=setup)
    assert item.fix is not None
    assert item.fix.sql == (
        "ALTER TABLE customers VALIDATE CONSTRAINT chk_joined;\nALTER TABLE customers ALTER COLUMN joined SET NOT NULL;"
    )


def test_a_foreign_key_of_a_partitioned_table_goes_by_its_partitions_before_18() -> None:
    text = "ALTER TABLE readings ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id);"
    (old,), (new,) = found(text, version=16), found(text, version=18)
    assert old.fix is not None
    assert new.fix is not None
    assert "ALTER TABLE readings_1 ADD CONSTRAINT fk" in old.fix.sql
    assert not old.fix.same
    assert "readings_1" not in new.fix.sql


def test_a_primary_key_on_nullable_columns_makes_them_not_null_first() -> None:
    setup = "CREATE TABLE events (tenant int, id bigint);"
    (item,) = found("ALTER TABLE events ADD PRIMARY KEY (tenant, id);", setup=setup)
    assert item.fix is not None
    assert item.fix.sql.count("IS NOT NULL) NOT VALID") == 2
    assert item.fix.sql.endswith("ADD CONSTRAINT events_pkey PRIMARY KEY USING INDEX events_pkey;")


def test_the_rewrite_of_a_partitioned_index_names_every_partition() -> None:
    (item,) = found("CREATE UNIQUE INDEX CONCURRENTLY uk_readings_id ON readings (id) WHERE id > 5;")
    assert item.fix is not None
    assert item.fix.sql == (
        "CREATE UNIQUE INDEX uk_readings_id ON ONLY readings (id) WHERE id > 5;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY readings_1_id_idx ON readings_1 (id) WHERE id > 5;\n"
        "ALTER INDEX uk_readings_id ATTACH PARTITION readings_1_id_idx;"
    )


def test_an_index_dropped_with_its_new_table_in_the_down_is_no_matter() -> None:
    up = "CREATE TABLE n (a int); CREATE INDEX i ON n (a);"
    text = f"-- migrate:up\n{up}\n-- migrate:down\nDROP INDEX i; DROP TABLE n;\n"
    assert not rules(text)


def test_the_last_transaction_counts_for_the_checks() -> None:
    check = "\n-- migrate:after\nSELECT id FROM orders WHERE total < 0;\n"
    lock = "ALTER TABLE orders ADD COLUMN a int;"
    assert rules(f"-- migrate:up\n{lock}{check}") == ["slow-after-check"]
    assert rules(f"-- migrate:up\nBEGIN;\n{lock}\nCOMMIT;\nCREATE TABLE n (a int);{check}") == []


def test_a_transaction_that_is_asked_for_cannot_hold_concurrently() -> None:
    text = "-- migrate:up transaction:true\nCREATE INDEX CONCURRENTLY i ON orders (note);\n"
    assert rules(text) == ["concurrently-in-tx"]
