"""`backups`, `verify`, and the look that `down` takes by itself."""

import re
from pathlib import Path

from cli_project import Instar, Write

VERSION = "20240103000000"
KEPT = """-- migrate:up
CREATE TABLE tags (id INTEGER PRIMARY KEY, word TEXT);
INSERT INTO tags (word) VALUES ('A'), ('B');
-- instar:backup table=tags columns=word
UPDATE tags SET word = lower(word);
-- migrate:down
-- instar:restore
ALTER TABLE tags RENAME TO words;
DROP TABLE words;
"""
FORGETFUL = KEPT.partition("ALTER TABLE")[0]


def _lines(text: str) -> list[str]:
    """Return the first two columns of a table."""
    return [re.sub(r"\s{2,}", "  ", line).rpartition("  ")[0] for line in text.splitlines()]


def test_a_down_is_verified(project: Instar) -> None:
    project("up")
    result = project("down")

    assert result.code == 0
    assert "verified 20240102000000: 2 passed" in result.err


def test_a_down_that_forgets_something_exits_with_4_and_is_done(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": FORGETFUL})
    project("up")
    result = project("down")

    assert result.code == 4
    assert f"NOT as it should be: {VERSION}: 2 passed, 1 failed" in result.err
    assert "FAIL  table tags is gone  it is still there" in result.err
    assert "rolled back 1 migration" in result.out
    assert project("status", "--check").code == 3


def test_with_quiet_a_down_says_only_what_is_wrong(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": FORGETFUL})
    project("up")

    assert "it is still there" in project("down", "--quiet").err
    assert project("down", "--quiet").err == ""


def test_no_verify_leaves_the_look_out(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": FORGETFUL})
    project("up")
    result = project("down", "--no-verify")

    assert result.code == 0
    assert "verif" not in result.err


def test_a_down_tells_programs_what_it_found(project: Instar) -> None:
    project("up")
    *_, verified, report = project("down", "--json").lines

    assert report["event"] == "report"
    assert verified["event"] == "verified"
    assert verified["verification"]["version"] == "20240102000000"
    assert verified["verification"]["checks"][0] == {"check": "history row is gone", "status": "PASS", "message": ""}


def test_verify_prints_a_line_per_check(project: Instar) -> None:
    project("up")
    result = project("verify")

    assert result.code == 0
    assert result.out.splitlines() == [
        "20240102000000 orders, applied",
        "PASS  history row is there",
        "PASS  table orders is there",
        "2 passed",
    ]


def test_verify_of_nothing_is_a_mistake_of_use(project: Instar) -> None:
    result = project("verify")

    assert result.code == 2
    assert "nothing was done here yet" in result.err


def test_verify_exits_with_1_when_a_check_cannot_be_carried_out(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": KEPT})
    project("up")
    checked = f"-- migrate:up\n{KEPT.partition('-- migrate:up')[2]}-- migrate:after\nCOMMIT;\n"
    write({f"{VERSION}_tags": checked})
    result = project("verify")

    assert result.code == 1
    assert ("ERROR", "its own checks (after)") in [tuple(line.split("  ", 1)) for line in _lines(result.out)]


def test_backups_are_listed_and_dropped(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": KEPT})
    assert project("backups").out == "no backups\n"
    project("up")
    (found,) = project("backups", "--json").json["backups"]

    assert (found["version"], found["table"], found["columns"], found["rows"]) == (VERSION, "main.tags", ["word"], 2)
    assert not found["expired"]
    assert project("backups", "drop", "--expired").out == "nothing to drop\n"
    assert project("backups", "drop").code == 2
    assert project("backups", "drop", "7").code == 2
    assert project("backups", "--expired").code == 2
    assert project("backups", "drop", VERSION).out == (f"dropped main.instar_backup_{VERSION}_1: 2 rows of main.tags\n")
    refused = project("down")
    assert refused.code == 1
    assert "has no backup to restore" in refused.err


def test_expired_backups_go(project: Instar, write: Write, tmp_path: Path) -> None:
    write({f"{VERSION}_tags": KEPT})
    with (tmp_path / "instar.toml").open("a") as file:
        file.write('[backups]\nkeep = "1ms"\n')
    project("up")
    listed = project("backups").out

    assert "expired" in listed
    assert "dropped" in project("backups", "drop", "--expired").out
    assert project("backups").out == "no backups\n"


def test_a_backup_can_be_for_ever(project: Instar, write: Write, tmp_path: Path) -> None:
    write({f"{VERSION}_tags": KEPT})
    with (tmp_path / "instar.toml").open("a") as file:
        file.write('[backups]\nkeep = ""\n')
    project("up")

    assert "for ever" in project("backups").out


def test_a_dry_run_says_what_it_leaves_out(project: Instar, write: Write) -> None:
    write({f"{VERSION}_tags": KEPT})

    assert "-- only instar can keep rows of tags here" in project("up", "--dry-run").out
    project("up")
    assert "-- instar:restore  -- only instar can do this" in project("down", "--dry-run").out
