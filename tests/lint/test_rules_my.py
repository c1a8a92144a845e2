"""What the rules for MySQL and MariaDB say of statements with several changes, and of tables that nobody uses yet."""

import pytest
from proving import migration

from instar.dialects import load
from instar.lint.engine import Linter
from instar.model import Finding

SETUP = "CREATE TABLE t (id INT PRIMARY KEY, a INT, v VARCHAR(20), KEY ia (a)) DEFAULT CHARSET = utf8mb4;"


def found(text: str, dialect: str = "mariadb") -> list[Finding]:
    spoken = load(dialect)
    linter = Linter(spoken, spoken.schema())
    list(linter.judge([migration(SETUP, "1")], wanted=()))
    judged = linter.judge([migration(text, "2")], wanted={"2"})
    return [item for each in judged for item in each.findings if item.rule.startswith("my-")]


@pytest.mark.parametrize(
    ("action", "rules"),
    [
        ("ADD COLUMN n INT, ALGORITHM=INSTANT", []),
        ("ADD COLUMN n INT", ["my-algorithm-clause"]),
        ("ADD COLUMN n INT, ADD INDEX i (a, id), ALGORITHM=INPLACE", ["my-rebuild"]),
        ("ADD COLUMN n INT, ADD COLUMN g INT AS (a + 1) VIRTUAL", ["my-copy-algorithm"]),
        ("ADD COLUMN n INT, ALGORITHM=COPY", ["my-copy-algorithm"]),
        ("MODIFY a BIGINT", ["my-copy-algorithm"]),
        ("MODIFY a BIGINT, ALGORITHM=INPLACE", ["my-algorithm-clause"]),
        ("MODIFY v VARCHAR(30), ALGORITHM=INSTANT", []),
        ("ADD INDEX iv (v), ALGORITHM=NOCOPY, LOCK=NONE", []),
        ("ADD INDEX iv (v), LOCK=SHARED, ALGORITHM=NOCOPY", ["my-lock-option"]),
        ("DROP INDEX ia, ALGORITHM=NOCOPY", []),
        ("FORCE", ["my-rebuild"]),
        ("RENAME TO u", []),
        ("ENGINE = MyISAM", ["my-copy-algorithm", "my-engine"]),
    ],
)
def test_each_way_has_its_rule(action: str, rules: list[str]) -> None:
    assert sorted(item.rule for item in found(f"ALTER TABLE t {action};")) == rules


def test_a_foreign_key_makes_the_writers_of_both_tables_wait() -> None:
    (finding,) = found("ALTER TABLE t ADD CONSTRAINT fk_t_a FOREIGN KEY (a) REFERENCES p (id);")
    assert finding.rule == "my-add-fk-copy"
    assert finding.message == "writes to t and p wait while every row is looked up in p"
    (own,) = found("ALTER TABLE t ADD CONSTRAINT fk_t_a FOREIGN KEY (a) REFERENCES t (id);")
    assert own.message == "writes to t wait while every row is looked up in t"


def test_a_table_of_the_same_migration_may_be_copied() -> None:
    text = (
        "CREATE TABLE u (id INT PRIMARY KEY, a INT);\nALTER TABLE u MODIFY a BIGINT;\nALTER TABLE u ADD CHECK (a > 0);"
    )
    assert found(text) == []


def test_the_clause_is_written_at_the_end_of_the_statement() -> None:
    (finding,) = found("CREATE INDEX iv ON t (v);")
    assert finding.fix is not None
    assert finding.fix.sql == "CREATE INDEX iv ON t (v) ALGORITHM=NOCOPY LOCK=NONE;"
    (finding,) = found("CREATE INDEX iv ON t (v);", "mysql")
    assert finding.fix is not None
    assert finding.fix.sql == "CREATE INDEX iv ON t (v) ALGORITHM=INPLACE LOCK=NONE;"


def test_what_is_not_known_is_not_said_for_certain() -> None:
    (finding,) = found("ALTER TABLE older MODIFY a BIGINT;")
    assert (finding.rule, finding.unknown) == ("my-copy-algorithm", "the definition of older.a so far")
