# /// migration
# description = "Read first name, last name and birthday out of users.profile_data"
# author = "shop-team@example.com"
# estimated_duration = "10 seconds"
# risk_level = "medium"
# reversible = true
# requires_downtime = false
# affected_tables = ["users", "user_profile_extractions"]
# dependencies = ["20231205050000"]
# tags = ["data", "profile-data", "backfill"]
# transaction = false
# ///
"""Names and birthdays from the JSON of the sign-up form, in batches of one transaction each.

A name that a user already has is kept. What cannot be read is recorded with its reason and changes nothing. Users with
a record are not looked at again, so an interrupted run goes on where it stopped.
"""

import json
import time
from datetime import date

BATCH_SIZE = 1000
PAUSE = 0.01  # seconds

NEXT_USERS = """
    SELECT id, profile_data
    FROM users u
    WHERE id > %s
      AND profile_data IS NOT NULL
      AND NOT EXISTS (SELECT FROM user_profile_extractions e WHERE e.user_id = u.id)
    ORDER BY id
    LIMIT %s
"""

# Locks the rows first and compares with what is there then. All parts of one statement see the table as it was
# before, so the record holds exactly the values that were empty and are filled.
TAKE_OVER = """
    WITH parsed AS (
        SELECT *
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::date[], %s::text[])
            AS p (user_id, first_name, last_name, date_of_birth, error)
    ), found AS (
        SELECT u.id, u.first_name, u.last_name, u.date_of_birth
        FROM users u
        WHERE u.id IN (SELECT user_id FROM parsed)
        ORDER BY u.id
        FOR NO KEY UPDATE
    ), taken AS (
        SELECT f.id AS user_id,
               CASE WHEN f.first_name IS NULL THEN p.first_name END AS first_name,
               CASE WHEN f.last_name IS NULL THEN p.last_name END AS last_name,
               CASE WHEN f.date_of_birth IS NULL THEN p.date_of_birth END AS date_of_birth,
               p.error
        FROM found f
        JOIN parsed p ON p.user_id = f.id
    ), changed AS (
        UPDATE users u
        SET first_name = coalesce(t.first_name, u.first_name),
            last_name = coalesce(t.last_name, u.last_name),
            date_of_birth = coalesce(t.date_of_birth, u.date_of_birth)
        FROM taken t
        WHERE u.id = t.user_id
          AND (t.first_name IS NOT NULL OR t.last_name IS NOT NULL OR t.date_of_birth IS NOT NULL)
    )
    INSERT INTO user_profile_extractions (user_id, first_name, last_name, date_of_birth, error)
    SELECT user_id, first_name, last_name, date_of_birth, error FROM taken
    ON CONFLICT (user_id) DO NOTHING
"""

# A value that was edited since is the user's own and stays.
GIVE_BACK = """
    WITH batch AS (
        SELECT * FROM user_profile_extractions ORDER BY user_id LIMIT %s
    ), restored AS (
        UPDATE users u
        SET first_name = CASE WHEN u.first_name = b.first_name THEN NULL ELSE u.first_name END,
            last_name = CASE WHEN u.last_name = b.last_name THEN NULL ELSE u.last_name END,
            date_of_birth = CASE WHEN u.date_of_birth = b.date_of_birth THEN NULL ELSE u.date_of_birth END
        FROM batch b
        WHERE u.id = b.user_id
          AND (u.first_name = b.first_name OR u.last_name = b.last_name OR u.date_of_birth = b.date_of_birth)
    )
    DELETE FROM user_profile_extractions e USING batch b WHERE e.user_id = b.user_id
"""


def read_profile(text):
    """Return first name, last name, birthday and the reason why they could not be read; what is missing is None."""
    try:
        profile = json.loads(text)
        if not isinstance(profile, dict):
            raise ValueError(f"expected an object, found {type(profile).__name__}")
        birthday = profile.get("dateOfBirth")
        return (
            name(profile, "firstName"),
            name(profile, "lastName"),
            date.fromisoformat(birthday) if birthday else None,
            None,
        )
    except (ValueError, TypeError) as reason:
        return None, None, None, str(reason)


def name(profile, key):
    value = profile.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError(f"{key} is not a text of at most 100 characters")
    return value.strip() or None


def up(connection):
    last_id = 0
    while users := connection.execute(NEXT_USERS, (last_id, BATCH_SIZE)).fetchall():
        read = [(user_id, *read_profile(text)) for user_id, text in users]
        with connection.transaction():
            connection.execute(TAKE_OVER, [list(column) for column in zip(*read)])
        last_id = users[-1][0]
        time.sleep(PAUSE)


def down(connection):
    while True:
        with connection.transaction():
            if connection.execute(GIVE_BACK, (BATCH_SIZE,)).rowcount == 0:
                return
        time.sleep(PAUSE)
