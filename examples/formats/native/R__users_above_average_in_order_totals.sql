-- /// migration
-- dependencies = ["order_totals"]
-- ///
CREATE OR REPLACE VIEW users_above_average AS
    SELECT user_id FROM order_totals WHERE total > (SELECT avg(total) FROM order_totals);
