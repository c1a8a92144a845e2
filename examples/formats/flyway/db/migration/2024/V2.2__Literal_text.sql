INSERT INTO users (email) VALUES ('änne@example.com');
COMMENT ON TABLE orders IS '${not a placeholder}';
