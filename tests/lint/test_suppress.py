"""`-- instar:ignore`: what it covers, what it needs, and what is said of one that does nothing."""

from pathlib import Path

import pytest
from proving import migration

from instar import dialects
from instar.config import Environment
from instar.lint import suppress
from instar.lint.engine import Linter
from instar.linting import Request, lint
from instar.model import Finding, Place, Script, Severity, Statement

BUILD = "CREATE INDEX {0} ON orders ({0});"
RULES = ("idx-not-concurrent", "ignore-without-reason", "unused-ignore")


def said(folder: Path, text: str, *rules: str) -> list[tuple[str, int, str]]:
    """Lint one migration by these rules and return rule, line and reason of every finding."""
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / "migrations" / "20240101000000_a.sql").write_text(text)
    here = Environment(
        root=folder, directories=(folder / "migrations",), seeds=(), templates=folder, url="postgresql:///shop"
    )
    found = lint(here, Request(rules=rules or RULES)).findings
    return [(each.rule, each.place.line, each.suppressed) for each in found]


def test_the_reason_is_kept_and_only_the_next_statement_is_meant(tmp_path: Path) -> None:
    text = f"-- instar:ignore idx-not-concurrent: tiny\n{BUILD.format('a')}\n{BUILD.format('b')}\n"

    assert said(tmp_path, text) == [("idx-not-concurrent", 2, "tiny"), ("idx-not-concurrent", 3, "")]


def test_two_statements_on_one_line_are_two(tmp_path: Path) -> None:
    text = f"-- instar:ignore idx-not-concurrent: tiny\n{BUILD.format('a')} {BUILD.format('b')}\n"

    assert said(tmp_path, text) == [("idx-not-concurrent", 2, "tiny"), ("idx-not-concurrent", 2, "")]


def test_a_directive_inside_a_statement_is_about_that_statement(tmp_path: Path) -> None:
    text = "CREATE INDEX a\n  -- instar:ignore idx-not-concurrent: tiny\n  ON orders (a);\n"

    assert [reason for _, _, reason in said(tmp_path, text)] == ["tiny"]


def test_several_rules_may_be_named_at_once(tmp_path: Path) -> None:
    text = "-- instar:ignore drop-column, idx-not-concurrent: tiny\n" + BUILD.format("a")

    assert said(tmp_path, text) == [("idx-not-concurrent", 2, "tiny")]


def test_down_has_directives_of_its_own(tmp_path: Path) -> None:
    directive = "-- instar:ignore idx-not-concurrent: x"
    text = f"-- migrate:up\n{BUILD.format('a')}\n-- migrate:down\n{directive}\n{BUILD.format('b')}"

    assert said(tmp_path, text) == [("idx-not-concurrent", 2, ""), ("idx-not-concurrent", 5, "x")]


def test_without_a_reason_the_finding_gives_way_to_another(tmp_path: Path) -> None:
    text = f"-- instar:ignore idx-not-concurrent\n{BUILD.format('a')}\n"

    assert said(tmp_path, text) == [
        ("ignore-without-reason", 1, ""),
        ("idx-not-concurrent", 2, suppress.UNREASONED),
    ]


def test_a_directive_that_names_no_rule_is_a_finding(tmp_path: Path) -> None:
    assert said(tmp_path, "-- instar:ignore\nSELECT 1;\n") == [("ignore-without-reason", 1, "")]


@pytest.mark.parametrize(
    "text",
    [
        "-- instar:ignore idx-not-concurrent: x\nSELECT 1;\n",
        "-- instar:ignore idx-not-concurent: x\nCREATE INDEX CONCURRENTLY a ON orders (a);\n",
        "-- instar:ignore unused-ignore: x\nSELECT 1;\n",
        "-- instar:ignore unreadable: x\nSELECT 1;\n",
    ],
)
def test_what_ignores_nothing_is_a_finding(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text) == [("unused-ignore", 1, "")]


def test_a_directive_that_no_statement_follows_is_a_finding(tmp_path: Path) -> None:
    assert said(tmp_path, "SELECT 1;\n-- instar:ignore idx-not-concurrent: x\n") == [("unused-ignore", 2, "")]


def test_a_rule_that_was_not_looked_for_is_not_called_unused(tmp_path: Path) -> None:
    assert said(tmp_path, "-- instar:ignore idx-not-concurrent: x\nSELECT 1;\n", "unused-ignore") == []


