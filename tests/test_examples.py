"""The examples: each goes up, down and up again, on empty tables and on full ones, and loses nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conftest import query
from instar import Migrator

EXAMPLES = Path(__file__).parents[1] / "examples"
BASE = {"shop": "20231130110000", "sqlite": "20240101090000", "mariadb": "20240301090000"}
USERS = 2000

# What a schema is made of, as seen by the server; our own tables and the views of repeatable migrations are left out.
POSTGRESQL = """
    SELECT 'column', table_name || '.' || column_name,
           concat_ws(' ', data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable,
                     column_default, identity_generation)
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    UNION ALL
    SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT 'index', indexname, indexdef || ' ' || (indisvalid AND indisready)
    FROM pg_indexes JOIN pg_index ON indexrelid = format('%I.%I', schemaname, indexname)::regclass
    WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
MARIADB = """
    SELECT 'column', CONCAT(table_name, '.', column_name),
           CONCAT_WS(' ', column_type, is_nullable, column_default, extra)
    FROM information_schema.columns WHERE table_schema = DATABASE()
    UNION ALL
    SELECT 'constraint', CONCAT(table_name, '.', constraint_name), constraint_type
    FROM information_schema.table_constraints WHERE table_schema = DATABASE()
    UNION ALL
    SELECT 'index', CONCAT(table_name, '.', index_name, '.', seq_in_index), CONCAT(column_name, ' ', non_unique)
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    UNION ALL
    SELECT 'trigger', trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL
    SELECT 'routine', routine_name, routine_definition
    FROM information_schema.routines WHERE routine_schema = DATABASE()
"""
# A table that was renamed has its name in quotes from then on.
SQLITE = """
    SELECT type, name, replace(coalesce(sql, ''), '"', '')
    FROM sqlite_master WHERE type <> 'view' AND name NOT LIKE 'sqlite_%'
"""
CATALOG = {"shop": POSTGRESQL, "sqlite": SQLITE, "mariadb": MARIADB}
OURS = ("schema_migrations", "migration_execution_log", "instar")

Rows = list[tuple[Any, ...]]


class Example:
    """One of the examples in a database; `name` is its folder."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url

    def migrator(self) -> Migrator:
        folder = EXAMPLES / self.name
        return Migrator(self.url, directory=folder / "migrations", seeds=folder / "seeds")

    def versions(self) -> list[str]:
        return sorted(file.name.partition("_")[0] for file in (EXAMPLES / self.name / "migrations").glob("2*"))

    def query(self, text: str) -> Rows:
        return query(self.url, text)

    def value(self, text: str) -> Any:
        return self.query(text)[0][0]

    def catalog(self) -> set[tuple[Any, ...]]:
        """Return the schema, without what is instar's own."""
        return {row for row in self.query(CATALOG[self.name]) if not any(word in str(row) for word in OURS)}

    def seeded_at_the_base(self) -> "Example":
        with self.migrator() as migrator:
            migrator.up(to=BASE[self.name])
            migrator.seed()
        return self


