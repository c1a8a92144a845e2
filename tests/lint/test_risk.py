"""The risk of a migration: the standards' classification, and what makes it weigh more."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from instar import dialects
from instar.catalog import Schema
from instar.judgement import Level, Risk
from instar.lint.engine import Linter
from instar.lint.look import Options
from instar.model import Migration, Script
from instar.spans import claimed, seconds

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, name varchar(50));
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total int NOT NULL);
"""
LEVELS = {
    "ALTER TABLE users ADD COLUMN phone text": "low",
    "ALTER TABLE users ADD COLUMN points int NOT NULL DEFAULT 0": "low",
    "CREATE INDEX CONCURRENTLY idx_users_email ON users (email)": "low",
    "CREATE TABLE items (id bigint PRIMARY KEY, CHECK (id > 0)); CREATE UNIQUE INDEX u ON items (id)": "low",
    "CREATE TABLE items (id bigint); ALTER TABLE items ADD PRIMARY KEY (id); DROP TABLE items": "low",
    "INSERT INTO users (id) VALUES (1)": "low",
    "UPDATE users SET name = 'x' WHERE id = 7": "low",
    "ALTER TABLE orders ADD CONSTRAINT chk_orders_total CHECK (total > 0) NOT VALID": "medium",
    "ALTER TABLE users ALTER COLUMN email SET NOT NULL": "medium",
    "ALTER TABLE users RENAME COLUMN email TO address": "medium",
    "ALTER TABLE users RENAME TO people": "medium",
    "ALTER TABLE users ALTER COLUMN email TYPE varchar(20)": "medium",
    "ALTER TABLE users ADD COLUMN code int NOT NULL": "medium",
    "CREATE INDEX idx_users_email ON users (email)": "medium",
    "ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk_users_id": "medium",
    "ALTER TABLE users SET UNLOGGED": "medium",
    "ALTER FUNCTION sum_of(int) RENAME TO total_of": "medium",
    "DROP SUBSCRIPTION shop": "medium",
    "DROP OWNED BY clerk": "high",
    "DROP DATABASE shop": "high",
    "ALTER TABLE users DROP COLUMN email": "high",
    "DROP TABLE orders": "high",
    "TRUNCATE orders": "high",
    "UPDATE users SET email = lower(email)": "high",
    "DELETE FROM orders WHERE total = 0": "high",
    "CREATE TABLE copies (id bigint); INSERT INTO copies SELECT id FROM users": "high",
}


@pytest.fixture
def schema() -> Schema:
    """A schema with tables whose sizes nobody knows."""
    dialect = dialects.load("postgresql")
    found = dialect.schema()
    list(Linter(dialect, found).judge([migration("1", SCHEMA)], wanted=()))
    return found


def migration(version: str, up: str, down: str = "") -> Migration:
    below = (Script(down, "m.sql"),) if down else ()
    return Migration(version, "m", "m.sql", up=(Script(up, "m.sql"),), down=below)


@pytest.fixture
def risk(schema: Schema) -> Callable[..., Risk]:
    def reckon(up: str, down: str = "") -> Risk:
        judged = next(iter(Linter(dialects.load("postgresql"), schema, Options()).judge([migration("2", up, down)])))
        assert judged.risk is not None
        return judged.risk

    return reckon


def known(schema: Schema, name: str, rows: float, **more: object) -> None:
    """Say what a live catalog would of a table."""
    schema.live = True
    schema.put(replace(schema.tables[name], rows=rows, **more))


@pytest.mark.parametrize("up", LEVELS)
def test_changes_are_classified_as_the_standards_do(up: str, risk: Callable[..., Risk]) -> None:
    assert risk(up).level == LEVELS[up], risk(up).reasons


