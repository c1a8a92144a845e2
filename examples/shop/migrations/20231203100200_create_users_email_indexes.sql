-- /// migration
-- description = "Index users for searches by e-mail address"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231203100100"]
-- tags = ["schema", "index", "email"]
-- ///

-- Each statement runs by itself and is recorded by itself: after an interruption the finished ones are not repeated.

-- migrate:up
CREATE INDEX CONCURRENTLY idx_users_email_normalized ON users (email_normalized);

-- Partial: only the rows that the application searches.
CREATE INDEX CONCURRENTLY idx_users_email_active ON users (email) WHERE deleted_at IS NULL AND active;

-- Expressions: for queries that say exactly this.
CREATE INDEX CONCURRENTLY idx_users_email_lower ON users (lower(email));

CREATE INDEX CONCURRENTLY idx_users_email_domain ON users (split_part(email, '@', 2)) WHERE email IS NOT NULL;

-- migrate:down
DROP INDEX CONCURRENTLY idx_users_email_domain;
DROP INDEX CONCURRENTLY idx_users_email_lower;
DROP INDEX CONCURRENTLY idx_users_email_active;
DROP INDEX CONCURRENTLY idx_users_email_normalized;
