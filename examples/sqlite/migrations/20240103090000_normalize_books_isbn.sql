-- /// migration
-- description = "Store ISBNs without hyphens and spaces"
-- author = "library-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "high"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["books", "book_isbn_backups"]
-- dependencies = ["20240101090000"]
-- tags = ["data"]
-- ///

-- migrate:before
SELECT id, isbn
FROM books
WHERE length(replace(replace(isbn, '-', ''), ' ', '')) NOT IN (10, 13);

-- migrate:up
CREATE TABLE book_isbn_backups (
    book_id     INTEGER NOT NULL,
    isbn_before TEXT NOT NULL,
    isbn_after  TEXT NOT NULL,

    CONSTRAINT pk_book_isbn_backups_book_id PRIMARY KEY (book_id),
    CONSTRAINT fk_book_isbn_backups_book_id FOREIGN KEY (book_id) REFERENCES books (id) ON DELETE CASCADE
);

INSERT INTO book_isbn_backups (book_id, isbn_before, isbn_after)
SELECT id, isbn, replace(replace(isbn, '-', ''), ' ', '')
FROM books
WHERE isbn <> replace(replace(isbn, '-', ''), ' ', '');

UPDATE books
SET isbn = (SELECT isbn_after FROM book_isbn_backups WHERE book_id = books.id)
WHERE id IN (SELECT book_id FROM book_isbn_backups);

-- migrate:after
SELECT id, isbn FROM books WHERE isbn LIKE '%-%' OR isbn LIKE '% %';

-- migrate:contract
DROP TABLE book_isbn_backups;

-- migrate:down
-- Before the contract step only. Numbers that were edited since stay as they are.
UPDATE books
SET isbn = (SELECT isbn_before FROM book_isbn_backups WHERE book_id = books.id)
WHERE isbn = (SELECT isbn_after FROM book_isbn_backups WHERE book_id = books.id);

DROP TABLE book_isbn_backups;
