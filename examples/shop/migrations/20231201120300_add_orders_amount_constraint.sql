-- /// migration
-- description = "Refuse orders whose amount is not positive"
-- author = "shop-team@example.com"
-- estimated_duration = "2 seconds"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders"]
-- dependencies = ["20231130110000"]
-- tags = ["schema", "constraint", "orders"]
-- ///

-- migrate:before
SELECT id, amount FROM orders WHERE amount <= 0;

-- migrate:up
-- Two transactions of our own: in one, the strong lock of the first statement would be held while the second one
-- reads the table. (20231202090200 and 20231202090201 do the same thing with two migrations.)
BEGIN;
ALTER TABLE orders ADD CONSTRAINT chk_orders_amount_positive CHECK (amount > 0) NOT VALID;
COMMIT;

BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount_positive;
COMMIT;

-- migrate:down
ALTER TABLE orders DROP CONSTRAINT chk_orders_amount_positive;
