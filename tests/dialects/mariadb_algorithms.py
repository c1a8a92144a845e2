"""Tables and ALTER statements on which what analyse says is compared with what a MariaDB server accepts."""

SETUP = """
CREATE TABLE p (id int PRIMARY KEY, x int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE q (
  id int NOT NULL AUTO_INCREMENT, a int, b int NOT NULL, k int, nd int NOT NULL DEFAULT 5, v varchar(50),
  w varchar(70), l1 varchar(50) CHARACTER SET latin1, cu varchar(50) CHARACTER SET utf8mb3, tx text, d decimal(10,2),
  e enum('a','b','c'), s set('x','y'), dt datetime, ts timestamp NULL, c char(10), cl char(10) CHARACTER SET latin1,
  iv varchar(30), fl float, bin varbinary(50), y int unsigned,
  PRIMARY KEY (id), KEY ia (a), UNIQUE KEY ub (b), KEY iv_ (iv)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE vg (id int PRIMARY KEY, a int, b int NOT NULL, g int AS (b + 1) VIRTUAL, v varchar(10))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE sg (id int PRIMARY KEY, a int, b int NOT NULL, g int AS (b + 1) STORED, v varchar(10))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE ck (id int PRIMARY KEY, a int, b int NOT NULL, v varchar(10), CONSTRAINT c0 CHECK (a > 0))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE cc (id int PRIMARY KEY, a int CHECK (a > 0), b int NOT NULL, v varchar(10))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE fk (id int PRIMARY KEY, a int, b int NOT NULL, KEY ia (a),
  CONSTRAINT f0 FOREIGN KEY (a) REFERENCES p (id)) ENGINE=InnoDB;
CREATE TABLE gi (id int PRIMARY KEY, a int, b int NOT NULL, g int AS (b + 1) VIRTUAL, KEY ig (g))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE ft (id int PRIMARY KEY, tx text, ty text, FULLTEXT KEY fx (tx)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE np (a int NOT NULL, b int, UNIQUE KEY u (a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE ex (id int NOT NULL, a int, PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE sp (id int PRIMARY KEY, pt point NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE r (id int PRIMARY KEY, a int, b int NOT NULL, v varchar(10)) ENGINE=InnoDB ROW_FORMAT=REDUNDANT
  DEFAULT CHARSET=latin1;
CREATE TABLE m (id int PRIMARY KEY, a int, v varchar(10)) ENGINE=MyISAM;
CREATE TABLE ar (id int PRIMARY KEY, a int, v varchar(10)) ENGINE=Aria;
CREATE TABLE po (id int NOT NULL, a int, PRIMARY KEY (id)) ENGINE=InnoDB PARTITION BY RANGE (id)
  (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
"""

ROWS = """
INSERT INTO p VALUES (1, 1), (2, 2);
INSERT INTO q (b, a, k, v, iv, tx, e, s, d, dt, ts, l1, cu, c, cl, bin, y, fl) VALUES
  (1, 1, 1, 'a', 'a', 't', 'a', 'x', 1, now(), now(), 'a', 'a', 'a', 'a', 'a', 1, 1),
  (2, 2, 2, 'b', 'b', 't', 'a', 'x', 2, now(), now(), 'b', 'b', 'b', 'b', 'b', 2, 2);
INSERT INTO vg (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO sg (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO ck (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO cc (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO fk (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO gi (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO ft (id, tx) VALUES (1, 'one'), (2, 'two');
INSERT INTO np (a, b) VALUES (1, 1), (2, 2);
INSERT INTO ex (id, a) VALUES (1, 1), (2, 2);
INSERT INTO r (id, a, b) VALUES (1, 1, 1), (2, 2, 2);
INSERT INTO m (id, a) VALUES (1, 1), (2, 2);
INSERT INTO ar (id, a) VALUES (1, 1), (2, 2);
INSERT INTO po (id, a) VALUES (1, 1), (12, 2);
"""

