"""Every command on a project of two migrations on SQLite: what it prints, its JSON, its exit code."""

import json
from pathlib import Path

import pytest
from cli_project import ORDERS, USERS, Instar, Write

FIRST, SECOND = "20240101000000", "20240102000000"


def states(instar: Instar) -> dict[str, str]:
    return {each["version"]: each["state"] for each in instar("status", "--json").json["migrations"]}


# status


def test_status_of_a_new_database_shows_everything_pending(project: Instar) -> None:
    result = project("status")

    assert result.code == 0
    assert result.out.splitlines() == [
        "   VERSION         NAME    STATE",
        "·  20240101000000  users   pending",
        "·  20240102000000  orders  pending",
        "2 pending",
    ]


def test_status_says_when_how_long_and_by_whom(project: Instar) -> None:
    project("up", "--single")
    head, first, second, summary = project("status").out.splitlines()

    assert head.split() == ["VERSION", "NAME", "STATE", "APPLIED", "TOOK", "BY"]
    assert first.split()[:4] == ["✓", FIRST, "users", "applied"]
    assert " ms" in first
    assert second.split() == ["·", SECOND, "orders", "pending"]
    assert summary == "1 applied, 1 pending"


def test_status_check_exits_with_3_while_something_is_pending(project: Instar) -> None:
    assert project("status", "--check").code == 3
    project("up")
    assert project("status", "--check").code == 0


# plan


def test_plan_shows_steps_transactions_and_statements_with_their_lines(project: Instar) -> None:
    result = project("plan", "--to", "+1")

    assert result.out.splitlines() == [
        "apply 20240101000000 users  migrations/20240101000000_users.sql",
        "  in one transaction",
        "      2  CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "",
        "1 migration, 1 statement",
    ]


def test_a_written_plan_is_carried_out_and_refused_when_the_history_has_moved(project: Instar) -> None:
    assert project("plan", "--output", "plan.json").code == 0
    assert project("up", "--plan", "plan.json").code == 0
    assert states(project) == {FIRST: "applied", SECOND: "applied"}
    assert project("up", "--plan", "plan.json").code == 5


def test_plan_down_shows_what_down_would_do(project: Instar) -> None:
    project("up")
    steps = project("plan", "--down", "-n", "2", "--json").json["plan"]["steps"]

    assert [(step["action"], step["version"]) for step in steps] == [("rollback", SECOND), ("rollback", FIRST)]


def test_an_empty_plan_says_so(project: Instar) -> None:
    project("up")

    assert project("plan").out == "nothing to do\n"


# up, down, redo


def test_up_tells_each_migration_on_stderr_and_the_result_on_stdout(project: Instar) -> None:
    result = project("up")

    assert result.code == 0
    assert result.out.startswith("applied 2 migrations in ")
    assert "[1/2] applying 20240101000000 users ... " in result.err
    assert project("up").out == "nothing to do\n"


def test_quiet_leaves_only_the_result(project: Instar) -> None:
    result = project("up", "--quiet")

    assert result.err == ""
    assert result.out.startswith("applied 2 migrations")


def test_up_in_json_is_a_line_per_event_and_a_report(project: Instar) -> None:
    lines = project("up", "--json").lines

    assert [line["event"] for line in lines if line["event"].startswith("migration")] == [
        "migration-started",
        "migration-finished",
    ] * 2
    assert lines[-1]["event"] == "report"
    assert [step["version"] for step in lines[-1]["steps"]] == [FIRST, SECOND]


@pytest.mark.parametrize("arguments", [["--single"], ["-s"], ["--to", FIRST], ["--to", "+1"]])
def test_up_stops_where_it_is_told(project: Instar, arguments: list[str]) -> None:
    project("up", *arguments)

    assert states(project) == {FIRST: "applied", SECOND: "pending"}


