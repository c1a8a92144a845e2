-- /// migration
-- description = "Store e-mail addresses in lower case and without surrounding spaces"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users", "user_email_backups"]
-- dependencies = ["20231203100200"]
-- tags = ["data", "email", "backfill"]
-- ///

-- migrate:before
-- Users whose addresses would become the same one: uk_users_email would stop the migration in the middle.
SELECT lower(trim(email)) AS email, count(*) AS users, min(id) AS first_id, max(id) AS last_id
FROM users
WHERE email IS NOT NULL
GROUP BY lower(trim(email))
HAVING count(*) > 1;

-- migrate:up
-- Only the rows that change. email_after is what lets `down` see whether a user has edited the address since. The
-- foreign key removes the old address of a user who is deleted.
CREATE TABLE user_email_backups (
    user_id      BIGINT NOT NULL,
    email_before VARCHAR(255) NOT NULL,
    email_after  VARCHAR(255) NOT NULL,
    created_at   TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    CONSTRAINT pk_user_email_backups_user_id PRIMARY KEY (user_id),
    CONSTRAINT fk_user_email_backups_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE FUNCTION users_normalize_email() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.email := lower(trim(NEW.email));
    RETURN NEW;
END
$$;

-- For addresses that are written from now on.
CREATE TRIGGER trg_users_email
    BEFORE INSERT OR UPDATE OF email ON users FOR EACH ROW
    EXECUTE FUNCTION users_normalize_email();

-- Small batches: email is a key column, so an order for one of these users waits until the batch has committed.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 500;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
    changed    INTEGER;
    processed  BIGINT := 0;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM users
            WHERE id > last_id AND email <> lower(trim(email))
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        WITH found AS (
            SELECT id, email
            FROM users
            WHERE id > last_id AND id <= batch_end AND email <> lower(trim(email))
            FOR UPDATE
        ), changed_rows AS (
            UPDATE users u
            SET email = lower(trim(found.email))
            FROM found
            WHERE u.id = found.id
            RETURNING u.id, found.email AS email_before, u.email AS email_after
        )
        INSERT INTO user_email_backups (user_id, email_before, email_after)
        SELECT id, email_before, email_after FROM changed_rows
        ON CONFLICT (user_id) DO NOTHING;

        GET DIAGNOSTICS changed = ROW_COUNT;
        processed := processed + changed;
        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE NOTICE 'Normalized % addresses', processed;
END
$$;

-- migrate:after
SELECT id, email FROM users WHERE email <> lower(trim(email));

-- migrate:contract
-- After this there is no way back to the old spelling.
DROP TABLE user_email_backups;

-- migrate:down
-- The trigger first: it would normalize again what is put back.
DROP TRIGGER trg_users_email ON users;
DROP FUNCTION users_normalize_email();

-- Addresses that users have changed since stay as they are now.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 500;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    IF to_regclass('user_email_backups') IS NULL THEN
        RAISE NOTICE 'user_email_backups has been dropped: addresses stay as they are';
        RETURN;
    END IF;

    LOOP
        SELECT max(user_id) INTO batch_end
        FROM (SELECT user_id FROM user_email_backups WHERE user_id > last_id ORDER BY user_id LIMIT batch_size)
            AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users u
        SET email = b.email_before
        FROM user_email_backups b
        WHERE b.user_id > last_id AND b.user_id <= batch_end
          AND u.id = b.user_id
          AND u.email = b.email_after;

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

DROP TABLE IF EXISTS user_email_backups;
