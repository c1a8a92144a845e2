-- +goose Up
ALTER TABLE users ADD COLUMN updated_at timestamptz;
-- +goose StatementBegin
CREATE FUNCTION users_touch() RETURNS trigger AS $fn$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$fn$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_touch();

-- +goose Down
DROP TRIGGER users_touch ON users;
-- +goose StatementBegin
DO $$
BEGIN
    DROP FUNCTION users_touch();
END;
$$;
-- +goose StatementEnd
ALTER TABLE users DROP COLUMN updated_at;