def test_a_dry_run_prints_the_sql_and_changes_nothing(project: Instar) -> None:
    result = project("up", "--dry-run")

    assert "CREATE TABLE users (id INTEGER PRIMARY KEY);" in result.out
    assert states(project) == {FIRST: "pending", SECOND: "pending"}
    assert "CREATE TABLE orders" in project("up", "--dry-run", "--json").json["sql"]


def test_options_that_contradict_each_other_are_refused(project: Instar) -> None:
    assert project("up", "--single", "--to", "+2").code == 2
    assert project("down", "--to", FIRST, "-n", "2").code == 2


@pytest.mark.parametrize("arguments", [[], ["-n", "1"], ["--to", FIRST], ["-t", FIRST]])
def test_down_undoes_the_last_or_what_it_is_told(project: Instar, arguments: list[str]) -> None:
    project("up")
    result = project("down", *arguments)

    assert result.out.startswith("rolled back 1 migration in ")
    assert states(project) == {FIRST: "applied", SECOND: "pending"}


def test_down_can_be_looked_at_first(project: Instar) -> None:
    project("up")

    assert "DROP TABLE orders;" in project("down", "--dry-run").out
    assert states(project) == {FIRST: "applied", SECOND: "applied"}


def test_redo_goes_down_and_up_again(project: Instar) -> None:
    project("up")

    assert project("redo", "-n", "2").out.startswith("rolled back 2 migrations, applied 2 migrations in ")


# validate, repair


def test_validate_tells_edited_from_reformatted(project: Instar, write: Write) -> None:
    project("up")
    assert project("validate").out == "every applied migration is as it was applied\n"

    write({f"{FIRST}_users": USERS.replace("CREATE", "create"), f"{SECOND}_orders": ORDERS.replace("orders", "bills")})
    result = project("validate")

    assert result.code == 4
    assert [line.split()[3] for line in result.out.splitlines()[1:3]] == ["reformatted", "edited"]
    assert "1 reformatted, 1 edited" in result.err


def test_repair_shows_asks_and_repairs(project: Instar, write: Write) -> None:
    project("up")
    write({f"{SECOND}_orders": ORDERS.replace("orders", "bills")})

    unasked = project("repair")
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert SECOND in unasked.out
    assert project("repair", "--dry-run", "--json").json["repairs"][0]["kind"] == "checksum"
    assert project("validate").code == 4

    assert project("repair", "--yes").code == 0
    assert project("validate").code == 0
    assert project("repair").out == "nothing to repair\n"


def test_an_answer_to_repair_names_its_version(project: Instar) -> None:
    assert "VERSION=ANSWER" in project("repair", "--answer", "applied").err


# baseline, history


def test_baseline_takes_a_database_over_as_it_is(project: Instar) -> None:
    assert project("baseline", FIRST).out.startswith("baselined 1 migration")
    assert states(project) == {FIRST: "applied", SECOND: "pending"}


def test_history_shows_attempts_and_filters_them(project: Instar, write: Write) -> None:
    write({"20240103000000_broken": "-- migrate:up\nNONSENSE;\n"})
    project("up")
    project("down")

    lines = project("history").out.splitlines()
    assert lines[0].split() == ["ID", "STARTED", "VERSION", "ACTION", "STATUS", "TOOK", "BY", "MESSAGE"]
    assert [line.split()[4:6] for line in lines[1:]] == [
        ["apply", "completed"],
        ["apply", "completed"],
        ["apply", "failed"],
        ["rollback", "completed"],
    ]

    def found(*arguments: str) -> list[str]:
        return [each["version"] for each in project("history", "--json", *arguments).json["attempts"]]

    assert found("--failed") == ["20240103000000"]
    assert found("--migration", FIRST) == [FIRST]
    assert found("--action", "rollback") == [SECOND]
    assert found("--limit", "2") == ["20240103000000", SECOND]


# wait, seed


def test_wait_says_how_long_it_took(project: Instar) -> None:
    assert project("wait").out.startswith("the database answers after ")
    assert project("wait", "--json").json["seconds"] >= 0


