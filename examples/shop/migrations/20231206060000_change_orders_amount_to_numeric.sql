-- /// migration
-- description = "Store orders.amount as NUMERIC(10,2) instead of a floating-point number"
-- author = "shop-team@example.com"
-- estimated_duration = "25 seconds"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["orders"]
-- dependencies = ["20231201120300"]
-- tags = ["schema", "data", "orders", "backfill", "contract"]
-- ///

-- ALTER COLUMN ... TYPE would rewrite the table while nobody can read it. Instead: a second column, a trigger that
-- fills it with every write, a backfill, and an exchange of the names in the contract step. The application uses
-- `amount` all the time and never hears of `amount_new`; it must only be able to take either type.

-- migrate:before
-- Amounts that the new type cannot hold, or that would round to zero.
SELECT id, amount FROM orders WHERE NOT amount BETWEEN 0.005 AND 99999999.99;

-- migrate:up
ALTER TABLE orders ADD COLUMN amount_new NUMERIC(10,2);

CREATE FUNCTION orders_sync_amount() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.amount_new := NEW.amount;
    RETURN NEW;
END
$$;

-- With any update, not of amount only: NOT VALID constraints are checked whenever a row is written, so every write
-- must bring an old row along.
CREATE TRIGGER trg_orders_amount
    BEFORE INSERT OR UPDATE ON orders FOR EACH ROW
    EXECUTE FUNCTION orders_sync_amount();

ALTER TABLE orders
    ADD CONSTRAINT chk_orders_amount_new_positive CHECK (amount_new > 0) NOT VALID,
    ADD CONSTRAINT chk_orders_amount_new_not_null CHECK (amount_new IS NOT NULL) NOT VALID;

-- instar:idempotent
DO $$
DECLARE
    batch_size CONSTANT INTEGER := 2000;
    last_id    BIGINT := 0;
    batch_end  BIGINT;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (
            SELECT id FROM orders
            WHERE id > last_id AND amount_new IS NULL
            ORDER BY id
            LIMIT batch_size
        ) AS batch;
        EXIT WHEN batch_end IS NULL;

        UPDATE orders
        SET amount_new = amount
        WHERE id > last_id AND id <= batch_end AND amount_new IS NULL;

        last_id := batch_end;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount_new_positive;
ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount_new_not_null;
COMMIT;

-- The valid check proves that there is no NULL, so the table is not read under the strong lock.
BEGIN;
ALTER TABLE orders ALTER COLUMN amount_new SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT chk_orders_amount_new_not_null;
COMMIT;

-- The new column has no statistics yet. And the check below reads the whole table in the last transaction: it must not
-- be the one above, whose strong lock all readers and writers would wait for until the check is through.
ANALYZE orders;

-- migrate:after
SELECT id, amount, amount_new FROM orders WHERE amount_new IS DISTINCT FROM amount::NUMERIC(10,2);

-- migrate:contract
-- Changes of the catalog only, in one transaction: whoever looks sees one `amount` or the other.
DROP TRIGGER trg_orders_amount ON orders;
DROP FUNCTION orders_sync_amount();
ALTER TABLE orders DROP COLUMN amount;
ALTER TABLE orders RENAME COLUMN amount_new TO amount;
ALTER TABLE orders RENAME CONSTRAINT chk_orders_amount_new_positive TO chk_orders_amount_positive;

-- From PostgreSQL 18 on NOT NULL has a name as well.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_constraint WHERE conrelid = 'orders'::regclass AND conname = 'orders_amount_new_not_null'
    ) THEN
        ALTER TABLE orders RENAME CONSTRAINT orders_amount_new_not_null TO orders_amount_not_null;
    END IF;
END
$$;

-- migrate:down
-- Before the contract step nothing is lost: the old column has been there all the time. After it, the amounts are
-- turned into floating-point numbers again, rounded to cents as they are by then, the column stays at the end of the
-- table, and the table is rewritten under a lock: choose a quiet hour.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = 'orders'::regclass AND attname = 'amount_new' AND NOT attisdropped
    ) THEN
        ALTER TABLE orders
            DROP CONSTRAINT chk_orders_amount_positive,
            ALTER COLUMN amount TYPE DOUBLE PRECISION,
            ADD CONSTRAINT chk_orders_amount_positive CHECK (amount > 0);
    END IF;
END
$$;

DROP TRIGGER IF EXISTS trg_orders_amount ON orders;
DROP FUNCTION IF EXISTS orders_sync_amount();
ALTER TABLE orders DROP COLUMN IF EXISTS amount_new;
