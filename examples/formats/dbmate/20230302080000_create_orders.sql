-- migrate:up
CREATE TABLE orders (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id), note text);

-- migrate:down
DROP TABLE orders;

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);

-- migrate:down transaction:false
DROP INDEX IF EXISTS orders_note_idx;
DROP INDEX IF EXISTS orders_user_id_idx;
