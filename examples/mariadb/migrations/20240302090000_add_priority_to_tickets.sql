-- /// migration
-- description = "Give tickets a priority"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["tickets"]
-- dependencies = ["20240301090000"]
-- tags = ["schema", "new-column"]
-- ///

-- ALGORITHM=INSTANT: a change of the catalog only. If the server cannot do it like that it says so and does nothing,
-- instead of silently copying the table.

-- migrate:up
ALTER TABLE tickets ADD COLUMN priority TINYINT NOT NULL DEFAULT 3, ALGORITHM=INSTANT;

-- migrate:down
-- Loses the priorities given since `up`.
ALTER TABLE tickets DROP COLUMN priority, ALGORITHM=INSTANT;
