"""MySQL's and MariaDB's scripts: strings, comments, DELIMITER, stored programs, kinds. No server needed."""

from itertools import pairwise

import pytest
from dialect_steps import kinds, texts
from hypothesis import assume, given
from hypothesis import strategies as st

from instar.dialects import CutError, load
from instar.model import Kind, Piece

DIALECT = load("mysql")

PROCEDURE = r"""CREATE DEFINER=`root`@`localhost` PROCEDURE p(IN a INT, OUT b CHAR(3))
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE c CURSOR FOR SELECT start, end FROM spans;
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN SET @x = 1; END;
  outer_loop: LOOP
    IF a > 1 THEN SELECT t.end, 'END;' FROM t; ELSEIF a = 2 THEN
      SELECT CASE WHEN a THEN IF(a, 1, 2) ELSE IF(1, 2, 3) END; -- END;
    ELSE SELECT IF(a, 1, 2) AS `if`; END IF;
    LEAVE outer_loop;
  END LOOP outer_loop;
  CASE a WHEN 1 THEN IF (a) THEN SELECT 1; END IF; ELSE BEGIN END; END CASE;
  REPEAT SET a = a + 1; UNTIL a > 5 END REPEAT;
  WHILE a < 3 DO SET b = REPEAT('x;', 3); END WHILE;
  inner_block: BEGIN SELECT 1; END inner_block;
END"""
KNOWN = (
    "SELECT 1--1, 2",
    r"""INSERT INTO t VALUES ('it''s; \'fine\';', "q""x;\"", `b``;`)""",
    "CREATE TABLE event (begin INT, end INT, `if` INT /* ; ' */)",
    PROCEDURE,
    "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = IF(NEW.b, 1, 2)",
    "CREATE OR REPLACE TRIGGER t AFTER UPDATE ON x FOR EACH ROW IF NEW.a THEN SET NEW.end = 1; END IF",
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC BEGIN RETURN (SELECT CASE 1 WHEN 1 THEN 2 END); END",
    "CREATE FUNCTION g(a INT) RETURNS INT RETURN IF(a, 1, 2)",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; DELETE FROM u; END",
    "ALTER EVENT e DO BEGIN SELECT 1; END",
    "BEGIN NOT ATOMIC SELECT 1; BEGIN SELECT 2; END; END",
    "/*!40101 SET NAMES utf8 */",
    "/*!50003 CREATE*/ /*!1 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN DO 1; END */",
    "SELECT /*+ MAX_EXECUTION_TIME(1) */ 1",
    "DROP PROCEDURE IF EXISTS p",
    "CREATE PROCEDURE IF NOT EXISTS q() SELECT 1",
    "UPDATE t SET a = CASE WHEN b THEN 1 ELSE 2 END",
    "SELECT 'ünï', '😀;'",
)
BETWEEN = (
    "", " ", "\n", "\t\r\n", "-- it's; a comment\n", "--\n", "# don't;\n", '/* "; */', ";", "\n;;\n", "/**/", "-- `\n",
    "/*!999999\\- enable the sandbox mode */",
)  # fmt: skip
PARTS = st.lists(st.tuples(st.sampled_from(KNOWN), st.sampled_from(BETWEEN), st.sampled_from(BETWEEN)))


@given(PARTS)
def test_a_script_of_known_statements_is_cut_back_into_them(parts: list[tuple[str, str, str]]) -> None:
    script = "".join(before + text + after + ";" for text, before, after in parts)
    assert texts(DIALECT, script) == [text for text, _, _ in parts]


@given(PARTS, st.sampled_from(("$$", "//", ";;", "|", "~END~", "$")))
def test_any_delimiter_is_obeyed(parts: list[tuple[str, str, str]], mark: str) -> None:
    parts = [part for part in parts if mark not in "".join(part)]
    body = "".join(f"{before}{text}{after} {mark}\n" for text, before, after in parts)
    script = f"SELECT 0;\nDELIMITER {mark}\n{body}delimiter ;\nSELECT 9;"
    assert texts(DIALECT, script) == ["SELECT 0", *(text for text, _, _ in parts), "SELECT 9"]


