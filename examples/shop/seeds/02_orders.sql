-- 300,000 orders (three for each user), or as many as the setting shop.orders says. Running it again changes nothing.

INSERT INTO orders (id, user_id, status, subtotal, tax_amount, shipping_amount, total_amount, amount,
                    created_at, updated_at)
SELECT n, user_id, status, subtotal, tax_amount, shipping_amount,
       -- Every third total was never computed.
       CASE WHEN n % 3 <> 0 THEN subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0) END,
       (subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0))::double precision,
       created_at, created_at
FROM (
    SELECT
        n,
        1 + (n * 7919) % users.number AS user_id,
        (ARRAY['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'])[1 + n % 5] AS status,
        (1 + n % 50000)::numeric / 100 AS subtotal,
        CASE WHEN n % 11 <> 0 THEN round((1 + n % 50000)::numeric / 100 * 0.19, 2) END AS tax_amount,
        CASE WHEN n % 4 <> 0 THEN 4.90 END AS shipping_amount,
        timestamptz '2022-01-01 00:00:00+00' + n * interval '3 minutes' AS created_at
    FROM (SELECT coalesce(nullif(current_setting('shop.users', true), ''), '100000')::bigint AS number) AS users,
         generate_series(
             1, coalesce(nullif(current_setting('shop.orders', true), '')::bigint, 3 * users.number)) AS n
) AS made
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = made.n)
ON CONFLICT DO NOTHING;

SELECT setval(pg_get_serial_sequence('orders', 'id'), greatest(max(id), (SELECT last_value FROM orders_id_seq)))
FROM orders
HAVING count(*) > 0;

ANALYZE users, orders;
