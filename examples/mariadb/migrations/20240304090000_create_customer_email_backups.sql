-- /// migration
-- description = "Make room for the addresses that 20240304090100 changes"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["customer_email_backups"]
-- dependencies = ["20240301090000"]
-- tags = ["schema", "new-table"]
-- ///

-- A migration of its own: CREATE TABLE commits, and the change of the data shall be one transaction with its record.

-- migrate:up
CREATE TABLE customer_email_backups (
    customer_id  BIGINT NOT NULL,
    email_before VARCHAR(255) NOT NULL,
    email_after  VARCHAR(255) NOT NULL,

    PRIMARY KEY (customer_id),
    CONSTRAINT fk_customer_email_backups_customer_id
        FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- migrate:down
DROP TABLE customer_email_backups;
