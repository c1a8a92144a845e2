"""dbmate's layout where it is more than the native one: pairs, names, order."""

from pathlib import Path

import pytest
from source_files import at, load, one, refusal, write

PAIR = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"


def test_pairs_run_in_the_order_of_the_file_up_and_down_as_in_dbmate(tmp_path: Path) -> None:
    text = "".join(f"-- migrate:up\nup {n};\n-- migrate:down\ndown {n};\n" for n in (1, 2))
    migration = one(tmp_path, {"1_a.sql": text})
    assert [script.text for script in migration.up] == ["up 1;\n", "up 2;\n"]
    assert [script.text for script in migration.down] == ["down 1;\n", "down 2;\n"]


def test_versions_run_in_the_order_of_text_where_numbers_would_give_another(tmp_path: Path) -> None:
    found = load(write(tmp_path, {"9_a.sql": PAIR, "10_b.sql": PAIR}))
    assert [migration.version for migration in found] == ["10", "9"]


def test_versions_of_one_length_are_ordered_as_numbers(tmp_path: Path) -> None:
    found = load(write(tmp_path, {"02_b.sql": PAIR, "01_a.sql": PAIR + PAIR}))
    assert [(migration.version, migration.order) for migration in found] == [("01", (1,)), ("02", (2,))]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", "stands without its migrate:up", 3),
        ("-- migrate:down\n-- migrate:up\n", "stands without its migrate:up", 1),
        (PAIR + "-- migrate:up\n", "this migrate:up has no migrate:down, others have", 5),
        ("-- migrate:up\n" + PAIR, "this migrate:up has no migrate:down, others have", 1),
        ("-- migrate:up\n-- migrate:after\n", "dbmate knows up and down only", 2),
    ],
)
def test_sections_that_dbmate_would_refuse_are_refused(tmp_path: Path, text: str, message: str, line: int) -> None:
    error = refusal(tmp_path, {"1_a.sql": text}, format="dbmate")
    assert message in error.message
    assert at(error) == ("1_a.sql", line, 1)


def test_a_file_without_sections_is_refused(tmp_path: Path) -> None:
    assert "has no section" in refusal(tmp_path, {"1_a.sql": "SELECT 1;"}, format="dbmate").message


def test_a_file_without_digits_is_refused(tmp_path: Path) -> None:
    assert "schema.sql" in refusal(tmp_path, {"1_a.sql": PAIR, "schema.sql": ""}, format="dbmate").message


def test_sql_before_the_first_pair_is_refused(tmp_path: Path) -> None:
    assert at(refusal(tmp_path, {"1_a.sql": f"SELECT 0;\n{PAIR}{PAIR}"})) == ("1_a.sql", 1, 1)
