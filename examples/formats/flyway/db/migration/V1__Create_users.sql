CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(200) NOT NULL
);
COMMENT ON TABLE users IS 'made by ${flyway:filename} for ${OWNER}';
