-- +goose Up
-- The first table; it's the one that the others refer to.
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL
);

-- +goose Down
DROP TABLE users;
