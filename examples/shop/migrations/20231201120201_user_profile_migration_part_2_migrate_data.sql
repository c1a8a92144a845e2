-- /// migration
-- description = "Copy bio and avatar_url of the existing users into user_profiles"
-- author = "shop-team@example.com"
-- estimated_duration = "5 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["user_profiles"]
-- dependencies = ["20231201120200"]
-- tags = ["data", "user-profiles", "backfill"]
-- ///

-- migrate:up
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
    copied     INTEGER;
    total      BIGINT := 0;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM users
            WHERE id > last_id AND (bio IS NOT NULL OR avatar_url IS NOT NULL)
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        -- FOR SHARE waits for a writer that has the row and reads what it committed. Without it a bio that is being
        -- emptied right now could be copied in its old state after the trigger has already done its work.
        INSERT INTO user_profiles (user_id, bio, avatar_url, created_at)
        SELECT id, bio, avatar_url, created_at
        FROM users
        WHERE id > last_id AND id <= batch_end AND (bio IS NOT NULL OR avatar_url IS NOT NULL)
        FOR SHARE
        ON CONFLICT (user_id) DO NOTHING;

        GET DIAGNOSTICS copied = ROW_COUNT;
        total := total + copied;
        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE NOTICE 'Copied % profiles', total;
END
$$;

-- migrate:after
-- Every user with a bio or a picture has a profile that says the same.
SELECT u.id, u.bio, u.avatar_url, p.bio AS profile_bio, p.avatar_url AS profile_avatar_url
FROM users u
LEFT JOIN user_profiles p ON p.user_id = u.id
WHERE (u.bio IS NOT NULL OR u.avatar_url IS NOT NULL)
  AND (p.user_id IS NULL OR (p.bio, p.avatar_url) IS DISTINCT FROM (u.bio, u.avatar_url));

-- migrate:down
-- The old columns hold everything that is deleted here (part 3, when it is undone, sees to that).
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    batch_end  BIGINT;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (SELECT id FROM user_profiles ORDER BY id LIMIT batch_size) AS batch;
        EXIT WHEN batch_end IS NULL;
        DELETE FROM user_profiles WHERE id <= batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
