-- /// migration
-- description = "Allow only known values in orders.status, for new and changed rows"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders"]
-- dependencies = ["20231130110000"]
-- tags = ["schema", "constraint", "orders"]
-- ///

-- migrate:up
-- Existing rows are not read: 20231202090201 does that, in a transaction of its own and under a weaker lock.
ALTER TABLE orders ADD CONSTRAINT chk_orders_status_valid
    CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled'))
    NOT VALID;

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT chk_orders_status_valid;
