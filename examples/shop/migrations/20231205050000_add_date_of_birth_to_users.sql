-- /// migration
-- description = "Prepare for reading users.profile_data: a column for the birthday, a table for what was read"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users", "user_profile_extractions"]
-- dependencies = ["20231130100000"]
-- tags = ["schema", "new-column", "new-table", "profile-data"]
-- ///

-- migrate:up
ALTER TABLE users ADD COLUMN date_of_birth DATE;

-- One row for each user whose profile_data was looked at: the values that were taken over (NULL: none), or the reason
-- why nothing could be. It tells how far the work is, what to repair by hand, and what to undo. Two bookkeeping
-- columns in users could do the first two of these, for ever and for every user.
CREATE TABLE user_profile_extractions (
    user_id       BIGINT NOT NULL,
    first_name    VARCHAR(100),
    last_name     VARCHAR(100),
    date_of_birth DATE,
    error         TEXT,
    extracted_at  TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    CONSTRAINT pk_user_profile_extractions_user_id PRIMARY KEY (user_id),
    CONSTRAINT fk_user_profile_extractions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- migrate:down
DROP TABLE user_profile_extractions;
ALTER TABLE users DROP COLUMN date_of_birth;
