-- /// migration
-- description = "Let users point at their profile; drop users.bio and users.avatar_url once nobody reads them"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users", "user_profiles"]
-- dependencies = ["20231201120201"]
-- tags = ["schema", "data", "user-profiles", "contract"]
-- ///

-- migrate:up
-- NOT VALID: short locks on both tables, no row is looked at. SET NULL lets a profile be deleted by itself although
-- users and user_profiles point at each other.
ALTER TABLE users
    ADD COLUMN profile_id BIGINT,
    ADD CONSTRAINT fk_users_profile_id
        FOREIGN KEY (profile_id) REFERENCES user_profiles (id) ON DELETE SET NULL NOT VALID;

CREATE FUNCTION user_profiles_set_profile_id() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET profile_id = NEW.id WHERE id = NEW.user_id AND profile_id IS DISTINCT FROM NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER trg_user_profiles_profile_id
    AFTER INSERT ON user_profiles FOR EACH ROW
    EXECUTE FUNCTION user_profiles_set_profile_id();

-- Commits inside, therefore runs outside a transaction. The profiles that are new from now on come by the trigger.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (SELECT id FROM user_profiles WHERE id > last_id ORDER BY id LIMIT batch_size) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users u
        SET profile_id = p.id
        FROM user_profiles p
        WHERE p.id > last_id AND p.id <= batch_end
          AND u.id = p.user_id
          AND u.profile_id IS DISTINCT FROM p.id;

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

-- PostgreSQL does not index the referencing side of a foreign key: each delete of a profile would read all of users.
CREATE INDEX CONCURRENTLY idx_users_profile_id ON users (profile_id);

-- Reads the table under a lock that lets readers and writers pass.
ALTER TABLE users VALIDATE CONSTRAINT fk_users_profile_id;

-- migrate:after
SELECT p.id AS profile_id, p.user_id, u.profile_id AS referenced
FROM user_profiles p
JOIN users u ON u.id = p.user_id
WHERE u.profile_id IS DISTINCT FROM p.id;

-- migrate:contract
-- From here on user_profiles is the truth. The triggers go first: they depend on the columns.
DROP TRIGGER trg_users_profile_update ON users;
DROP TRIGGER trg_users_profile_insert ON users;
DROP FUNCTION users_sync_profile();
ALTER TABLE users
    DROP COLUMN bio,
    DROP COLUMN avatar_url;

-- migrate:down
-- Works before and after the contract step. After it, the old columns come back at the end of the table (PostgreSQL
-- has no other place for a new column) and are filled again from user_profiles, so nothing written since is lost.
DROP TRIGGER trg_user_profiles_profile_id ON user_profiles;
DROP FUNCTION user_profiles_set_profile_id();

ALTER TABLE users
    DROP COLUMN profile_id,
    ADD COLUMN IF NOT EXISTS bio TEXT,
    ADD COLUMN IF NOT EXISTS avatar_url VARCHAR(500);

CREATE OR REPLACE FUNCTION users_sync_profile() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_profiles AS p (user_id, bio, avatar_url, created_at)
    VALUES (NEW.id, NEW.bio, NEW.avatar_url, NEW.created_at)
    ON CONFLICT (user_id) DO UPDATE
        SET bio = EXCLUDED.bio, avatar_url = EXCLUDED.avatar_url, updated_at = now()
        WHERE (p.bio, p.avatar_url) IS DISTINCT FROM (EXCLUDED.bio, EXCLUDED.avatar_url);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER trg_users_profile_insert
    AFTER INSERT ON users FOR EACH ROW
    WHEN (NEW.bio IS NOT NULL OR NEW.avatar_url IS NOT NULL)
    EXECUTE FUNCTION users_sync_profile();

CREATE OR REPLACE TRIGGER trg_users_profile_update
    AFTER UPDATE OF bio, avatar_url ON users FOR EACH ROW
    WHEN ((OLD.bio, OLD.avatar_url) IS DISTINCT FROM (NEW.bio, NEW.avatar_url))
    EXECUTE FUNCTION users_sync_profile();

-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (SELECT id FROM user_profiles WHERE id > last_id ORDER BY id LIMIT batch_size) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users u
        SET bio = p.bio, avatar_url = p.avatar_url
        FROM user_profiles p
        WHERE p.id > last_id AND p.id <= batch_end
          AND u.id = p.user_id
          AND (u.bio, u.avatar_url) IS DISTINCT FROM (p.bio, p.avatar_url);

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
