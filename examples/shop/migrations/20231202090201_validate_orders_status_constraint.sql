-- /// migration
-- description = "Check orders.status of the rows that are older than the constraint"
-- author = "shop-team@example.com"
-- estimated_duration = "2 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders"]
-- dependencies = ["20231202090200"]
-- tags = ["schema", "constraint", "orders"]
-- ///

-- migrate:before
SELECT status, count(*) AS orders, min(id) AS first_id
FROM orders
WHERE status NOT IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')
GROUP BY status;

-- migrate:up
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_status_valid;

-- migrate:down
-- There is no statement that makes a constraint unvalidated again; replacing it in one ALTER TABLE leaves no gap.
ALTER TABLE orders
    DROP CONSTRAINT chk_orders_status_valid,
    ADD CONSTRAINT chk_orders_status_valid
        CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled'))
        NOT VALID;
