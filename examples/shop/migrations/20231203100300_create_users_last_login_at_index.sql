-- /// migration
-- description = "Index users by their last login"
-- author = "shop-team@example.com"
-- estimated_duration = "5 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231130100000"]
-- tags = ["schema", "index", "user-management"]
-- ///

-- migrate:up
CREATE INDEX CONCURRENTLY idx_users_last_login_at ON users (last_login_at) WHERE last_login_at IS NOT NULL;

-- migrate:down
DROP INDEX CONCURRENTLY idx_users_last_login_at;
