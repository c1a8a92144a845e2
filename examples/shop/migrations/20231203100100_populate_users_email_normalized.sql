-- /// migration
-- description = "Fill users.email_normalized of the existing users, in batches"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231203100000"]
-- tags = ["data", "email", "backfill"]
-- ///

-- migrate:before
-- Trimmed first: surrounding spaces are what this migration repairs, so they are no reason to refuse. And only what
-- every address has is asked for; a narrower pattern turns real addresses away (xn-- domains, quoted names).
SELECT id, email
FROM users
WHERE trim(email) !~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$';

-- migrate:up
-- One transaction per batch. The block goes forward by id, so it ends even if some row cannot be changed, and never
-- reads a row twice. What is done is seen by the rows themselves: after an interruption the same block goes on where
-- it stopped. updated_at stays as it is: nobody has edited these users.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    started_at CONSTANT TIMESTAMP WITH TIME ZONE := clock_timestamp();
    last_id    BIGINT := 0;
    batch_end  BIGINT;
    changed    INTEGER;
    processed  BIGINT := 0;
    total_rows BIGINT;
BEGIN
    SELECT count(*) INTO total_rows
    FROM users
    WHERE email IS NOT NULL AND email_normalized IS NULL;

    RAISE NOTICE 'Starting migration of % rows', total_rows;

    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM users
            WHERE id > last_id AND email IS NOT NULL AND email_normalized IS NULL
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users
        SET email_normalized = lower(trim(email))
        WHERE id > last_id AND id <= batch_end AND email IS NOT NULL AND email_normalized IS NULL;

        GET DIAGNOSTICS changed = ROW_COUNT;
        processed := processed + changed;
        last_id := batch_end;
        COMMIT;

        IF processed % 20000 < batch_size THEN
            RAISE NOTICE 'Processed %/% rows (%) - Elapsed: %',
                processed,
                total_rows,
                to_char(least(100.0 * processed / greatest(total_rows, 1), 100), 'FM990.0') || '%',
                clock_timestamp() - started_at;
        END IF;

        PERFORM pg_sleep(0.01);
    END LOOP;

    RAISE NOTICE 'Migration completed: % rows in %', processed, clock_timestamp() - started_at;
END
$$;

-- migrate:after
DO $$
DECLARE
    unmigrated_count   BIGINT;
    inconsistent_count BIGINT;
BEGIN
    SELECT count(*) FILTER (WHERE email_normalized IS NULL),
           count(*) FILTER (WHERE email_normalized <> lower(trim(email)))
    INTO unmigrated_count, inconsistent_count
    FROM users
    WHERE email IS NOT NULL;

    IF unmigrated_count + inconsistent_count > 0 THEN
        RAISE EXCEPTION '% users without a normalized e-mail address, % with a wrong one',
            unmigrated_count, inconsistent_count;
    END IF;
END
$$;

-- migrate:down
-- Empties the column, for all rows: which of them the trigger had filled before `up` is not known, and every value
-- can be computed again. The trigger does not fire here: it watches email only.
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
            WHERE id > last_id AND email_normalized IS NOT NULL
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE users
        SET email_normalized = NULL
        WHERE id > last_id AND id <= batch_end AND email_normalized IS NOT NULL;

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
