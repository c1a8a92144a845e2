DROP TABLE ${flyway:defaultSchema}.orders;
