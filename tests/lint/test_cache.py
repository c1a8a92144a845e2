"""What is remembered between runs, and shared among processes, changes nothing in what is found."""

import os
import random
from pathlib import Path

import pytest
from proving import migration

from instar import dialects, linting
from instar.config import Config
from instar.judgement import Verdicts
from instar.lint import cache, files
from instar.lint.engine import Linter
from instar.lint.memory import ALL_OF, State
from instar.lint.shares import shares
from instar.source import text
from instar.source.text import Source

TABLES = ("users", "orders", "items", "order_items")
POOL = (
    "CREATE TABLE {t} (id bigint PRIMARY KEY, name varchar(50), a int);",
    "ALTER TABLE {t} ADD COLUMN note{n} text;",
    "ALTER TABLE {t} ALTER COLUMN name TYPE varchar(100);",
    "ALTER TABLE {t} ALTER COLUMN name TYPE text;",
    "CREATE INDEX {t}_a_{n} ON {t} (a);",
    "CREATE INDEX {t}_lower_{n} ON {t} (lower(name));",
    "ALTER TABLE {t} ALTER COLUMN a SET NOT NULL;",
    "ALTER TABLE {t} ADD CONSTRAINT a_{n} CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE {t} VALIDATE CONSTRAINT a_{n};",
    "ALTER TABLE {t} ADD CONSTRAINT fk_{n} FOREIGN KEY (a) REFERENCES {other} (id);",
    "DROP TABLE {t} CASCADE;",
    "ALTER TABLE {t} RENAME TO {other};",
    "CREATE VIEW v{n} AS SELECT id, name FROM {t};",
    "ALTER TABLE {t} DROP COLUMN a;",
    "UPDATE {t} SET a = 1;",
    "DO $$ BEGIN UPDATE {t} SET a = 2; END $$;",
)


class Project:
    """A folder of migrations that are written at random."""

    def __init__(self, root: Path, seed: int, count: int = 120) -> None:
        self.root = root
        self.dice = random.Random(seed)
        (root / "migrations").mkdir(parents=True)
        for number in range(count):
            self.write(number)

    def write(self, number: int) -> None:
        statements = "\n".join(
            self.dice.choice(POOL).format(t=self.dice.choice(TABLES), other=self.dice.choice(TABLES), n=number)
            for _ in range(self.dice.randint(1, 3))
        )
        path = self.root / "migrations" / f"202601010{number:05d}_step.sql"
        path.write_text(f"-- migrate:up\n{statements}\n-- migrate:down\nSELECT 1;\n")

    def lint(self, *only: str, remember: bool = True, **settings: object) -> Verdicts:
        environment = Config(root=self.root).environment(None).replace(**settings)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(linting, "_LARGE", 1 if remember else 10_000)
            patch.setattr(linting, "CACHE", ".instar_cache" if remember else "nowhere")
            return linting.lint(environment, linting.Request(only=only))


def found(verdicts: Verdicts) -> list[object]:
    return [(each.migration.version, each.risk, each.findings) for each in verdicts.judged]


@pytest.mark.parametrize("seed", range(4))
def test_after_any_edits_the_findings_are_those_of_a_run_that_remembers_nothing(tmp_path: Path, seed: int) -> None:
    project = Project(tmp_path, seed)
    for _ in range(6):
        assert found(project.lint()) == found(project.lint(remember=False))
        for _ in range(project.dice.randint(0, 3)):
            project.write(project.dice.randrange(120))


def test_a_file_that_is_removed_or_added_changes_what_comes_after(tmp_path: Path) -> None:
    project = Project(tmp_path, 5)
    project.lint()
    (tmp_path / "migrations" / "20260101000003_step.sql").unlink()
    project.write(130)
    assert found(project.lint()) == found(project.lint(remember=False))


