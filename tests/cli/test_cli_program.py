"""The program itself: finding commands, help, aliases, options before and after, errors, exit codes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from cli_project import BROKEN, Instar, Write
from click.testing import CliRunner

import instar as package
from instar.cli import group
from instar.cli.invocation import Invocation
from instar.cli.main import program

COMMANDS = program.list_commands(click.Context(program))


def test_version_and_help_name_the_program(instar: Instar) -> None:
    assert instar("--version").out == f"instar {package.__version__}\n"
    shown = instar("--help")
    assert shown.code == 0
    assert all(f"\n  {name} " in shown.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_sentence_of_a_command_is_the_same_in_its_file_and_in_its_help(name: str) -> None:
    command = program.get_command(click.Context(program), name)

    assert command is not None
    assert command.name == name
    assert command.help is not None
    sentence = command.help.splitlines()[0]
    assert group._found(group._SENTENCE, group._text(name)) + "." == sentence  # noqa: SLF001
    assert getattr(command, "examples", ())
    assert tuple(getattr(command, "aliases", ())) == group.aliases(name)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        *((word, "up") for word in ("migrate", "upgrade", "apply", "deploy", "latest", "update")),
        *((word, "down") for word in ("rollback", "downgrade", "revert", "undo")),
        *((word, "create") for word in ("new", "add", "revision", "make")),
        *((word, "status") for word in ("info", "list", "show")),
        ("stamp", "baseline"),
        ("mark", "baseline"),
        ("reapply", "redo"),
        ("check", "validate"),
        ("log", "history"),
    ],
)
def test_words_of_other_tools_answer(alias: str, name: str) -> None:
    command = program.get_command(click.Context(program), alias)

    assert command is not None
    assert command.name == name


def test_no_two_commands_have_one_alias() -> None:
    words = [word for name in COMMANDS for word in (name, *group.aliases(name))]

    assert len(words) == len(set(words))


def test_an_unknown_command_is_refused_with_the_nearest(instar: Instar) -> None:
    result = instar("stauts")

    assert result.code == 2
    assert result.err.startswith("error: there is no command 'stauts'; did you mean 'status'?\n")


def test_options_may_stand_before_and_after_the_command(project: Instar) -> None:
    before = project("--json", "--database", "sqlite:///other.db", "status")
    after = project("status", "--json", "--database", "sqlite:///other.db")

    assert before.json == after.json
    assert before.json["summary"] == {"pending": 2}


def test_what_stands_after_the_command_goes_first(project: Instar) -> None:
    project("up")

    assert project("-d", "sqlite:///app.db", "status", "-d", "sqlite:///x.db", "--json").json["summary"] == {
        "pending": 2
    }


def test_a_wrong_option_is_a_usage_error_also_in_json(instar: Instar) -> None:
    result = instar("status", "--jsn", "--json")

    assert result.code == 2
    assert "hint: instar status --help" in result.err
    assert result.lines[-1]["error"]["type"] == "usage"


def test_an_error_shows_place_line_and_caret(project: Instar, write: Write) -> None:
    write({"20240103000000_broken": BROKEN})
    result = project("up")

    assert result.code == 1
    assert "--> migrations/20240103000000_broken.sql:3:8" in result.err
    assert "    3 | CREATE TABEL typo (id INTEGER)\n      |        ^" in result.err
    assert "20240101000000" in result.err


def test_an_error_in_json_is_the_last_line_on_stdout(project: Instar, write: Write) -> None:
    write({"20240103000000_broken": BROKEN})
    result = project("up", "--json")

    error = result.lines[-1]["error"]
    assert error["type"] == "migration-failed"
    assert error["exit_code"] == result.code == 1
    assert error["version"] == "20240103000000"
    assert error["applied"] == ["20240101000000", "20240102000000"]
    assert error["place"]["line"] == 3
    assert result.err.startswith("error: ")


def test_a_mistake_in_the_configuration_points_at_it(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text("[environments.p]\nlock_timeot = 1\n")
    result = instar("status")

    assert result.code == 2
    assert result.err.splitlines() == [
        "error: unknown key 'lock_timeot' in [environments.p]",
        "  --> instar.toml:2:1",
        "    2 | lock_timeot = 1",
        "      | ^",
        "hint: did you mean 'lock_timeout'?",
    ]


def test_a_password_is_in_no_message(instar: Instar, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    url = "postgresql://app:very%2Fsecret@127.0.0.1:1/shop"
    for arguments in (["status", "-d", url, "--json"], ["config", "-d", url], ["wait", "-d", url, "--timeout", "0"]):
        result = instar(*arguments)
        assert "secret" not in result.out + result.err


def test_even_a_crash_of_ours_hides_passwords(instar: Instar, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text('url = "postgresql://app:very-secret@h/db"')

    def crash(asked: Invocation, _watch: object = None) -> object:
        raise RuntimeError(f"cannot handle {asked.settings().url} very-secret")

    monkeypatch.setattr(Invocation, "migrator", crash)
    result = instar("status", "--json")

    assert result.code == 1
    assert "very-secret" not in result.out + result.err
    assert "RuntimeError: cannot handle postgresql://app:***@h/db ***" in result.err
    assert "please report it" in result.lines[-1]["error"]["hint"]


def test_the_command_works_from_a_folder_below(project: Instar, tmp_path: Path) -> None:
    project("up")
    below = tmp_path / "src" / "app"
    below.mkdir(parents=True)

    assert project("status", "--json", cwd=below).json["summary"] == {"applied": 2}
    assert not list(below.iterdir())


def test_completion_knows_commands_environments_and_versions(project: Instar, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text("[environments.production]\n[environments.preview]\n")
    assert "_INSTAR_COMPLETE=bash_complete" in project("completion", "bash").out

    def completed(words: str) -> list[str]:
        variables = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
        result = CliRunner().invoke(program, env={"_INSTAR_COMPLETE": "bash_complete", **variables}, prog_name="instar")
        return [line.partition(",")[2] for line in result.output.splitlines()]

    assert completed("instar st") == ["status"]
    assert completed("instar up -e pr") == ["production", "preview"]
    assert completed("instar baseline -e preview 20240102") == ["20240102000000"]


# As processes


def started(arguments: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "instar", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SLOW = """
import time