@pytest.mark.parametrize("up", ["ALTER TABLE days DROP PARTITION monday", "ALTER TABLE days TRUNCATE PARTITION monday"])
def test_on_mysql_a_partition_that_is_emptied_is_high(up: str) -> None:
    dialect = dialects.load("mysql")
    schema = dialect.schema()
    list(Linter(dialect, schema).judge([migration("1", "CREATE TABLE days (id int)")], wanted=()))

    found = next(iter(Linter(dialect, schema).judge([migration("2", up)]))).risk

    assert found is not None
    assert found.level is Level.HIGH
    assert "deletes the rows of the partition monday of days" in found.reasons[0].text


@pytest.mark.parametrize(
    ("level", "up"),
    [
        ("low", "ALTER TABLE users ADD COLUMN phone text"),
        ("medium", "ALTER TABLE users RENAME COLUMN email TO address"),
        ("high", "DROP TABLE orders"),
    ],
)
def test_a_level_says_how_many_review_how_much_is_tested_and_how_hard_the_way_back_is(
    level: str, up: str, risk: Callable[..., Risk]
) -> None:
    found = risk(up)

    assert (found.reviewers, found.testing, found.rollback) == {
        "low": (1, "basic", "simple"),
        "medium": (2, "comprehensive", "moderate"),
        "high": (3, "extensive", "complex"),
    }[level]


@pytest.mark.parametrize("up", [up for up, level in LEVELS.items() if level != "low"])
def test_every_level_above_low_says_why(up: str, risk: Callable[..., Risk]) -> None:
    found = risk(up)

    assert [reason for reason in found.reasons if reason.level is found.level]
    assert found.reasons[0].level is found.level


def test_a_table_that_the_migration_makes_blocks_nobody(risk: Callable[..., Risk]) -> None:
    found = risk(
        "CREATE TABLE items (id bigint); ALTER TABLE items ALTER COLUMN id TYPE int; CREATE INDEX i ON items (id)"
    )

    assert found.level is Level.LOW
    assert found.tables == ("items",)


def test_tables_are_those_that_are_changed_not_those_that_are_read(risk: Callable[..., Risk]) -> None:
    assert risk("UPDATE orders SET total = 1 FROM users WHERE users.id = user_id").tables == ("orders",)
    assert risk("ALTER TABLE users ALTER COLUMN email TYPE varchar(20)").tables == ("users",)
    assert risk("CREATE VIEW names AS SELECT name FROM users").tables == ()


def test_known_sizes_give_a_range_with_its_basis(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 12e6)

    found = risk("CREATE INDEX idx_users_email ON users (email)")

    assert found.level is Level.HIGH
    assert found.duration is not None
    assert "12 M rows x 0.15-1 Mrow/s text index = 12-80 s, slow machines included" in found.duration.basis
    assert found.blocked == found.duration
    assert any("writes to users wait for" in reason.text for reason in found.reasons)


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE copies AS SELECT * FROM users",
        "CREATE MATERIALIZED VIEW copies AS SELECT name, count(*) FROM users GROUP BY name",
        "CREATE TABLE copies (LIKE users); INSERT INTO copies SELECT * FROM users",
    ],
)
def test_a_copy_takes_as_long_as_its_source_has_rows(schema: Schema, risk: Callable[..., Risk], up: str) -> None:
    known(schema, "users", 12e6)

    found = risk(up).duration

    assert found is not None
    assert "12 M rows x 0.25-2.5 Mrow/s copy = 4.8-48 s" in found.basis


def test_what_holds_for_all_parts_of_an_estimate_is_said_once(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 12e6)

    found = risk("CREATE INDEX idx_users_email ON users (email); UPDATE users SET name = 'a'").duration

    assert found is not None
    assert found.basis.count(";") >= 1
    assert found.basis.count("slow machines included") == 1
    assert found.basis.endswith(", slow machines included")


def test_rows_that_are_given_take_no_time_by_what_the_table_holds(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 12e6)

    assert risk("INSERT INTO users (id) VALUES (1)").duration is None


def test_what_nobody_waits_for_takes_time_and_is_no_risk(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 12e6)

    found = risk("CREATE INDEX CONCURRENTLY idx_users_email ON users (email)")

    assert (found.level, found.blocked) == (Level.LOW, None)
    assert found.duration is not None


