"""A new migration's file: version, name, template."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from source_files import load, write

from instar.errors import UsageError
from instar.source.create import create, snake_case

NOON = datetime(2023, 12, 1, 12, 0, 0, tzinfo=UTC)


def make(tmp_path: Path, name: str = "create users", **options: object) -> Path:
    return create(tmp_path, name, **{"template_folder": tmp_path / "templates", "now": NOON, **options})  # type: ignore[arg-type]


def test_a_new_migration_is_named_by_time_and_words(tmp_path: Path) -> None:
    path = make(tmp_path / "migrations", 'Create "users" — now', author="a@b.c")
    assert path == tmp_path / "migrations" / "20231201120000_create_users_now.sql"
    (migration,) = load(tmp_path / "migrations")
    assert migration.header.description == 'Create "users" — now'
    assert migration.header.author == "a@b.c"
    assert migration.reversible


def test_the_version_is_in_utc(tmp_path: Path) -> None:
    vienna = timezone(timedelta(hours=1))
    assert make(tmp_path, now=datetime(2023, 12, 1, 13, 0, tzinfo=vienna)).name.startswith("20231201120000_")


def test_a_version_that_is_taken_is_not_given_again(tmp_path: Path) -> None:
    first, second, third = make(tmp_path, "one"), make(tmp_path, "one", python=True), make(tmp_path, "two")
    assert [path.name for path in (first, second, third)] == [
        "20231201120000_one.sql",
        "20231201120001_one.py",
        "20231201120002_two.sql",
    ]
    assert len(load(tmp_path)) == 3


def test_a_python_migration_is_made_from_its_own_template(tmp_path: Path) -> None:
    make(tmp_path, "fill names", python=True, description="Fill all names")
    (migration,) = load(tmp_path)
    assert migration.code is not None
    assert migration.header.description == "Fill all names"
    assert migration.reversible


def test_a_template_of_the_project_is_filled_in(tmp_path: Path) -> None:
    write(tmp_path, {"templates/table.sql": "-- $version $name $description $author $unknown $$ ${x}\n"})
    path = make(tmp_path, "add orders", template="table", author="me")
    assert path.read_text() == "-- 20231201120000 add_orders Add orders me $unknown $ ${x}\n"


def test_a_template_called_default_replaces_the_built_in(tmp_path: Path) -> None:
    write(tmp_path, {"templates/default.sql": "-- ours\n"})
    assert make(tmp_path).read_text() == "-- ours\n"


def test_an_unknown_template_is_refused_with_the_nearest_known(tmp_path: Path) -> None:
    write(tmp_path, {"templates/table.sql": "", "templates/code.py": ""})
    with pytest.raises(UsageError, match="'tabel'") as caught:
        make(tmp_path, template="tabel")
    assert caught.value.hint == "did you mean 'table'?"
    with pytest.raises(UsageError) as other:
        make(tmp_path / "elsewhere", template="x")
    assert "put it into" in other.value.hint


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Add users.email!", "add_users_email"),
        ("AddUsersEmail", "add_users_email"),
        ("add-index  2", "add_index_2"),
        ("__x__", "x"),
        ("../../etc/passwd", "etc_passwd"),
    ],
)
def test_a_name_becomes_snake_case(typed: str, name: str) -> None:
    assert snake_case(typed) == name


@pytest.mark.parametrize("typed", ["", "  ", "!!", "x" * 200])
def test_a_name_that_cannot_name_a_file_is_refused(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        snake_case(typed)
    assert caught.value.hint


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make(tmp_path, "one")
    first.write_text("mine")
    answers = iter([frozenset[str](), frozenset({"20231201120000"})])
    monkeypatch.setattr("instar.source.create._versions", lambda _: next(answers))
    assert make(tmp_path, "one").name == "20231201120001_one.sql"
    assert first.read_text() == "mine"
