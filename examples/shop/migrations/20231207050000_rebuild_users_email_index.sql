-- /// migration
-- description = "Rebuild the unique index on users.email after the normalization has moved a third of its entries"
-- author = "shop-team@example.com"
-- estimated_duration = "5 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231205070200"]
-- tags = ["maintenance", "index", "email"]
-- ///

-- migrate:up
REINDEX INDEX CONCURRENTLY uk_users_email;
ANALYZE users;

-- migrate:down
-- An index holds the same entries before and after a rebuild: there is nothing to restore but the statistics.
ANALYZE users;
