-- /// migration
-- description = "What each user has ordered, for the back office"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["order_summaries"]
-- dependencies = ["20231130100000", "20231130110000"]
-- tags = ["view", "orders", "repeatable"]
-- ///

-- Reads columns of the two base tables only, so that every later migration can be undone while the view is there.

-- migrate:up
CREATE OR REPLACE VIEW order_summaries AS
SELECT
    u.id AS user_id,
    u.email,
    count(o.id) AS order_count,
    coalesce(sum(o.total_amount) FILTER (WHERE o.status <> 'cancelled'), 0) AS total_amount,
    max(o.created_at) AS last_order_at
FROM users u
LEFT JOIN orders o ON o.user_id = u.id
WHERE u.deleted_at IS NULL
GROUP BY u.id, u.email;

-- migrate:down
DROP VIEW IF EXISTS order_summaries;
