-- /// migration
-- description = "Write down each change of a ticket's status, and close tickets that nobody answers"
-- author = "helpdesk-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["ticket_events", "tickets"]
-- dependencies = ["20240301090000"]
-- tags = ["schema", "new-table", "trigger", "procedure"]
-- ///

-- migrate:up
CREATE TABLE ticket_events (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    ticket_id   BIGINT NOT NULL,
    status      VARCHAR(20) NOT NULL,
    happened_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (id),
    KEY idx_ticket_events_ticket_id (ticket_id),
    CONSTRAINT fk_ticket_events_ticket_id FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

DELIMITER //

CREATE TRIGGER trg_tickets_status
AFTER UPDATE ON tickets FOR EACH ROW
BEGIN
    IF NEW.status <> OLD.status THEN
        INSERT INTO ticket_events (ticket_id, status) VALUES (NEW.id, NEW.status);
    END IF;
END//

CREATE PROCEDURE close_stale_tickets(IN days INT)
MODIFIES SQL DATA
BEGIN
    -- In portions: one long transaction would keep the rows locked and the undo log growing.
    REPEAT
        UPDATE tickets
        SET status = 'closed', closed_at = NOW()
        WHERE status = 'waiting' AND opened_at < NOW() - INTERVAL days DAY
        ORDER BY id
        LIMIT 500;
    UNTIL ROW_COUNT() = 0 END REPEAT;
END//

DELIMITER ;

-- migrate:down
DROP PROCEDURE close_stale_tickets;
DROP TRIGGER trg_tickets_status;
DROP TABLE ticket_events;
