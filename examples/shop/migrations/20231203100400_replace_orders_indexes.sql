-- /// migration
-- description = "Index orders by user, status and date, and drop the index that becomes superfluous"
-- author = "shop-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders"]
-- dependencies = ["20231130110000"]
-- tags = ["schema", "index", "orders"]
-- ///

-- migrate:up
CREATE INDEX CONCURRENTLY idx_orders_user_id_status_created_at ON orders (user_id, status, created_at);

-- The time zone stands in the literal: without it the server's setting at this moment would decide which rows belong.
CREATE INDEX CONCURRENTLY idx_orders_created_at_user_id ON orders (created_at, user_id)
    WHERE created_at >= TIMESTAMP WITH TIME ZONE '2023-01-01 00:00:00+00';

-- user_id leads the first index above: searches by user and the foreign key are served by that.
DROP INDEX CONCURRENTLY idx_orders_user_id;

-- migrate:down
-- The old index first, so that there is no moment without one.
CREATE INDEX CONCURRENTLY idx_orders_user_id ON orders (user_id);
DROP INDEX CONCURRENTLY idx_orders_created_at_user_id;
DROP INDEX CONCURRENTLY idx_orders_user_id_status_created_at;
