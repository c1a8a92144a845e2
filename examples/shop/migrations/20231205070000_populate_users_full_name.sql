-- /// migration
-- description = "Give every user a full name, made of first and last name"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users", "user_full_name_backups"]
-- dependencies = ["20231205060000"]
-- tags = ["data", "user-management", "backfill"]
-- ///

-- migrate:up
-- '', ' Ann ' and NULL are all met in these columns. Joining them with a space in between would store ' ' or 'Ann '.
CREATE FUNCTION compose_full_name(first_name TEXT, last_name TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE
RETURN nullif(trim(coalesce(trim(first_name), '') || ' ' || coalesce(trim(last_name), '')), '');

-- Which rows are filled here: `down` must not touch the names that users have entered themselves.
CREATE TABLE user_full_name_backups (
    user_id BIGINT NOT NULL,

    CONSTRAINT pk_user_full_name_backups_user_id PRIMARY KEY (user_id),
    CONSTRAINT fk_user_full_name_backups_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE FUNCTION users_set_full_name() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.full_name := compose_full_name(NEW.first_name, NEW.last_name);
    RETURN NEW;
END
$$;

-- For users that are written without one from now on.
CREATE TRIGGER trg_users_full_name
    BEFORE INSERT OR UPDATE OF first_name, last_name, full_name ON users FOR EACH ROW
    WHEN (NEW.full_name IS NULL)
    EXECUTE FUNCTION users_set_full_name();

-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM users
            WHERE id > last_id AND full_name IS NULL AND compose_full_name(first_name, last_name) IS NOT NULL
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        WITH filled AS (
            UPDATE users
            SET full_name = compose_full_name(first_name, last_name)
            WHERE id > last_id AND id <= batch_end
              AND full_name IS NULL AND compose_full_name(first_name, last_name) IS NOT NULL
            RETURNING id
        )
        INSERT INTO user_full_name_backups (user_id)
        SELECT id FROM filled
        ON CONFLICT (user_id) DO NOTHING;

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

-- migrate:after
SELECT id, first_name, last_name
FROM users
WHERE full_name IS NULL AND compose_full_name(first_name, last_name) IS NOT NULL;

-- migrate:contract
-- After this, `down` can no longer tell whose names were filled and leaves them all.
DROP TABLE user_full_name_backups;

-- migrate:down
DROP TRIGGER trg_users_full_name ON users;
DROP FUNCTION users_set_full_name();

-- Takes back the names that were filled here and are still what they were then.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    IF to_regclass('user_full_name_backups') IS NULL THEN
        RAISE NOTICE 'user_full_name_backups has been dropped: full names stay as they are';
        RETURN;
    END IF;

    LOOP
        SELECT max(user_id) INTO batch_end
        FROM (SELECT user_id FROM user_full_name_backups WHERE user_id > last_id ORDER BY user_id LIMIT batch_size)
            AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users u
        SET full_name = NULL
        FROM user_full_name_backups b
        WHERE b.user_id > last_id AND b.user_id <= batch_end
          AND u.id = b.user_id
          AND u.full_name = compose_full_name(u.first_name, u.last_name);

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

DROP TABLE IF EXISTS user_full_name_backups;
DROP FUNCTION compose_full_name(TEXT, TEXT);
