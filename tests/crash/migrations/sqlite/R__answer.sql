DROP VIEW IF EXISTS answer;
CREATE VIEW answer AS SELECT 42 AS answer;
INSERT INTO witness VALUES ('repeatable');
