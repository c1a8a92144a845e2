-- migrate:up
CREATE TABLE users (
    id serial PRIMARY KEY,
    email varchar(255) NOT NULL -- it's unique; see below
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- migrate:down
DROP TABLE users;
