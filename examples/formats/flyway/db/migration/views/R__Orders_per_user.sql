CREATE OR REPLACE VIEW orders_per_user AS
    SELECT user_id, '${currency}' AS currency, count(*) AS orders FROM orders GROUP BY user_id;
