-- migrate:up
ALTER TABLE orders ADD COLUMN total numeric NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE orders DROP COLUMN total