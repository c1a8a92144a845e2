-- /// migration
-- description = "Give every loan a date when it is due, and refuse one without"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["loans"]
-- dependencies = ["20240104090000"]
-- tags = ["schema", "data", "rebuild"]
-- ///

-- SQLite cannot add a constraint to a table: the table is built anew. With foreign keys enforced, dropping the old one
-- would delete the rows of loan_events, so they are off meanwhile (which SQLite allows outside a transaction only).
-- legacy_alter_table lets the new table take the old name although a view reads a table that does not exist for a
-- moment; and it leaves the references of loan_events, which name `loans`, alone.

-- migrate:before
SELECT id, lent_on, due_on FROM loans WHERE due_on < lent_on;

-- migrate:up
PRAGMA foreign_keys = OFF;
PRAGMA legacy_alter_table = ON;

BEGIN;
CREATE TABLE loans_new (
    id          INTEGER NOT NULL,
    book_id     INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    lent_on     TEXT NOT NULL,
    due_on      TEXT NOT NULL,
    returned_on TEXT,

    CONSTRAINT pk_loans_id PRIMARY KEY (id),
    CONSTRAINT fk_loans_book_id FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT fk_loans_member_id FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE,
    CONSTRAINT chk_loans_due_on_after_lent_on CHECK (due_on >= lent_on)
);

INSERT INTO loans_new (id, book_id, member_id, lent_on, due_on, returned_on)
SELECT id, book_id, member_id, lent_on, coalesce(due_on, date(lent_on, '+28 days')), returned_on
FROM loans;

-- Takes the indexes and the trigger along.
DROP TABLE loans;
ALTER TABLE loans_new RENAME TO loans;

CREATE INDEX idx_loans_book_id ON loans (book_id);
CREATE INDEX idx_loans_member_id ON loans (member_id);

CREATE TRIGGER trg_loans_returned
AFTER UPDATE OF returned_on ON loans
WHEN NEW.returned_on IS NOT NULL AND OLD.returned_on IS NULL
BEGIN
    INSERT INTO loan_events (loan_id, event) VALUES (NEW.id, 'returned');
END;
COMMIT;

PRAGMA legacy_alter_table = OFF;
PRAGMA foreign_keys = ON;

-- migrate:after
-- One row for each reference that leads nowhere.
PRAGMA foreign_key_check;

-- migrate:down
-- Which loans had no due date is not known any more: the dates stay.
PRAGMA foreign_keys = OFF;
PRAGMA legacy_alter_table = ON;

BEGIN;
CREATE TABLE loans_new (
    id          INTEGER NOT NULL,
    book_id     INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    lent_on     TEXT NOT NULL,
    due_on      TEXT,
    returned_on TEXT,

    CONSTRAINT pk_loans_id PRIMARY KEY (id),
    CONSTRAINT fk_loans_book_id FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT fk_loans_member_id FOREIGN KEY (member_id) REFERENCES members (id) ON DELETE CASCADE
);

INSERT INTO loans_new (id, book_id, member_id, lent_on, due_on, returned_on)
SELECT id, book_id, member_id, lent_on, due_on, returned_on
FROM loans;

DROP TABLE loans;
ALTER TABLE loans_new RENAME TO loans;

CREATE INDEX idx_loans_book_id ON loans (book_id);
CREATE INDEX idx_loans_member_id ON loans (member_id);

CREATE TRIGGER trg_loans_returned
AFTER UPDATE OF returned_on ON loans
WHEN NEW.returned_on IS NOT NULL AND OLD.returned_on IS NULL
BEGIN
    INSERT INTO loan_events (loan_id, event) VALUES (NEW.id, 'returned');
END;
COMMIT;

PRAGMA legacy_alter_table = OFF;
PRAGMA foreign_keys = ON;
