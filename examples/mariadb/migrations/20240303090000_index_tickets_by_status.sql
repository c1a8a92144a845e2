-- /// migration
-- description = "Index tickets by status and date"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "10 seconds"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["tickets"]
-- dependencies = ["20240301090000"]
-- tags = ["schema", "index"]
-- ///

-- migrate:up
-- Built beside the table while others read and write it; refused by the server if that were not possible.
ALTER TABLE tickets ADD INDEX idx_tickets_status_opened_at (status, opened_at), ALGORITHM=INPLACE, LOCK=NONE;

-- migrate:down
ALTER TABLE tickets DROP INDEX idx_tickets_status_opened_at, ALGORITHM=INPLACE, LOCK=NONE;
