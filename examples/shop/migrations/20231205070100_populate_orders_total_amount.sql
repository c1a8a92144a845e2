-- /// migration
-- description = "Compute orders.total_amount where it is missing"
-- author = "shop-team@example.com"
-- estimated_duration = "15 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders", "order_total_amount_backups"]
-- dependencies = ["20231130110000"]
-- tags = ["data", "orders", "backfill"]
-- ///

-- migrate:before
-- Totals that exist but are wrong are not for this migration to judge: somebody has to look at them.
SELECT id, subtotal, tax_amount, shipping_amount, total_amount
FROM orders
WHERE total_amount <> subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0);

-- migrate:up
-- Which rows are filled here, for `down`.
CREATE TABLE order_total_amount_backups (
    order_id BIGINT NOT NULL,

    CONSTRAINT pk_order_total_amount_backups_order_id PRIMARY KEY (order_id),
    CONSTRAINT fk_order_total_amount_backups_order_id FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
);

CREATE FUNCTION orders_set_total_amount() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.total_amount := NEW.subtotal + coalesce(NEW.tax_amount, 0) + coalesce(NEW.shipping_amount, 0);
    RETURN NEW;
END
$$;

-- For orders that are written without a total from now on.
CREATE TRIGGER trg_orders_total_amount
    BEFORE INSERT OR UPDATE OF subtotal, tax_amount, shipping_amount, total_amount ON orders FOR EACH ROW
    WHEN (NEW.total_amount IS NULL)
    EXECUTE FUNCTION orders_set_total_amount();

-- Forward by id. Skipping a number of rows of a set that shrinks with every batch would leave half of them undone.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
    changed    INTEGER;
    processed  BIGINT := 0;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM orders
            WHERE id > last_id AND total_amount IS NULL
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        WITH filled AS (
            UPDATE orders
            SET total_amount = subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0)
            WHERE id > last_id AND id <= batch_end AND total_amount IS NULL
            RETURNING id
        )
        INSERT INTO order_total_amount_backups (order_id)
        SELECT id FROM filled
        ON CONFLICT (order_id) DO NOTHING;

        GET DIAGNOSTICS changed = ROW_COUNT;
        processed := processed + changed;
        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE NOTICE 'Computed % totals', processed;
END
$$;

-- migrate:after
SELECT id, subtotal, tax_amount, shipping_amount, total_amount
FROM orders
WHERE total_amount IS DISTINCT FROM subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0);

-- migrate:contract
-- After this, `down` can no longer tell which totals were computed and leaves them all.
DROP TABLE order_total_amount_backups;

-- migrate:down
DROP TRIGGER trg_orders_total_amount ON orders;
DROP FUNCTION orders_set_total_amount();

-- Takes back the totals that were computed here and still agree with their parts.
-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 1000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    IF to_regclass('order_total_amount_backups') IS NULL THEN
        RAISE NOTICE 'order_total_amount_backups has been dropped: totals stay as they are';
        RETURN;
    END IF;

    LOOP
        SELECT max(order_id) INTO batch_end
        FROM (
            SELECT order_id FROM order_total_amount_backups
            WHERE order_id > last_id
            ORDER BY order_id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE orders o
        SET total_amount = NULL
        FROM order_total_amount_backups b
        WHERE b.order_id > last_id AND b.order_id <= batch_end
          AND o.id = b.order_id
          AND o.total_amount = o.subtotal + coalesce(o.tax_amount, 0) + coalesce(o.shipping_amount, 0);

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

DROP TABLE IF EXISTS order_total_amount_backups;
