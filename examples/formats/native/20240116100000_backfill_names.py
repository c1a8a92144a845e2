# /// migration
# description = "Fill the names of users from their addresses"
# author = "maria@example.com"
# affected_tables = ["users"]
# tags = ["data"]
# ///
"""Names were optional; the shop greets by name now."""


def up(connection):
    """Take what stands before the @."""
    connection.execute("UPDATE users SET name = split_part(email, '@', 1) WHERE name = ''")


def down(connection):
    """Leave the names: nobody can tell which were filled."""
