CREATE OR REPLACE VIEW answer AS SELECT 42 AS answer;
INSERT INTO witness VALUES ('repeatable');
