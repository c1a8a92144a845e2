-- A comment first; it's allowed.
---- DOWN MIGRATION (comes first here)
DROP TABLE orders;
---- UP MIGRATION
CREATE TABLE orders (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));
