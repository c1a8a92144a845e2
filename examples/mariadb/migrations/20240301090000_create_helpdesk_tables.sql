-- /// migration
-- description = "Create customers and tickets"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["customers", "tickets"]
-- dependencies = []
-- tags = ["schema", "new-table"]
-- ///

-- MariaDB commits each of these statements by itself. instar records each by itself, too: after an interruption it
-- goes on with the one that is missing.

-- migrate:up
CREATE TABLE customers (
    id         BIGINT NOT NULL AUTO_INCREMENT,
    email      VARCHAR(255) NOT NULL,
    name       VARCHAR(100) NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (id),
    CONSTRAINT uk_customers_email UNIQUE (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tickets (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    customer_id BIGINT NOT NULL,
    subject     VARCHAR(200) NOT NULL,
    status      VARCHAR(20) NOT NULL DEFAULT 'open',
    opened_at   DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    closed_at   DATETIME,

    PRIMARY KEY (id),
    KEY idx_tickets_customer_id (customer_id),
    CONSTRAINT fk_tickets_customer_id FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT chk_tickets_status_valid CHECK (status IN ('open', 'waiting', 'closed'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- migrate:down
DROP TABLE tickets;
DROP TABLE customers;
