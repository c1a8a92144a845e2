"""Diesel's folders."""

from pathlib import Path

import pytest
from source_files import at, load, one, refusal, write

FOLDER = "2023-12-01-120000_create_users"


def test_a_version_is_what_stands_before_the_name_without_dashes(tmp_path: Path) -> None:
    migration = one(tmp_path, {f"{FOLDER}/up.sql": "SELECT 1;", f"{FOLDER}/down.sql": "SELECT 2;"})
    assert (migration.version, migration.name, migration.reversible) == ("20231201120000", "create_users", True)


def test_empty_and_hidden_folders_are_no_migrations(tmp_path: Path) -> None:
    write(tmp_path, {f"{FOLDER}/up.sql": "", ".git/x": "", "README.md": ""})
    (tmp_path / "2023-12-02-000000_empty").mkdir()
    assert len(load(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("2023-12-02-000000_b/down.sql", "2023-12-02-000000_b has no up.sql"),
        ("seeds/data.sql", "seeds is not named like a migration"),
        ("2_loose.sql", "2_loose.sql is not named like a migration"),
    ],
)
def test_what_diesel_refuses_or_skips_is_refused(tmp_path: Path, name: str, part: str) -> None:
    assert part in refusal(tmp_path, {f"{FOLDER}/up.sql": "", name: ""}).message


@pytest.mark.parametrize(
    ("metadata", "transaction"),
    [("run_in_transaction = true", True), ("run_in_transaction = false", False), ("", False)],
)
def test_metadata_says_whether_a_transaction_is_wanted(
    tmp_path: Path,
    metadata: str,
    transaction: bool,  # noqa: FBT001
) -> None:
    migration = one(tmp_path, {f"{FOLDER}/up.sql": "", f"{FOLDER}/metadata.toml": metadata})
    assert migration.up[0].transaction is transaction


@pytest.mark.parametrize(
    ("metadata", "part", "line"),
    [
        ("# x\nrun_in_transation = false", "unknown key 'run_in_transation'", 2),
        ("run_in_transaction = 'no'", "must be true or false", 1),
        ("run_in_transaction", "is not TOML", 1),
    ],
)
def test_metadata_that_is_not_understood_is_refused(tmp_path: Path, metadata: str, part: str, line: int) -> None:
    error = refusal(tmp_path, {f"{FOLDER}/up.sql": "", f"{FOLDER}/metadata.toml": metadata})
    assert part in error.message
    assert at(error)[:2] == (f"{FOLDER}/metadata.toml", line)


def test_two_folders_with_one_version_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {f"{FOLDER}/up.sql": "", "20231201120000_b/up.sql": ""})
    assert f"{FOLDER}/up.sql and 20231201120000_b/up.sql" in error.message
