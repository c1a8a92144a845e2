-- migrate:up
CREATE FUNCTION order_label(o orders) RETURNS text
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT 'Order ' || o.id || '; ' || o.status;
    END;

CREATE FUNCTION touch_order() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- $$ and ; inside of a tagged dollar quote
    IF NEW.status = 'it''s done' THEN
        RAISE NOTICE 'done: % of %', NEW.id, $inner$a; b$inner$;
    END IF;
    RETURN NEW;
END;
$body$;

CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_order();

-- migrate:down
DROP TRIGGER orders_touch ON orders;
DROP FUNCTION touch_order();
DROP FUNCTION order_label(orders);