def test_work_of_a_moment_leaves_the_standards_level(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 1000)

    assert risk("CREATE INDEX idx_users_email ON users (email)").level is Level.LOW
    assert risk("UPDATE users SET email = lower(email)").level is Level.LOW


def test_work_after_a_lock_counts_until_the_commit(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "orders", 100e6)
    known(schema, "users", 10)

    found = risk("ALTER TABLE users RENAME COLUMN email TO address; CREATE INDEX idx_orders_total ON orders (total)")

    assert any(
        reason.relation == "users" and "reads and writes of users wait" in reason.text for reason in found.reasons
    )
    assert found.downtime


def test_a_hot_table_is_medium_even_if_the_lock_is_short(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 10, reads=400.0, writes=900.0)

    found = risk("ALTER TABLE users ADD COLUMN phone text")

    assert found.level is Level.MEDIUM
    assert "users is hot, with 400 scans a second on average" in found.reasons[0].text


def test_rows_written_are_not_taken_for_statements(schema: Schema, risk: Callable[..., Risk]) -> None:
    known(schema, "users", 10, reads=0.0, writes=139.0)  # one INSERT ... SELECT of 500 000 rows, an hour ago
    assert risk("ALTER TABLE users ADD COLUMN phone text").level is Level.LOW
    known(schema, "users", 10, reads=0.0, writes=5000.0)
    assert "with 5,000 rows written a second" in risk("ALTER TABLE users ADD COLUMN age int").reasons[0].text


def test_views_and_many_references_make_a_change_high(schema: Schema, risk: Callable[..., Risk]) -> None:
    makes = [f"CREATE TABLE t{number} (user_id bigint REFERENCES users (id));" for number in range(6)]
    list(Linter(dialects.load("postgresql"), schema).judge([migration("1", "".join(makes))], wanted=()))

    assert risk("ALTER TABLE users RENAME COLUMN name TO full_name").level is Level.HIGH
    assert risk("ALTER TABLE users ADD COLUMN phone text").level is Level.LOW


def test_a_copy_in_a_table_of_its_own_keeps_it_reversible(risk: Callable[..., Risk]) -> None:
    drop = "ALTER TABLE users DROP COLUMN email"
    copy = "CREATE TABLE user_email_backups AS SELECT id, email FROM users;"
    back = "ALTER TABLE users ADD COLUMN email text"

    assert not risk(drop, back).reversible
    assert risk(copy + drop, back).reversible


def test_what_cannot_be_foreseen_is_not_low(risk: Callable[..., Risk]) -> None:
    found = risk("DO $$ BEGIN EXECUTE 'DROP TABLE ' || current_setting('x'); END $$")

    assert found.level is not Level.LOW


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30 seconds", 30),
        ("5 min", 300),
        ("1-2 minutes", 120),
        ("about 2 h", 7200),
        ("2 min 5 s", 125),
        ("quick", None),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, found: float | None) -> None:
    assert claimed(text) == found


def test_ranges_are_said_in_the_unit_that_fits() -> None:
    assert [seconds(12, 20), seconds(0.2, 0.4), seconds(180, 300)] == ["12-20 s", "0.2-0.4 s", "3-5 min"]


@pytest.mark.parametrize("name", ["postgresql", "mariadb", "sqlite"])
def test_what_the_catalog_does_not_have_costs_nothing_to_drop(name: str) -> None:
    dialect = dialects.load(name)
    schema = Schema(complete=True, live=True, default=dialect.schema().default)
    judged = next(iter(Linter(dialect, schema).judge([migration("2", "DROP TABLE IF EXISTS nope")])))
    assert "drop-table" not in {item.rule for item in judged.findings}
    assert judged.risk is not None
    assert (judged.risk.level, judged.risk.tables, judged.risk.reasons) == (Level.LOW, (), ())