@pytest.fixture(params=["shop", "sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def example(request: pytest.FixtureRequest, fresh: Callable[[str], str]) -> Example:
    """Return each example in turn, in an empty database of its engine."""
    servers = {"shop": "postgresql-18"}
    return small(Example(request.param, fresh(servers.get(request.param, request.param))))


@pytest.fixture
def shop(postgresql: str) -> Example:
    """Return the shop in an empty database, on every PostgreSQL version in turn."""
    return small(Example("shop", postgresql))


@pytest.fixture
def moved_shop(shop: Example) -> Example:
    """Return the shop that had its rows before its migrations."""
    shop.seeded_at_the_base()
    with shop.migrator() as migrator:
        migrator.up()
    return shop


def small(example: Example) -> Example:
    """Let the shop's seeds make few rows."""
    if example.name == "shop":
        statement = f"SELECT format('ALTER DATABASE %I SET shop.users = {USERS}', current_database())"
        example.query(example.value(statement))
    return example


def test_goes_up_on_an_empty_database(example: Example) -> None:
    with example.migrator() as migrator:
        migrator.up()
    assert applied(example) == example.versions()


def test_each_step_can_be_undone_and_done_again(example: Example) -> None:
    with example.migrator() as migrator:
        for version in example.versions():
            before = example.catalog()
            migrator.up(to=version)
            after = example.catalog()
            migrator.down(count=1)
            assert example.catalog() == before, f"down of {version}"
            migrator.up(to=version)
            assert example.catalog() == after, f"second up of {version}"


def test_each_step_can_be_undone_and_done_again_over_rows(example: Example) -> None:
    example.seeded_at_the_base()
    with example.migrator() as migrator:
        for version in example.versions():
            if version <= BASE[example.name]:
                continue
            before = example.catalog(), content(example)
            migrator.up(to=version)
            migrator.down(count=1)
            # SQLite's rebuild says itself that the due dates it has filled in stay.
            assert version == "20240105090000" or (example.catalog(), content(example)) == before, f"down of {version}"
            migrator.up(to=version)
    assert applied(example) == example.versions()


def test_goes_back_to_the_base_with_every_row_as_it_was(example: Example) -> None:
    before = content(example.seeded_at_the_base())
    with example.migrator() as migrator:
        migrator.up()
        migrator.down(to=BASE[example.name])
    assert applied(example) == [version for version in example.versions() if version <= BASE[example.name]]
    if example.name != "sqlite":
        assert content(example) == before


def test_goes_back_to_nothing_and_up_again_with_its_views(example: Example) -> None:
    with example.migrator() as migrator:
        migrator.up()
        newest, views = example.catalog(), view_count(example)
        migrator.down(to="0")
        assert example.catalog() == set()
        assert view_count(example) == 0
        migrator.up()
    assert (example.catalog(), view_count(example)) == (newest, views)


def test_seeding_again_changes_nothing_before_and_after_the_migrations(example: Example) -> None:
    with example.migrator() as migrator:
        for target in (BASE[example.name], None):
            migrator.up(to=target)
            migrator.seed()
            before = content(example)
            migrator.seed()
            assert content(example) == before


def test_seeds_fit_the_newest_schema(example: Example) -> None:
    with example.migrator() as migrator:
        migrator.up()
        migrator.seed()
    assert all(len(rows) > 0 for rows in content(example))


def test_shop_keeps_every_user_and_order(moved_shop: Example) -> None:
    assert moved_shop.value("SELECT count(*) FROM users") == USERS
    assert moved_shop.value("SELECT count(*) FROM orders") == 3 * USERS


def test_shop_normalizes_every_address(moved_shop: Example) -> None:
    # One in a thousand has no address, three in ten have one with capitals or spaces.
    assert moved_shop.query("SELECT count(*), count(email), count(email_normalized) FROM users") == [
        (USERS, USERS * 999 // 1000, USERS * 999 // 1000)
    ]
    assert moved_shop.query("SELECT email, email_normalized FROM users WHERE id IN (1, 2, 3) ORDER BY id") == [
        ("user.1@example.com", "user.1@example.com"),
        ("user.2@shop.example", "user.2@shop.example"),
        ("user.3@mail.example", "user.3@mail.example"),
    ]
    assert moved_shop.value("SELECT count(*) FROM users WHERE email <> lower(trim(email))") == 0
    assert moved_shop.query("SELECT email_before, email_after FROM user_email_backups WHERE user_id = 2") == [
        ("  user.2@shop.example  ", "user.2@shop.example")
    ]
    assert moved_shop.value("SELECT count(*) FROM user_email_backups") == USERS * 3 // 10


def test_shop_moves_every_profile(moved_shop: Example) -> None:
    # Every fifth user has a bio, every fourth a picture: eight in twenty have a profile.
    assert moved_shop.value("SELECT count(*) FROM user_profiles") == USERS * 8 // 20
    different = """
        SELECT count(*) FROM users u FULL JOIN user_profiles p ON p.user_id = u.id
        WHERE (u.bio, u.avatar_url, u.profile_id) IS DISTINCT FROM (p.bio, p.avatar_url, p.id)
    """
    assert moved_shop.value(different) == 0


def test_shop_computes_every_total(moved_shop: Example) -> None:
    wrong = """
        SELECT count(*) FROM orders
        WHERE total_amount IS DISTINCT FROM subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0)
           OR amount_new IS DISTINCT FROM total_amount OR amount_new IS DISTINCT FROM amount::NUMERIC(10,2)
    """
    assert moved_shop.value(wrong) == 0
    assert moved_shop.value("SELECT count(*) FROM order_total_amount_backups") == USERS


def test_shop_reads_names_and_birthdays_and_keeps_names_that_were_there(moved_shop: Example) -> None:
    names = "SELECT first_name, last_name, full_name, date_of_birth FROM users WHERE id = "
    # 20 had no name of its own, 15 had both, 107 had composed one for itself.
    assert moved_shop.query(names + "20") == [("First20", "Last20", "First20 Last20", date(1950, 1, 21))]
    assert moved_shop.query(names + "15") == [("Farah", "Costa", "Farah Costa", date(1950, 1, 16))]
    assert moved_shop.query(names + "107") == [("Hana", "Diaz", "Doctor No. 107", None)]
    # A blank first name is none.
    assert moved_shop.query(names + "97") == [(" ", "Haddad", "Haddad", None)]


def test_shop_records_what_it_cannot_read(moved_shop: Example) -> None:
    failures = "SELECT user_id, error FROM user_profile_extractions WHERE error IS NOT NULL ORDER BY user_id LIMIT 2"
    assert [row[0] for row in moved_shop.query(failures)] == [1, 2]
    assert moved_shop.value("SELECT count(*) FROM user_profile_extractions") == moved_shop.value(
        "SELECT count(*) FROM users WHERE profile_data IS NOT NULL"
    )


def test_shop_fills_new_columns_for_an_application_that_does_not_know_them(moved_shop: Example) -> None:
    moved_shop.query("INSERT INTO users (email, first_name, bio) VALUES (' New@Example.com', 'Neo', 'I am new')")
    moved_shop.query("INSERT INTO orders (user_id, subtotal, tax_amount, amount) VALUES (1, 10, 1.9, 11.9)")
    found = """
        SELECT u.email, u.email_normalized, u.full_name, p.bio
        FROM users u JOIN user_profiles p ON p.id = u.profile_id ORDER BY u.id DESC LIMIT 1
    """
    assert moved_shop.query(found) == [("new@example.com", "new@example.com", "Neo", "I am new")]
    new_order = "SELECT total_amount::text, amount_new::text FROM orders ORDER BY id DESC LIMIT 1"
    assert moved_shop.query(new_order) == [("11.90", "11.90")]


def test_shop_keeps_edits_that_were_made_between_up_and_down(moved_shop: Example) -> None:
    moved_shop.query("UPDATE users SET email = 'edited@example.com' WHERE id = 2")
    moved_shop.query("UPDATE users SET bio = 'edited' WHERE id = 20")
    with moved_shop.migrator() as migrator:
        migrator.down(to=BASE["shop"])
    assert moved_shop.query("SELECT email FROM users WHERE id IN (2, 3) ORDER BY id") == [
        ("edited@example.com",),
        ("USER.3@MAIL.EXAMPLE",),
    ]
    assert moved_shop.value("SELECT bio FROM users WHERE id = 20") == "edited"


def test_sqlite_rebuild_keeps_rows_references_and_trigger(sqlite: str) -> None:
    library = Example("sqlite", sqlite).seeded_at_the_base()
    with library.migrator() as migrator:
        migrator.up(to="20240104090000")
        library.query("UPDATE loans SET returned_on = '2024-02-01' WHERE id = 1")
        migrator.up()
    library.query("UPDATE loans SET returned_on = '2024-02-01' WHERE id = 2")
    assert library.query("SELECT loan_id FROM loan_events ORDER BY id") == [(1,), (2,)]
    assert library.value("SELECT count(*) FROM loans WHERE due_on IS NOT NULL") == 300
    assert library.query("PRAGMA foreign_key_check") == []


@pytest.mark.mariadb
def test_mariadb_procedure_and_trigger_work(mariadb: str) -> None:
    helpdesk = Example("mariadb", mariadb).seeded_at_the_base()
    with helpdesk.migrator() as migrator:
        migrator.up()
    helpdesk.query("CALL close_stale_tickets(1)")
    assert helpdesk.query("SELECT status, COUNT(*) FROM ticket_events GROUP BY status") == [("closed", 1000)]
    assert helpdesk.value("SELECT COUNT(*) FROM tickets WHERE status = 'waiting'") == 0
    assert helpdesk.value("SELECT COUNT(*) FROM customer_email_backups") == 400


def applied(example: Example) -> list[str]:
    found = example.query("SELECT version FROM schema_migrations WHERE version NOT LIKE 'R%' ORDER BY version")
    return [row[0] for row in found]


def view_count(example: Example) -> int:
    views = {
        "shop": "SELECT count(*) FROM information_schema.views WHERE table_schema = 'public'",
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'view'",
        "mariadb": "SELECT count(*) FROM information_schema.views WHERE table_schema = DATABASE()",
    }
    count: int = example.value(views[example.name])
    return count


def content(example: Example) -> Sequence[Rows]:
    """Return the rows of the base tables."""
    tables = {"shop": ("users", "orders"), "sqlite": ("books", "members", "loans"), "mariadb": ("customers", "tickets")}
    return [example.query(f"SELECT * FROM {table} ORDER BY id") for table in tables[example.name]]
