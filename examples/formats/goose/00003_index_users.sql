-- +goose NO TRANSACTION
-- +goose up
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
CREATE INDEX CONCURRENTLY users_updated_at_idx ON users (updated_at);

--+goose DOWN
DROP INDEX CONCURRENTLY users_updated_at_idx;
DROP INDEX CONCURRENTLY users_email_key;
