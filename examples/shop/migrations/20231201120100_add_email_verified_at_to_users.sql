-- /// migration
-- description = "Remember when a user confirmed the e-mail address"
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
-- Nullable and without default: a change of the catalog only, whatever the size of the table.
ALTER TABLE users ADD COLUMN email_verified_at TIMESTAMP WITH TIME ZONE;

-- migrate:down
-- Loses the confirmations made since `up`: there is no older place to put them.
ALTER TABLE users DROP COLUMN email_verified_at;
