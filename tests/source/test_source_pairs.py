"""Layouts with two files a version: golang-migrate, and sqlx's reversible migrations."""

from pathlib import Path

import pytest
from source_files import load, refusal, write


@pytest.mark.parametrize("layout", ["golang-migrate", "sqlx", "node-pg-migrate"])
def test_down_without_up_is_refused(tmp_path: Path, layout: str) -> None:
    error = refusal(tmp_path, {"1_a.up.sql": "", "2_b.down.sql": ""}, format=layout)
    assert "2_b.down.sql undoes a migration that is not there" in error.message
    assert "2_b.up.sql" in error.hint


@pytest.mark.parametrize("half", ["up", "down"])
def test_two_files_for_one_direction_are_refused(tmp_path: Path, half: str) -> None:
    error = refusal(tmp_path, {"1_a.up.sql": "", f"1_b.{half}.sql": "", f"01_c.{half}.sql": ""})
    assert "two files have the version 1: 01_c" in error.message


def test_a_file_that_golang_migrate_would_skip_is_refused_with_its_right_name(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"1_a.up.sql": "", "2_b_up.sql": ""})
    assert "2_b_up.sql" in error.message
    assert "rename it to 2_b.up.sql" in error.hint


def test_single_files_beside_pairs_are_sqlx(tmp_path: Path) -> None:
    write(tmp_path, {"1_a.sql": "", "2_b.up.sql": "", "2_b.down.sql": ""})
    assert "sqlx" in refusal(tmp_path, {}).hint
    found = load(tmp_path, format="sqlx")
    assert [(each.version, each.path, each.reversible) for each in found] == [
        ("1", "1_a.sql", False),
        ("2", "2_b.up.sql", True),
    ]


def test_versions_are_numbers_in_golang_migrate_and_sqlx(tmp_path: Path) -> None:
    write(tmp_path, {"010_b.up.sql": "", "9_a.up.sql": ""})
    for layout in ("golang-migrate", "sqlx"):
        assert [each.version for each in load(tmp_path, format=layout)] == ["9", "10"]


def test_a_version_with_a_single_file_and_a_pair_is_refused_in_sqlx(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"1_a.sql": "", "01_b.up.sql": ""}, format="sqlx")
    assert "two files have the version 1" in error.message


@pytest.mark.parametrize("name", ["a.sql", "1_.sql", "1_b_down.sql"])
def test_names_that_sqlx_would_skip_are_refused(tmp_path: Path, name: str) -> None:
    assert name in refusal(tmp_path, {"1_a.up.sql": "", name: ""}, format="sqlx").message


def test_no_transaction_counts_for_the_file_that_begins_with_it(tmp_path: Path) -> None:
    (found,) = load(write(tmp_path, {"1_a.up.sql": "-- no-transaction\n", "1_a.down.sql": "\n-- no-transaction\n"}))
    assert (found.format, found.up[0].transaction, found.down[0].transaction) == ("sqlx", False, None)
