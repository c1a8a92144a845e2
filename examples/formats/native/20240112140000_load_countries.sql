CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL);

COPY countries (code, name) FROM stdin;
AT	Austria; Vienna
CI	Côte d'Ivoire
-- 	not a comment
\.

INSERT INTO users (email, settings) VALUES ('a@example.com', '{"k": "100 %"}');