@given(st.text(alphabet=st.sampled_from("ab;'\"`-/*#!\\ \n().é") | st.characters(codec="utf-8")))
def test_any_text_is_cut_or_refused_with_a_position(text: str) -> None:
    try:
        pieces = DIALECT.cut(text)
    except CutError as error:
        assume(error.position not in range(len(text)))
        pieces = [Piece(0, -1)]
    assert all(a.end <= b.start for a, b in pairwise(pieces))
    assert all(text[piece.start : piece.end].strip() for piece in pieces)


def test_a_delimiter_may_touch_the_word_before_it() -> None:
    script = "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\nSELECT 2"
    assert texts(DIALECT, script) == ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "SELECT 2"]


def test_a_semicolon_still_ends_a_plain_statement_under_another_delimiter() -> None:
    script = "DELIMITER //\nDROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END; //"
    assert texts(DIALECT, script) == [
        "DROP PROCEDURE IF EXISTS p",
        "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
    ]


def test_a_column_called_delimiter_is_none() -> None:
    assert texts(DIALECT, "SELECT delimiter FROM t; SELECT 2") == ["SELECT delimiter FROM t", "SELECT 2"]


@pytest.mark.parametrize("script", ["", " \n", "-- x\n# y\n/* z */", ";;", "DELIMITER //\n", "\ufeff"])
def test_comments_alone_are_no_statement(script: str) -> None:
    assert DIALECT.cut(script) == []


@pytest.mark.parametrize(
    ("script", "position"),
    [
        ("SELECT 1; SELECT 'open", 17),
        ('SELECT "open', 7),
        ("SELECT `open", 7),
        ("SELECT 1 /* open", 9),
        ("SELECT 1\\G", 8),
        ("SELECT 1;\nsource other.sql", 10),
        ("\\. other.sql", 0),
        ("system rm x", 0),
        ("DELIMITER\nSELECT 1", 0),
        ("SET autocommit = 0, sql_mode = ''", 4),
    ],
)
def test_what_cannot_be_cut_is_refused_where_it_stands(script: str, position: int) -> None:
    with pytest.raises(CutError) as caught:
        DIALECT.cut(script)
    assert caught.value.position == position


