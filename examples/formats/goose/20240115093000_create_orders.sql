-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    currency char(3) NOT NULL DEFAULT '${SHOP_CURRENCY:-EUR}'
);
-- +goose ENVSUB OFF
COMMENT ON TABLE orders IS 'a ${literal} and a $literal';

-- +goose Down
DROP TABLE orders;