def test_an_unchanged_file_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, 6)
    project.lint()
    judged: list[str] = []
    judge = Linter.judge

    def watched(self: Linter, migrations: object, **settings: object) -> object:
        judged.extend(item.version for item in migrations)  # type: ignore[attr-defined]
        return judge(self, migrations, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(Linter, "judge", watched)
    project.lint()
    assert judged == []
    last = max((tmp_path / "migrations").iterdir())
    last.write_text(last.read_text() + "-- a remark\n")
    project.lint()
    assert judged == [last.name.partition("_")[0]]


def test_another_setting_judges_anew(tmp_path: Path) -> None:
    project = Project(tmp_path, 7)
    rules = {"idx-not-concurrent": "off"}
    before = project.lint()
    assert any(item.rule in rules for item in before.findings)
    after = project.lint(lint=Config(root=tmp_path).override({"lint": {"rules": rules}}).environment(None).lint)
    assert not any(item.rule in rules for item in after.findings)


def test_chosen_files_are_judged_on_a_schema_that_is_remembered(tmp_path: Path) -> None:
    project = Project(tmp_path, 8)
    project.lint()
    for number in (119, 60, 3):
        name = f"202601010{number:05d}"
        assert found(project.lint(name))[-1] == found(project.lint(name, remember=False))[-1]
    assert found(project.lint()) == found(project.lint(remember=False))


@pytest.mark.parametrize(
    "statement", [*POOL, "DROP TABLE {t};", "ALTER TABLE {t} ADD COLUMN d timestamptz DEFAULT now();"]
)
def test_no_ordinary_statement_looks_at_the_whole_schema(statement: str) -> None:
    dialect = dialects.load("postgresql")
    schema = dialect.schema()
    state, linter = State(schema), Linter(dialect, schema)
    tables = "".join(f"CREATE TABLE {name} (id bigint PRIMARY KEY, name varchar(50), a int);" for name in TABLES)
    text = statement.format(t="users", other="orders", n=1)
    list(linter.judge([migration(tables, "1")]))
    state.begin()
    list(linter.judge([migration(text, "2")]))
    reads, _ = state.end()
    assert not ALL_OF & State.labels(reads)


@pytest.mark.parametrize("damage", [b"", b"no such thing", b"\x81\xa1a\x01"])
def test_a_damaged_file_is_forgotten(tmp_path: Path, damage: bytes) -> None:
    project = Project(tmp_path, 9)
    whole = found(project.lint())
    for path in (tmp_path / ".instar_cache").glob("*.msgpack"):
        path.write_bytes(damage)
    assert found(project.lint()) == whole


def test_a_place_that_cannot_be_written_is_let_go(tmp_path: Path) -> None:
    project = Project(tmp_path, 10)
    (tmp_path / ".instar_cache").write_text("a file where the folder should be")
    assert found(project.lint()) == found(project.lint(remember=False))


def test_git_does_not_see_it(tmp_path: Path) -> None:
    Project(tmp_path, 11).lint()
    assert (tmp_path / ".instar_cache" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("apart", [True, False])
def test_several_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, apart: bool) -> None:
    project = Project(tmp_path, 12, count=0 if apart else 80)
    for number in range(40 if apart else 0):
        text = "\n".join(each.format(t=f"t{number % 8}", other=f"t{number % 8}", n=number) for each in POOL[:9])
        (tmp_path / "migrations" / f"202601010{number:05d}_step.sql").write_text(text)
    monkeypatch.setattr(cache, "_WORTH_SHARING", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    alone = project.lint(remember=False)
    assert (shares([each.migration for each in alone.judged], 3) is not None) is apart
    assert found(project.lint()) == found(alone)
    assert found(project.lint()) == found(alone)


def test_an_unchanged_file_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, 13)
    monkeypatch.setattr(files, "_RECENT", 0)
    first = found(project.lint())
    opened: list[str] = []
    read = text.read

    def watched(path: str, shown: str) -> Source:
        opened.append(shown)
        return read(path, shown)

    monkeypatch.setattr("instar.source.folder.read", watched)
    assert found(project.lint()) == first
    assert opened == []
    changed = tmp_path / "migrations" / "20260101000007_step.sql"
    changed.write_text("SELECT 1;\n")
    assert found(project.lint()) == found(project.lint(remember=False))
    assert opened[0] == "migrations/20260101000007_step.sql"


def test_a_file_that_was_changed_just_now_is_read_again(tmp_path: Path) -> None:
    project = Project(tmp_path, 14)
    project.lint()
    path = tmp_path / "migrations" / "20260101000007_step.sql"
    kept = path.stat()
    path.write_text("X" * kept.st_size)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert found(project.lint()) == found(project.lint(remember=False))


def test_that_relations_were_made_is_known_after_the_last_of_them_is_gone() -> None:
    dialect = dialects.load("postgresql")
    schema = dialect.schema()
    assert not schema.lacks("orders")
    for statement in ("CREATE TABLE notes (id bigint)", "DROP TABLE notes"):
        dialect.learn(dialect.analyse(statement, schema), schema, "1")
    assert schema.lacks("orders")
    assert not schema.owner("")
    schema.doubt()
    assert not schema.lacks("orders")
