"""Which layout a folder has: one mark, none, or several."""

from pathlib import Path

import pytest
from source_files import load, refusal, write

from instar import source
from instar.errors import SourceError, UsageError

GOOSE = "-- +goose Up\nSELECT 1;\n"
DBMATE = "-- migrate:up\nSELECT 1;\n-- migrate:down\n"
HEADER = "-- /// migration\n-- ///\n"
NODE = "-- Up Migration\nSELECT 1;\n"


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        ({"1_a.sql": "SELECT 1;"}, "native"),
        ({"1_a.sql": DBMATE}, "native"),
        ({"1_a.sql": DBMATE, "R__v.sql": ""}, "native"),
        ({"R__v.sql": ""}, "native"),
        ({"1_a.sql": DBMATE, "2_b.sql": "-- Up Migration of the orders\n"}, "native"),
        ({"1_a.sql": DBMATE + DBMATE}, "dbmate"),
        ({"1.sql": DBMATE}, "dbmate"),
        ({"9_a.sql": DBMATE, "10_b.sql": DBMATE}, "dbmate"),
        ({"1_a.sql": GOOSE}, "goose"),
        ({"1_a.sql": GOOSE + "-- Up Migration\n"}, "goose"),
        ({"1_a.up.sql": "", "1_a.down.sql": "-- Down Migration\n"}, "golang-migrate"),
        ({"1_a.up.sql": "-- no-transaction\n"}, "sqlx"),
        ({"1_a.sql": "-- no-transaction\n"}, "sqlx"),
        ({"V1__a.sql": "", "R__v.sql": ""}, "flyway"),
        ({"sub/V1__a.sql": ""}, "flyway"),
        ({"R__v.sql": "", "flyway.conf": ""}, "flyway"),
        ({"2023-12-01-000000_a/up.sql": ""}, "diesel"),
        ({"1_a.sql": NODE}, "node-pg-migrate"),
        ({"1_a.sql": NODE, "2_b.up.sql": "", "2_b.down.sql": ""}, "node-pg-migrate"),
    ],
)
def test_a_layout_is_known_by_its_marks(tmp_path: Path, files: dict[str, str | bytes], layout: str) -> None:
    assert {migration.format for migration in load(write(tmp_path, files))} == {layout}


@pytest.mark.parametrize(
    ("files", "layouts"),
    [
        ({"1_a.sql": GOOSE, "2_b.up.sql": ""}, ("goose: 1_a.sql", "golang-migrate: 2_b.up.sql")),
        ({"1_a.sql": GOOSE, "2_b.sql": HEADER}, ("goose: 1_a.sql", "native: 2_b.sql")),
        ({"V1__a.sql": "", "2_b.py": ""}, ("flyway: V1__a.sql", "native: 2_b.py")),
        ({"V1__a.sql": "", "1_a/up.sql": ""}, ("flyway: V1__a.sql", "diesel: 1_a/up.sql")),
    ],
)
def test_a_folder_that_mixes_layouts_is_refused_with_the_files_of_each(
    tmp_path: Path, files: dict[str, str | bytes], layouts: tuple[str, ...]
) -> None:
    error = refusal(tmp_path, files)
    assert "mixes layouts" in error.message
    assert all(layout in error.message for layout in layouts)
    assert all(f'format = "{layout.partition(":")[0]}"' in error.hint for layout in layouts)


def test_naming_the_layout_settles_it_and_then_every_file_must_fit(tmp_path: Path) -> None:
    write(tmp_path, {"1_a.sql": GOOSE, "2_b.up.sql": ""})
    error = refusal(tmp_path, {}, format="golang-migrate")
    assert "1_a.sql" in error.message


def test_many_files_of_a_mark_are_shown_in_short(tmp_path: Path) -> None:
    goose: dict[str, str | bytes] = {f"{number}_a.sql": GOOSE for number in range(1, 6)}
    assert "goose: 1_a.sql, 2_a.sql, 3_a.sql and 2 more" in refusal(tmp_path, {**goose, "V1__a.sql": ""}).message


def test_an_unknown_layout_is_refused_with_the_nearest_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'flway'") as caught:
        load(tmp_path, format="flway")
    assert caught.value.hint == "did you mean 'flyway'?"


def test_several_folders_are_one_history(tmp_path: Path) -> None:
    write(tmp_path, {"old/V1__a.sql": "", "new/20231201120000_b.sql": "", "new/R__v.sql": ""})
    folders = [tmp_path / "new", tmp_path / "old"]
    found = source.load(folders, source.Options(root=tmp_path, environ={}))
    assert [(each.path, each.format) for each in found] == [
        ("old/V1__a.sql", "flyway"),
        ("new/20231201120000_b.sql", "native"),
        ("new/R__v.sql", "native"),
    ]


def test_one_version_in_two_folders_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a/1_x.sql": "", "b/1_y.sql": ""})
    with pytest.raises(SourceError, match=r"a/1_x\.sql and b/1_y\.sql"):
        source.load([tmp_path / "a", tmp_path / "b"], source.Options(root=tmp_path))


def test_a_folder_outside_the_root_is_shown_with_its_whole_path(tmp_path: Path) -> None:
    write(tmp_path, {"a/1_x.sql": "", "b/c": ""})
    (found,) = source.load([tmp_path / "a"], source.Options(root=tmp_path / "b"))
    assert found.path == str(tmp_path / "a" / "1_x.sql")


def test_every_file_is_read_once_and_plain_ones_need_no_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    write(tmp_path, {f"{number}_a.sql": DBMATE for number in range(1, 10)})
    opened, original = list[str](), os.open

    def count(path: str, flags: int) -> int:
        opened.append(path)
        return original(path, flags)

    monkeypatch.setattr("instar.source.text.os.open", count)
    load(tmp_path)
    assert len(opened) == len(set(opened)) == 9
