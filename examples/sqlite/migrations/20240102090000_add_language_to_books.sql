-- /// migration
-- description = "Let a book have a language"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["books"]
-- dependencies = ["20240101090000"]
-- tags = ["schema", "new-column"]
-- ///

-- migrate:up
ALTER TABLE books ADD COLUMN language TEXT;

-- migrate:down
-- SQLite 3.35 or newer. Loses the languages entered since `up`.
ALTER TABLE books DROP COLUMN language;