ACTIONS = """
q ADD COLUMN n int
vg ADD COLUMN n int
sg ADD COLUMN n int
ck ADD COLUMN n int
cc ADD COLUMN n int
fk ADD COLUMN n int
gi ADD COLUMN n int
q ADD COLUMN n int FIRST
vg ADD COLUMN n int FIRST
sg ADD COLUMN n int FIRST
ck ADD COLUMN n int FIRST
cc ADD COLUMN n int FIRST
fk ADD COLUMN n int FIRST
gi ADD COLUMN n int FIRST
q ADD COLUMN n int AFTER id
vg ADD COLUMN n int AFTER id
sg ADD COLUMN n int AFTER id
ck ADD COLUMN n int AFTER id
cc ADD COLUMN n int AFTER id
fk ADD COLUMN n int AFTER id
gi ADD COLUMN n int AFTER id
q ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
vg ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
sg ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
ck ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
cc ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
fk ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
gi ADD COLUMN n int NOT NULL DEFAULT 3 FIRST
q DROP COLUMN b
vg DROP COLUMN b
sg DROP COLUMN b
ck DROP COLUMN b
cc DROP COLUMN b
fk DROP COLUMN b
gi DROP COLUMN b
q MODIFY a int NOT NULL
vg MODIFY a int NOT NULL
sg MODIFY a int NOT NULL
ck MODIFY a int NOT NULL
cc MODIFY a int NOT NULL
fk MODIFY a int NOT NULL
gi MODIFY a int NOT NULL
q MODIFY b int
vg MODIFY b int
sg MODIFY b int
ck MODIFY b int
cc MODIFY b int
fk MODIFY b int
gi MODIFY b int
q MODIFY a int FIRST
vg MODIFY a int FIRST
sg MODIFY a int FIRST
ck MODIFY a int FIRST
cc MODIFY a int FIRST
fk MODIFY a int FIRST
q MODIFY a int AFTER b
vg MODIFY a int AFTER b
sg MODIFY a int AFTER b
ck MODIFY a int AFTER b
cc MODIFY a int AFTER b
fk MODIFY a int AFTER b
gi MODIFY a int AFTER b
q ADD INDEX i2 (b)
vg ADD INDEX i2 (b)
sg ADD INDEX i2 (b)
ck ADD INDEX i2 (b)
cc ADD INDEX i2 (b)
fk ADD INDEX i2 (b)
gi ADD INDEX i2 (b)
q DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
vg DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
sg DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
ck DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
cc DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
fk DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
gi DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)
q FORCE
vg FORCE
sg FORCE
ck FORCE
cc FORCE
fk FORCE
gi FORCE
q RENAME COLUMN b TO b2
vg RENAME COLUMN b TO b2
sg RENAME COLUMN b TO b2
ck RENAME COLUMN b TO b2
cc RENAME COLUMN b TO b2
fk RENAME COLUMN b TO b2
gi RENAME COLUMN b TO b2
q MODIFY b int NOT NULL DEFAULT 3
vg MODIFY b int NOT NULL DEFAULT 3
sg MODIFY b int NOT NULL DEFAULT 3
ck MODIFY b int NOT NULL DEFAULT 3
cc MODIFY b int NOT NULL DEFAULT 3
fk MODIFY b int NOT NULL DEFAULT 3
gi MODIFY b int NOT NULL DEFAULT 3
q ADD COLUMN n varchar(36) DEFAULT (uuid())
q ADD COLUMN n varchar(36) CHARACTER SET utf8mb3 DEFAULT (uuid())
q ADD COLUMN n double DEFAULT (rand())
q ADD COLUMN n int DEFAULT (a + 1)
q ADD COLUMN n int DEFAULT (unix_timestamp())
q ADD COLUMN n date DEFAULT (curdate())
q ADD COLUMN n int CHECK (n > 0)
q ADD COLUMN n int NOT NULL DEFAULT 0 CHECK (n >= 0)
q MODIFY a int CHECK (a > 0)
ck MODIFY a int CHECK (a > 0)
ck ADD COLUMN n int CHECK (n > 0)
ck DROP COLUMN a
ck DROP CONSTRAINT c0
ck DROP CONSTRAINT c0, DROP COLUMN a
ck RENAME COLUMN a TO a2
cc DROP COLUMN a
cc MODIFY a int
cc MODIFY a int CHECK (a > 0)
cc MODIFY a int CHECK (a > 1)
cc CHANGE a a2 int
vg ADD COLUMN g2 int AS (a + 1) VIRTUAL
vg ADD COLUMN g2 int AS (a + 1) VIRTUAL FIRST
vg DROP COLUMN g
vg MODIFY g int AS (b + 1) VIRTUAL FIRST
vg MODIFY g int AS (b + 4) VIRTUAL
vg MODIFY g bigint AS (b + 1) VIRTUAL
vg ADD INDEX ig (g)
vg ADD COLUMN n int, ADD COLUMN g2 int AS (a + 1) VIRTUAL
q ADD COLUMN n int, ADD COLUMN g2 int AS (a + 1) VIRTUAL
q ADD COLUMN n int AFTER a, ADD COLUMN g2 int AS (a + 1) VIRTUAL
q ADD COLUMN g2 int AS (a + 1) VIRTUAL AFTER a
q ADD COLUMN g2 int AS (a + 1) VIRTUAL, ADD INDEX (g2)
q ADD COLUMN g2 int AS (a + 1) VIRTUAL CHECK (g2 > 0)
q ADD COLUMN n int, DROP COLUMN k
q ADD COLUMN n int, RENAME COLUMN k TO k2
q DROP COLUMN a
q DROP COLUMN id
q DROP COLUMN id, ADD PRIMARY KEY (b)
q DROP COLUMN k, ADD INDEX (nd)
q MODIFY a int NOT NULL, ADD INDEX (nd)
q MODIFY a int NOT NULL AFTER v
q MODIFY a bigint AFTER v
q MODIFY nd int DEFAULT 7
q MODIFY v varchar(60) NOT NULL
q MODIFY v varchar(60) DEFAULT 'x' COMMENT 'y'
q MODIFY v varchar(60) CHARACTER SET utf8mb4
q MODIFY l1 varchar(60) CHARACTER SET latin1
q MODIFY l1 varchar(256) CHARACTER SET latin1
q MODIFY l1 varchar(50) CHARACTER SET utf8mb4
q MODIFY l1 varchar(50) CHARACTER SET utf8mb3
q MODIFY cu varchar(50) CHARACTER SET utf8mb4
q MODIFY cu varchar(63) CHARACTER SET utf8mb4
q MODIFY cu varchar(64) CHARACTER SET utf8mb4
q MODIFY c char(10) COLLATE utf8mb4_bin
q MODIFY cl char(10) CHARACTER SET utf8mb3
q MODIFY tx text COLLATE utf8mb4_bin
q MODIFY tx longtext
q MODIFY tx text NOT NULL
q MODIFY e enum('a','b','c','d') NOT NULL
q MODIFY fl double
q MODIFY iv varchar(30) COLLATE utf8mb4_bin
q DROP INDEX ia, DROP INDEX ub
q ADD INDEX (nd), ADD FULLTEXT (tx)
q DROP COLUMN IF EXISTS zz
q CONVERT TO CHARACTER SET utf8mb4
q CONVERT TO CHARACTER SET utf8mb3
vg CONVERT TO CHARACTER SET utf8mb4
q RENAME q2, ADD INDEX (nd)
q ADD COLUMN n int REFERENCES p (id)
q ADD FOREIGN KEY (k) REFERENCES p (id)
q ADD SYSTEM VERSIONING
po MODIFY a int NOT NULL
po ADD COLUMN n int FIRST
p ADD COLUMN y int
p RENAME COLUMN id TO id2
p MODIFY id int COMMENT 'x'
p CONVERT TO CHARACTER SET latin1
fk DROP COLUMN a
q MODIFY bin varbinary(255)
q MODIFY bin varbinary(256)
q MODIFY bin varbinary(20)
q MODIFY v varchar(63)
q MODIFY v varchar(64)
q MODIFY w varchar(300)
q MODIFY v varchar(40)
q MODIFY v text
q MODIFY tx varchar(500)
q MODIFY y int
q MODIFY a int(5)
q MODIFY a tinyint
q MODIFY c char(20)
q MODIFY c varchar(10)
q MODIFY d decimal(12,2)
q MODIFY e enum('a','b','c','d')
q MODIFY e enum('a','c','b')
q MODIFY e enum('a','b')
q MODIFY e varchar(10)
q MODIFY s set('x','y','z')
q MODIFY s set('y','x')
q MODIFY s set('x','y','z','a','b','c','d','e','f')
q MODIFY dt datetime(6)
q MODIFY dt date
q MODIFY ts datetime
q MODIFY id bigint NOT NULL AUTO_INCREMENT
q MODIFY id int NOT NULL
q ALTER COLUMN a SET DEFAULT 4
q ALTER COLUMN nd DROP DEFAULT
q ADD COLUMN (n int, o int)
q ADD COLUMN n int UNIQUE
q ADD COLUMN n int AS (a + 1) STORED
q ADD COLUMN n datetime NOT NULL DEFAULT CURRENT_TIMESTAMP
q ADD COLUMN n json
q ADD COLUMN n int, ADD INDEX i2 (k)
q ADD UNIQUE KEY u2 (k)
q ADD CONSTRAINT u2 UNIQUE (k, v)
q ADD FULLTEXT INDEX f (tx)
q DROP INDEX ia
q DROP INDEX ia, ADD INDEX ia (a, k)
q RENAME INDEX ia TO ia2
q ALTER INDEX ia IGNORED
q ADD CONSTRAINT c2 CHECK (k < 100)
q COMMENT = 'x'
q AUTO_INCREMENT = 100
q DEFAULT CHARACTER SET latin1
q ENGINE = InnoDB
q ROW_FORMAT = COMPRESSED
q KEY_BLOCK_SIZE = 4
q CONVERT TO CHARACTER SET latin1
ft ADD FULLTEXT INDEX f2 (ty)
ft DROP INDEX fx
ft ADD COLUMN n int
ft ADD COLUMN n int FIRST
ft DROP COLUMN ty
ft FORCE
ft MODIFY id bigint
np ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY
np ADD PRIMARY KEY (a)
np ADD PRIMARY KEY (b)
np DROP INDEX u
ex DROP PRIMARY KEY
sp ADD SPATIAL INDEX s (pt)
r ADD COLUMN n int
r MODIFY v varchar(20)
r MODIFY v varchar(300)
r MODIFY a int NOT NULL
r MODIFY b int
r MODIFY a bigint
m ADD COLUMN n int
m ADD INDEX i (a)
m RENAME COLUMN a TO b
m COMMENT = 'x'
ar MODIFY v varchar(20)
po ADD COLUMN n int
po DROP COLUMN a
po ADD INDEX i (a)
po MODIFY a bigint
sg MODIFY g int AS (b + 5) STORED
sg MODIFY g int
"""
