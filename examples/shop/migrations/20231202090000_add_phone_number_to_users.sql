-- /// migration
-- description = "Add an optional phone number to users"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- dependencies = ["20231130100000"]
-- tags = ["schema", "new-column", "user-management"]
-- ///

-- migrate:up
ALTER TABLE users ADD COLUMN phone_number VARCHAR(20);

-- migrate:down
-- Loses the numbers entered since `up`.
ALTER TABLE users DROP COLUMN phone_number;
