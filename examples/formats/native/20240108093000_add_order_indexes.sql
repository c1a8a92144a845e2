-- migrate:before        no order may belong to nobody
SELECT id, user_id FROM orders WHERE user_id IS NULL;

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
CREATE INDEX CONCURRENTLY orders_status_idx ON orders (status);

-- migrate:after
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'orders'::regclass AND NOT indisvalid;

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_status_idx;
DROP INDEX CONCURRENTLY orders_user_id_idx;