@pytest.mark.parametrize("script", ["SET autocommit = 0", "set @@session.autocommit=1", "/*!40101 SET AUTOCOMMIT=0 */"])
def test_autocommit_is_not_sent_because_instar_begins_and_commits(script: str) -> None:
    assert texts(DIALECT, script + "; SELECT 1") == ["SELECT 1"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("begin work", Kind.BEGIN),
        ("START TRANSACTION READ ONLY", Kind.BEGIN),
        ("COMMIT", Kind.COMMIT),
        ("ROLLBACK", Kind.ROLLBACK),
        ("ROLLBACK WORK TO SAVEPOINT a", Kind.PLAIN),
        ("BEGIN NOT ATOMIC SELECT 1; END", Kind.OUTSIDE),
        ("IF 1 THEN SELECT 1; END IF", Kind.OUTSIDE),
        ("CREATE TABLE t (a INT)", Kind.OUTSIDE),
        ("/*!40000 ALTER TABLE t DISABLE KEYS */", Kind.OUTSIDE),
        ("CREATE TEMPORARY TABLE t (a INT)", Kind.PLAIN),
        ("CREATE OR REPLACE TEMPORARY TABLE t (a INT)", Kind.PLAIN),
        ("DROP TEMPORARY TABLE t", Kind.PLAIN),
        ("TRUNCATE t", Kind.OUTSIDE),
        ("GRANT SELECT ON a TO b", Kind.OUTSIDE),
        ("LOCK TABLES t WRITE", Kind.OUTSIDE),
        ("CALL p()", Kind.OUTSIDE),
        ("EXECUTE s", Kind.OUTSIDE),
        ("ANALYZE TABLE t", Kind.OUTSIDE),
        ("ANALYZE SELECT 1", Kind.PLAIN),
        ("LOAD DATA INFILE 'x' INTO TABLE t", Kind.PLAIN),
        ("INSERT INTO t VALUES (1)", Kind.PLAIN),
        ("SET NAMES utf8mb4", Kind.SETTING),
        ("SET foreign_key_checks = 0", Kind.SETTING),
        ("SET @a = 1, @b := 2", Kind.SETTING),
        ("SET @id = LAST_INSERT_ID()", Kind.PLAIN),
        ("SELECT max(a) FROM t INTO @a", Kind.SETTING),
        ("PREPARE s FROM @a", Kind.SETTING),
        ("DEALLOCATE PREPARE s", Kind.SETTING),
        ("USE other", Kind.SETTING),
        ("SET sql_log_bin = 0", Kind.SETTING_OUTSIDE),
        ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", Kind.SETTING_OUTSIDE),
        ("SET GLOBAL max_connections = 5", Kind.OUTSIDE),
        ("SET sql_mode = '', @@global.read_only = 1", Kind.OUTSIDE),
        ("SET PASSWORD FOR a = PASSWORD('x')", Kind.OUTSIDE),
        ("SET STATEMENT max_statement_time = 1 FOR ALTER TABLE t ADD a INT", Kind.OUTSIDE),
        ("SET STATEMENT max_statement_time = 1 FOR DELETE FROM t", Kind.PLAIN),
    ],
)
def test_how_a_statement_stands_to_transactions(text: str, kind: Kind) -> None:
    assert kinds(DIALECT, text) == [kind]


def test_fingerprints_ignore_layout_comments_and_the_case_of_words() -> None:
    assert DIALECT.fingerprint("SELECT a,b FROM T") == DIALECT.fingerprint("select A , b # x\n\tfrom t")
    assert DIALECT.fingerprint("SELECT 'a'") != DIALECT.fingerprint("SELECT 'A'")
    assert DIALECT.fingerprint("SELECT 1") != DIALECT.fingerprint("SELECT /*!50000 DISTINCT */ 1")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CREATE TABLE `A`.`B` LIKE c", {"b", "c"}),
        ("RENAME TABLE a TO b, x.c TO d", {"a", "b", "c", "d"}),
        ("ALTER TABLE a RENAME b", {"a", "b"}),
        ("ALTER TABLE a RENAME INDEX b TO c, ADD FOREIGN KEY (x) REFERENCES d (y)", {"a", "d"}),
        ("DROP INDEX i ON t", {"t"}),
        ("TRUNCATE t", {"t"}),
        ("INSERT IGNORE INTO a (x) SELECT y FROM b AS z, c ON DUPLICATE KEY UPDATE x = 1", {"a", "b", "c"}),
        ("INSERT a VALUES (1, 2)", {"a"}),
        ("UPDATE a, b AS c JOIN d ON 1 SET a.x = 1", {"a", "b", "d"}),
        ("DELETE a, b FROM a JOIN b ON a.x = b.x, c WHERE 1", {"a", "b", "c"}),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", {"t", "u"}),
        ("/*!50001 CREATE VIEW v AS SELECT * FROM `t` */", {"v", "t"}),
        ("SET NAMES utf8", set()),
    ],
)
def test_the_tables_that_a_statement_touches(text: str, names: set[str]) -> None:
    assert DIALECT.touched(text) == frozenset(names)


@pytest.mark.parametrize("text", ["CALL p()", "EXECUTE s", "DROP TRIGGER t", "BEGIN NOT ATOMIC CALL p(); END"])
def test_what_a_statement_touches_may_be_unknown(text: str) -> None:
    assert DIALECT.touched(text) is None
