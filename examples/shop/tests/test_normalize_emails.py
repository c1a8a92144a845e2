"""Data migration 20231203100100: users.email_normalized of the users that are there."""

import pytest

pytestmark = pytest.mark.migration("20231203100100")

EMAILS = ["User@Example.com", "  test@domain.org  ", "ADMIN@COMPANY.NET", None]


@pytest.fixture
def users(migration):
    """Users with addresses of all sorts, from before anybody normalized them."""
    for email in EMAILS:
        migration.query("INSERT INTO users (email) VALUES (%s)", email)
    migration.query("UPDATE users SET email_normalized = NULL")


@pytest.mark.usefixtures("users")
class TestUp:
    def test_normalizes_every_address(self, migration):
        migration.up()
        rows = migration.query("SELECT email, email_normalized FROM users WHERE email IS NOT NULL ORDER BY id")
        assert [normal for _, normal in rows] == ["user@example.com", "test@domain.org", "admin@company.net"]
        assert all(normal == email.strip().lower() for email, normal in rows)

    def test_leaves_users_without_an_address_alone(self, migration):
        migration.up()
        assert migration.query("SELECT count(*) FROM users WHERE email_normalized IS NULL") == [(1,)]


def test_refuses_what_is_no_address(migration):
    migration.query("INSERT INTO users (email) VALUES ('nonsense')")
    with pytest.raises(Exception, match="before check"):
        migration.up()