def test_above_the_first_statement_it_counts_for_the_file() -> None:
    script = Script(
        "-- instar:ignore missing-down: x\nSELECT 1;\n-- instar:ignore missing-down: y\nSELECT 2;\n", "a.sql"
    )
    statements = [Statement("SELECT 1", 2, 1, 0, "a.sql"), Statement("SELECT 2", 4, 1, 0, "a.sql")]
    about_all = Finding("missing-down", Severity.WARNING, "m", Place("a.sql", 1))
    first, second = suppress.ignores([script], statements)

    assert first.covers(about_all, statements)
    assert not second.covers(about_all, statements)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sql", "{0}-- /// migration\n-- author = 'a'\n-- ///\n-- migrate:up\nSELECT 1;\n"),
        ("a.sql", "-- /// migration\n-- author = 'a'\n-- ///\n{0}\n-- migrate:up\nSELECT 1;\n"),
        ("a.sql", "{0}SELECT 1;\n"),
        ("a.sql", "{0}-- +goose Up\nSELECT 1;\n"),
        ("a.sql", "{0}-- +goose NO TRANSACTION\r\n-- +goose Up\r\nSELECT 1;\r\n"),
        ("a.sql", "{0}-- migrate:up\nSELECT 1;\n-- migrate:up\nSELECT 2;\n"),
        ("a.py", "{0}def up(connection):\n    pass\n"),
    ],
)
@pytest.mark.parametrize("wanted", ["missing-down", "drop-table"])
def test_above_all_sections_it_counts_for_the_file_in_every_layout(
    tmp_path: Path, name: str, text: str, wanted: str
) -> None:
    sign = "#" if name.endswith(".py") else "--"
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / f"20240101000000_{name}").write_text(text.format(f"{sign} instar:ignore {wanted}: no way back\n"))
    here = Environment(root=tmp_path, directories=(folder,), seeds=(), templates=tmp_path, url="postgresql:///shop")

    found = lint(here, Request(rules=("missing-down", "unused-ignore", "drop-table"))).findings

    expected = (
        [("missing-down", "no way back")] if wanted == "missing-down" else [("missing-down", ""), ("unused-ignore", "")]
    )
    assert sorted((each.rule, each.suppressed) for each in found) == expected


def test_above_a_statement_of_a_block_it_counts_for_that_one() -> None:
    text = """DO $$ BEGIN
    -- instar:ignore idx-not-concurrent: small
    CREATE INDEX idx_orders_note ON orders
        (note);
    CREATE INDEX idx_orders_total ON orders (total);
    -- instar:ignore idx-not-concurrent: nothing follows
END $$;
"""
    after = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, total int);"
    engine = dialects.load("postgresql")
    judged = Linter(engine, engine.schema()).judge([migration(after, "1"), migration(text, "2")], wanted={"2"})
    findings = suppress.mark(next(iter(judged))).findings
    told = {item.place.line: item.suppressed for item in findings if item.rule == "idx-not-concurrent"}
    assert told == {3: "small", 5: ""}


def test_a_directive_behind_a_statement_is_about_it(tmp_path: Path) -> None:
    behind = "  -- instar:ignore idx-not-concurrent: x"
    text = f"{BUILD.format('a')}\n{BUILD.format('b')}{behind}\n{BUILD.format('c')}\n"
    assert said(tmp_path, text) == [
        ("idx-not-concurrent", 1, ""), ("idx-not-concurrent", 2, "x"), ("idx-not-concurrent", 3, ""),
    ]  # fmt: skip
    assert said(tmp_path, f"CREATE INDEX a{behind}\n  ON orders (a);\n") == [("idx-not-concurrent", 2, "x")]
    assert said(tmp_path, f"SELECT 1;{behind}\n{BUILD.format('a')}\n") == [
        ("unused-ignore", 1, ""), ("idx-not-concurrent", 2, ""),
    ]  # fmt: skip


def test_a_directive_behind_a_statement_of_a_block_is_about_that_one(tmp_path: Path) -> None:
    behind = "  -- instar:ignore idx-not-concurrent: x"
    text = f"DO $$ BEGIN\n{BUILD.format('a')}{behind}\n{BUILD.format('b')}\nEND $$;\n"
    assert said(tmp_path, text) == [("idx-not-concurrent", 2, "x"), ("idx-not-concurrent", 3, "")]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO notes (text) VALUES ('write -- instar:ignore idx-not-concurrent: x');\n",
        "INSERT INTO notes (text) VALUES ('two\nlines -- instar:ignore idx-not-concurrent: x');\n",
        "SELECT 1; -- like -- instar:ignore idx-not-concurrent: x\n",
        "-- like -- instar:ignore idx-not-concurrent: x\n",
    ],
)
def test_a_text_that_only_speaks_of_a_directive_is_none(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text + BUILD.format("a"))[-1][2] == ""
    assert "unused-ignore" not in [rule for rule, _, _ in said(tmp_path, text + BUILD.format("a"))]
