-- migrate:up
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    total numeric(12, 2) NOT NULL,
    status text NOT NULL DEFAULT 'new'
);

-- migrate:down
DROP TABLE orders;