def up(connection):
    connection.execute("CREATE TABLE slow (id INTEGER)")
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_rolls_back_and_exits_with_130(number: signal.Signals, project: Instar, tmp_path: Path) -> None:
    (tmp_path / "migrations" / "20240103000000_slow.py").write_text(SLOW)
    with started(["up"], tmp_path) as process:
        assert process.stderr is not None
        shown = ""
        while "20240103000000" not in shown and process.poll() is None:
            shown += process.stderr.read(1)
        time.sleep(0.3)
        process.send_signal(number)
        try:
            _, rest = process.communicate(timeout=10)
        finally:
            process.kill()

    assert process.returncode == 130, rest
    assert "error: interrupted" in rest
    assert "Traceback" not in rest
    assert project("status", "--json").json["summary"] == {"applied": 2, "pending": 1}


def test_a_reader_that_goes_away_is_no_crash(project: Instar, tmp_path: Path) -> None:
    command = f"{sys.executable} -m instar status | head -c 1"
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "Traceback" not in result.stderr


IMPORTS = "import sys; from instar.cli.main import run; run({arguments!r}); print(*sys.modules, file=sys.stderr)"


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--version"], {"psycopg", "pymysql", "postgast", "sqlglot", "rich", "msgspec", "tomllib", "asyncio"}),
        (["--help"], {"psycopg", "pymysql", "postgast", "sqlglot", "rich", "msgspec", "tomllib", "asyncio"}),
        (["up", "--help"], {"psycopg", "pymysql", "postgast", "sqlglot", "rich", "msgspec", "tomllib", "asyncio"}),
        (["config"], {"psycopg", "pymysql", "postgast", "sqlglot", "rich", "asyncio", "sqlite3"}),
        (["status"], {"psycopg", "pymysql", "postgast", "sqlglot", "rich", "asyncio"}),
    ],
)
def test_a_command_imports_only_what_it_needs(
    arguments: list[str], heavy: set[str], project: Instar, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(arguments=arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert heavy & set(done.stderr.split()) == set()