def test_wait_gives_up_with_the_reason(project: Instar) -> None:
    result = project("wait", "--timeout", "100ms", "-d", "postgresql://127.0.0.1:1/none")

    assert result.code == 1
    assert "0.1 s" in result.err


def test_a_duration_that_is_none_is_a_usage_error(project: Instar) -> None:
    assert "is not a duration" in project("wait", "--timeout", "soon").err


def test_seed_runs_the_files_of_the_folder(project: Instar, tmp_path: Path) -> None:
    project("up")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "users.sql").write_text("INSERT OR IGNORE INTO users VALUES (1), (2);\n")

    assert project("seed").out == "users.sql\n"
    assert project("seed", "--json").json == {"seeds": ["users.sql"]}


# create, init, config


def test_create_prints_the_path_of_a_new_file(project: Instar, tmp_path: Path) -> None:
    path = project("create", "add", "Email to users").out.strip()

    assert path.startswith("migrations/")
    assert path.endswith("_add_email_to_users.sql")
    assert "-- migrate:down" in (tmp_path / path).read_text()


def test_create_uses_templates_and_python(project: Instar, tmp_path: Path) -> None:
    (tmp_path / "migrations" / "templates").mkdir()
    (tmp_path / "migrations" / "templates" / "audited.sql").write_text("-- audited $name\n")
    made = project("create", "x", "--template", "audited", "--json").json
    python = project("create", "y", "--python").out.strip()

    assert (tmp_path / made["path"]).read_text() == "-- audited x\n"
    assert Path(made["path"]).name.startswith(made["version"])
    assert "def up(connection)" in (tmp_path / python).read_text()
    assert project("status").code == 0


GOOSE = "-- +goose Up\nCREATE TABLE a (id INTEGER);\n-- +goose Down\nDROP TABLE a;\n"


def test_create_leaves_a_folder_of_another_layout_as_it_is(instar: Instar, write: Write, tmp_path: Path) -> None:
    write({"20240101000000_a": GOOSE})
    result = instar("create", "b")

    assert result.code == 2
    assert "another tool's layout" in result.err
    assert [path.name for path in (tmp_path / "migrations").iterdir()] == ["20240101000000_a.sql"]

    (tmp_path / "migrations" / "templates").mkdir()
    (tmp_path / "migrations" / "templates" / "default.sql").write_text(GOOSE)
    assert instar("create", "b").code == 0


def test_init_makes_a_project_that_works_and_overwrites_nothing(instar: Instar, tmp_path: Path) -> None:
    result = instar("init", "--database", "sqlite:///app.db")

    assert result.code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"instar.toml", "migrations", ".gitignore"}
    assert instar("status").out == "no migrations\n"
    again = instar("init")
    assert again.code == 2
    assert "instar.toml exists already" in again.err


def test_init_keeps_a_password_out_of_the_configuration(instar: Instar, tmp_path: Path) -> None:
    instar("init", "--database", "postgresql://app:se'cret word@h/db", "--directory", "db/migrations")

    assert "cret" not in (tmp_path / "instar.toml").read_text()
    assert ".env" in (tmp_path / ".gitignore").read_text().splitlines()
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    shown = instar("config", "--json").json
    assert shown["url"].startswith("postgresql://app:***@h/db")
    assert shown["directories"] == [str(tmp_path / "db" / "migrations")]


def test_init_knows_the_layouts(instar: Instar) -> None:
    assert "did you mean 'dbmate'?" in instar("init", "--format", "dbmat").err
    assert instar("init", "--format", "dbmate").code == 0
    assert instar("config", "--json").json["format"] == "dbmate"


def test_config_shows_what_holds(project: Instar, tmp_path: Path) -> None:
    shown = project("config", "--environment", "development", "--json").json

    assert shown["file"] == str(tmp_path / "instar.toml")
    assert (shown["lock_timeout"], shown["lock_deadline"], shown["out_of_order"]) == ("100ms", "5m", "apply")
    assert "lock_timeout" in project("config").out
    assert json.loads(project("config", "--schema").out)["title"] == "instar.toml"
