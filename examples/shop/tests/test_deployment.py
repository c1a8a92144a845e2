"""All migrations over a database that has been in use since the base."""

import pytest

FIRST_AFTER_THE_BASE = "20231201120000"
FIVE_MINUTES = 300

pytestmark = pytest.mark.migration(FIRST_AFTER_THE_BASE)


@pytest.fixture
def shop(migration):
    """A thousand users with three orders each."""
    migration.query("INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 1000) n")
    migration.query(
        "INSERT INTO orders (user_id, subtotal, amount) SELECT u.id, 100, 100 FROM users u, generate_series(1, 3)"
    )
    return migration


def test_all_of_it_runs_in_time(shop):
    report = shop.up(to="")
    assert report.seconds < FIVE_MINUTES
    assert shop.query("SELECT 1 FROM schema_migrations WHERE version = %s", FIRST_AFTER_THE_BASE)


def test_no_user_and_no_order_is_lost(shop):
    before = shop.query("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM orders)")
    shop.up(to="")
    assert shop.query("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM orders)") == before


def test_all_of_it_can_be_undone(shop):
    before = shop.snapshot()
    shop.up(to="")
    shop.down(to="20231130110000")
    shop.query("DROP VIEW order_summaries")  # repeatable: it stays as long as its tables do
    assert shop.schema.unchanged_since(before)
