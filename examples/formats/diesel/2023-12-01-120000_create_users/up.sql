CREATE TABLE users (id serial PRIMARY KEY, email varchar NOT NULL, updated_at timestamp NOT NULL DEFAULT now());
