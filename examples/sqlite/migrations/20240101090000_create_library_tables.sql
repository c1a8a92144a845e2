-- /// migration
-- description = "Create books, members and loans"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["books", "members", "loans"]
-- dependencies = []
-- tags = ["schema", "new-table"]
-- ///

-- migrate:up
CREATE TABLE members (
    id         INTEGER NOT NULL,
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT pk_members_id PRIMARY KEY (id),
    CONSTRAINT uk_members_email UNIQUE (email)
);

CREATE TABLE books (
    id    INTEGER NOT NULL,
    title TEXT NOT NULL,
    isbn  TEXT,

    CONSTRAINT pk_books_id PRIMARY KEY (id)
);

CREATE TABLE loans (
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

CREATE INDEX idx_loans_book_id ON loans (book_id);
CREATE INDEX idx_loans_member_id ON loans (member_id);

-- migrate:down
-- The view of R__overdue_loans.sql reads these tables.
DROP VIEW IF EXISTS overdue_loans;
DROP TABLE loans;
DROP TABLE books;
DROP TABLE members;
