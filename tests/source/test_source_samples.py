"""Every sample project in examples/formats is read as its own tool reads it."""

from collections.abc import Iterator

import pytest
from source_files import SAMPLES, load

from instar.model import Migration, MigrationKind, Script

FORMATS = {
    "native": "native",
    "dbmate": "dbmate",
    "goose": "goose",
    "golang-migrate": "golang-migrate",
    "flyway/db/migration": "flyway",
    "diesel": "diesel",
    "sqlx": "sqlx",
    "node-pg-migrate": "node-pg-migrate",
}


def sample(name: str) -> dict[str, Migration]:
    return {migration.version: migration for migration in load(SAMPLES / name, root=SAMPLES)}


def scripts(migration: Migration) -> Iterator[Script]:
    for section in (migration.before, migration.up, migration.after, migration.contract, migration.down):
        yield from section


@pytest.mark.parametrize("folder", FORMATS)
def test_the_layout_of_a_sample_is_detected(folder: str) -> None:
    assert {migration.format for migration in sample(folder).values()} == {FORMATS[folder]}


@pytest.mark.parametrize("folder", FORMATS)
def test_naming_the_layout_gives_the_same_as_detecting_it(folder: str) -> None:
    assert load(SAMPLES / folder, root=SAMPLES, format=FORMATS[folder]) == load(SAMPLES / folder, root=SAMPLES)


@pytest.mark.parametrize("folder", FORMATS)
def test_every_script_is_the_bytes_of_its_file_at_its_offset(folder: str) -> None:
    checked = 0
    for migration in sample(folder).values():
        for script in scripts(migration):
            content = (SAMPLES / script.file).read_bytes()
            if b"${" in content and (folder.startswith("flyway") or folder == "goose"):
                continue  # filled in: no longer the bytes of the file
            text = script.text.encode()
            assert content[script.offset : script.offset + len(text)] == text
            assert script.line == content[: script.offset].count(b"\n") + 1
            checked += 1
    assert checked


def test_the_native_sample() -> None:
    found = sample("native")
    assert list(found) == [
        "20240102090000",
        "20240103101500",
        "20240104080000",
        "20240105120000",
        "20240108093000",
        "20240110110000",
        "20240112140000",
        "20240115100000",
        "20240116100000",
        "R__order_totals",
        "R__users_ab~5287ec38",
    ]
    first = found["20240102090000"]
    assert (first.name, first.path) == ("create_users", "native/20240102090000_create_users.sql")
    assert first.header.author == "maria@example.com"
    assert first.header.affected_tables == ("users",)
    assert first.header.reversible is True
    assert first.header.requires_downtime is False
    assert found["20240103101500"].down[0].text == "DROP TABLE orders;"
    assert "\r\n" in found["20240103101500"].up[0].text
    assert found["20240104080000"].up[0].offset == 3
    indexes = found["20240108093000"]
    assert [section[0].line for section in (indexes.before, indexes.up, indexes.after, indexes.down)] == [2, 5, 9, 12]
    assert (indexes.before[0].transaction, indexes.up[0].transaction) == (None, False)
    assert "\n\\.\n" in found["20240112140000"].up[0].text
    assert "'${literal} {{ text }} %s :name'" in found["20240115100000"].up[0].text
    assert found["20240115100000"].contract[0].text.strip() == "ALTER TABLE users DROP COLUMN name;"
    assert found["20240116100000"].code is not None
    dependent = found["R__users_ab~5287ec38"]
    assert (dependent.kind, dependent.header.dependencies) == (MigrationKind.REPEATABLE, ("order_totals",))
    assert len(dependent.version) == 20


def test_the_dbmate_sample() -> None:
    found = sample("dbmate")
    pairs = found["20230302080000"]
    assert [(script.line, script.transaction) for script in pairs.up] == [(2, None), (8, False)]
    assert [(script.line, script.transaction) for script in pairs.down] == [(5, None), (12, False)]
    assert found["20230303080000"].name == "order-total"
    assert found["20230303080000"].down[0].text == "ALTER TABLE orders DROP COLUMN total"


def test_the_goose_sample() -> None:
    found = sample("goose")
    assert list(found) == ["1", "2", "3", "20240115093000"]
    touch = found["2"]
    ((start, end),) = touch.up[0].units
    assert touch.up[0].text[start:end].startswith("CREATE FUNCTION users_touch()")
    assert touch.up[0].text[start:end].endswith("$fn$ LANGUAGE plpgsql;")
    ((start, end),) = touch.down[0].units
    assert touch.down[0].text[start:end].startswith("DO $$")
    assert [found["3"].up[0].transaction, found["3"].down[0].transaction] == [False, False]
    orders = found["20240115093000"].up[0].text
    assert "DEFAULT 'EUR'" in orders
    assert "'a ${literal} and a $literal'" in orders


def test_the_golang_migrate_sample() -> None:
    found = sample("golang-migrate")
    assert [(each.version, each.name, each.reversible) for each in found.values()] == [
        ("1", "create_users", True),
        ("2", "create_orders", True),
        ("10", "index_orders", True),
        ("11", "reserved", False),
    ]
    assert found["10"].down[0].file == "golang-migrate/10_drop_index_orders.down.sql"


def test_the_flyway_sample() -> None:
    found = sample("flyway/db/migration")
    assert [(each.version, each.kind.value) for each in found.values()] == [
        ("1", "versioned"),
        ("1.1", "versioned"),
        ("2", "baseline"),
        ("2.1", "versioned"),
        ("2.2", "versioned"),
        ("R__Orders_per_user", "repeatable"),
    ]
    assert "made by V1__Create_users.sql for shop" in found["1"].up[0].text
    assert "CREATE TABLE public.orders" in found["1.1"].up[0].text
    assert "DEFAULT 'EUR'" in found["1.1"].up[0].text
    assert found["1.1"].down[0].text == "DROP TABLE public.orders;\n"
    assert (found["1"].name, found["1"].header.description) == ("Create_users", "Create users")
    assert found["2.1"].up[0].transaction is False
    assert (found["2.2"].up[0].offset, "'${not a placeholder}'" in found["2.2"].up[0].text) == (3, True)


def test_the_diesel_sample() -> None:
    found = sample("diesel")
    assert list(found) == ["00000000000000", "20231201120000", "20231202093000", "20231203101500"]
    assert found["20231201120000"].path == "diesel/2023-12-01-120000_create_users/up.sql"
    assert found["20231202093000"].reversible is False
    assert found["20231203101500"].up[0].transaction is False


def test_the_sqlx_sample() -> None:
    found = sample("sqlx")
    assert [(each.version, each.name, each.reversible) for each in found.values()] == [
        ("1", "users", False),
        ("2", "orders", True),
        ("3", "index_orders", True),
    ]
    assert [found["2"].up[0].transaction, found["3"].up[0].transaction] == [None, False]
    assert found["3"].down[0].transaction is False


def test_the_node_pg_migrate_sample() -> None:
    found = sample("node-pg-migrate")
    assert list(found) == ["1701432000000", "1701518400000", "1701604800000", "20231204100000123"]
    upside_down = found["1701518400000"]
    assert upside_down.up[0].text.startswith("CREATE TABLE orders")
    assert upside_down.down[0].text == "DROP TABLE orders;\n"
    assert found["1701604800000"].down[0].text == "DROP INDEX orders_user_id_idx\n"
