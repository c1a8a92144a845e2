"""Migration 20231201120000: the table of user preferences, up and down."""

import psycopg
import pytest

VERSION = "20231201120000"


@pytest.fixture
def user(migration):
    """A user, with all that the schema wants of one."""
    return migration.make("users", email="test@example.com")[0]


def set_theme(migration, user, value):
    return migration.query(
        "INSERT INTO user_preferences (user_id, preference_key, preference_value) VALUES (%s, 'theme', %s)",
        user["id"],
        value,
    )


class TestUp:
    def test_creates_the_table(self, migration):
        assert migration.schema.has_table("user_preferences")

    def test_creates_its_indexes(self, migration):
        table = migration.table("user_preferences")
        assert table.has_index("idx_user_preferences_preference_key")
        assert table.has_index("uk_user_preferences_user_id_preference_key", unique=True)

    def test_a_user_has_one_value_for_a_key(self, migration, user):
        set_theme(migration, user, "dark")
        with pytest.raises(Exception, match="uk_user_preferences_user_id_preference_key"):
            set_theme(migration, user, "light")

    def test_preferences_go_with_their_user(self, migration, user):
        set_theme(migration, user, "dark")
        migration.query("DELETE FROM users WHERE id = %s", user["id"])
        assert migration.query("SELECT * FROM user_preferences WHERE user_id = %s", user["id"]) == []


@pytest.mark.migration(VERSION)
class TestDown:
    def test_takes_the_table_away(self, migration):
        migration.up()
        migration.down()
        assert not migration.schema.has_table("user_preferences")

    def test_leaves_everything_else_as_it_was(self, migration):
        before = migration.snapshot()
        migration.up()
        assert not migration.schema.unchanged_since(before)
        migration.down()
        assert migration.schema.unchanged_since(before)

    def test_goes_up_again(self, migration):
        migration.up()
        first = migration.snapshot()
        migration.down()
        migration.up()
        assert migration.schema.unchanged_since(first)


@pytest.mark.migration(VERSION)
def test_takes_less_than_30_seconds_with_10_000_users(migration):
    migration.query("INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 10000) n")
    assert migration.up().seconds < 30


def test_a_database_of_its_own_can_be_opened_by_any_driver(migrated_database):
    with psycopg.connect(migrated_database) as connection:
        assert connection.execute("SELECT count(*) FROM user_preferences").fetchone() == (0,)
