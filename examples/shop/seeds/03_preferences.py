"""Preferences for the first users. Running it again changes nothing; without the table there is nothing to do."""

import random

KEYS = {
    "theme": ["dark", "light", "system"],
    "language": ["de", "en", "es", "fr"],
    "newsletter": ["never", "weekly"],
}
INSERT = """
    INSERT INTO user_preferences (user_id, preference_key, preference_value)
    VALUES (%s, %s, %s)
    ON CONFLICT (user_id, preference_key) DO NOTHING
"""


def seed(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('user_preferences')")
        if cursor.fetchone()[0] is None:
            return
        choose = random.Random(20231201).choice  # the same rows on every machine
        cursor.execute("SELECT id FROM users ORDER BY id LIMIT 500")
        rows = [(user, key, choose(values)) for (user,) in cursor.fetchall() for key, values in KEYS.items()]
        cursor.executemany(INSERT, rows)
