-- /// migration
-- description = "Create the table of users"
-- author = "maria@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["users"]
-- tags = ["schema", "new-table"]
-- ///

-- migrate:up
-- Don't split here; an apostrophe and a semicolon in a comment are no SQL.
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL DEFAULT '',
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE users;
