-- /// migration
-- description = "Remember from which address a user logged in last"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231130100000"]
-- tags = ["schema", "new-column", "security"]
-- ///

-- migrate:up
ALTER TABLE users ADD COLUMN last_login_ip INET;

-- migrate:down
-- Loses the addresses seen since `up`. No IF EXISTS: a column that is missing here is news, not a success.
ALTER TABLE users DROP COLUMN last_login_ip;
