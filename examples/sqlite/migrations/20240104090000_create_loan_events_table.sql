-- /// migration
-- description = "Write down each return of a book"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "medium"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["loan_events", "loans"]
-- dependencies = ["20240101090000"]
-- tags = ["schema", "new-table", "trigger"]
-- ///

-- migrate:up
CREATE TABLE loan_events (
    id          INTEGER NOT NULL,
    loan_id     INTEGER NOT NULL,
    event       TEXT NOT NULL,
    happened_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT pk_loan_events_id PRIMARY KEY (id),
    CONSTRAINT fk_loan_events_loan_id FOREIGN KEY (loan_id) REFERENCES loans (id) ON DELETE CASCADE
);

CREATE INDEX idx_loan_events_loan_id ON loan_events (loan_id);

CREATE TRIGGER trg_loans_returned
AFTER UPDATE OF returned_on ON loans
WHEN NEW.returned_on IS NOT NULL AND OLD.returned_on IS NULL
BEGIN
    INSERT INTO loan_events (loan_id, event) VALUES (NEW.id, 'returned');
END;

-- migrate:down
DROP TRIGGER trg_loans_returned;
DROP TABLE loan_events;
