"""The baseline: the same findings stay known when lines move, new ones count, and what is gone is reported."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.config import Environment
from instar.errors import UsageError
from instar.judgement import Verdicts
from instar.lint import baseline
from instar.linting import Request, lint
from instar.model import Finding, Place, Severity

BUILD = "CREATE INDEX a ON orders (customer_id);"
NAME = "instar-lint-baseline.toml"


@pytest.fixture
def here(tmp_path: Path) -> Environment:
    (tmp_path / "migrations").mkdir()
    return Environment(root=tmp_path, directories=(tmp_path / "migrations",), seeds=(), templates=tmp_path)


def judged(here: Environment, text: str, **asked: object) -> Verdicts:
    (here.directories[0] / "20240101000000_a.sql").write_text(text)
    found = lint(here, Request(**asked))  # type: ignore[arg-type]
    kept = tuple(each for each in found.findings if each.rule == "idx-not-concurrent")
    return Verdicts(found.judged, kept, found.dialect, found.seconds, found.notes)


def known(here: Environment, text: str) -> None:
    (here.root / NAME).write_text(baseline.dump(judged(here, text, baseline="").findings))


@pytest.mark.parametrize(
    "moved",
    [
        f"-- a comment\n\n{BUILD}",
        "CREATE  INDEX a\n  ON orders (customer_id);",
        f"SELECT 1;\n{BUILD}",
    ],
)
def test_a_finding_stays_known_when_its_lines_move(here: Environment, moved: str) -> None:
    known(here, BUILD)

    assert [each.baseline for each in judged(here, moved).findings] == [True]


def test_another_statement_and_a_second_one_like_it_are_new(here: Environment) -> None:
    known(here, BUILD)

    assert [each.baseline for each in judged(here, BUILD.replace("orders", "carts")).findings] == [False]
    assert [each.baseline for each in judged(here, f"{BUILD}\n{BUILD}").findings] == [True, False]


def test_the_same_statement_in_another_migration_is_new(here: Environment) -> None:
    known(here, BUILD)
    (here.directories[0] / "20240102000000_b.sql").write_text(BUILD)

    assert [each.baseline for each in judged(here, BUILD).findings] == [True, False]


def test_entries_that_fit_nothing_any_more_are_reported(here: Environment) -> None:
    known(here, BUILD)

    assert judged(here, "SELECT 1;").notes == (
        f"1 entry fits nothing any more in {NAME}: 20240101000000 idx-not-concurrent; --write-baseline takes them out",
    )


def test_nothing_is_called_stale_when_only_a_part_was_judged(here: Environment) -> None:
    known(here, BUILD)
    (here.directories[0] / "20240102000000_b.sql").write_text("SELECT 1;")

    assert judged(here, BUILD, only=("20240102000000",)).notes == ()


def test_what_was_not_judged_is_kept(here: Environment) -> None:
    first = Finding("drop-column", Severity.ERROR, "m", Place("a", 1), version="1", print="p")
    (here.root / NAME).write_text(baseline.dump([first]))
    other = Finding("drop-table", Severity.ERROR, "m", Place("a", 2), version="1", print="q")
    (here.root / NAME).write_text(baseline.dump([other], baseline.load(here.root / NAME)))

    assert list(baseline.load(here.root / NAME).entries) == ["p", "q"]


def test_a_baseline_may_be_empty(here: Environment) -> None:
    (here.root / NAME).write_text(baseline.dump([]))

    assert [each.baseline for each in judged(here, BUILD).findings] == [False]


def test_a_baseline_of_another_format_is_refused(here: Environment) -> None:
    (here.root / NAME).write_text(baseline.dump([]).replace("format = 1", "format = 2"))

    with pytest.raises(UsageError, match="another version of instar"):
        judged(here, BUILD)


def test_a_file_that_is_no_baseline_is_refused(here: Environment) -> None:
    (here.root / NAME).write_text("format = 1\n[[finding]]\nrule = 1\n")

    with pytest.raises(UsageError, match="is not a baseline"):
        judged(here, BUILD)
    with pytest.raises(UsageError, match="there is no baseline"):
        baseline.load(here.root / "none.toml")


@given(st.text(), st.text())
def test_whatever_a_message_holds_the_file_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, text: str, file: str
) -> None:
    path = tmp_path_factory.mktemp("baseline") / NAME
    finding = Finding("drop-column", Severity.ERROR, text, Place(file, 1), version="1", print="p")
    path.write_text(baseline.dump([finding]), encoding="utf-8", errors="strict", newline="")

    assert baseline.load(path).entries["p"]["message"] == text
