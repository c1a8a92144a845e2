"""The pages about commands and configuration say what the program does."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from instar import config, errors
from instar.cli import group
from instar.cli.main import program
from instar.errors import InstarError

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def test_the_page_of_commands_is_fresh() -> None:
    subprocess.run([sys.executable, ROOT / "script" / "docs.py", "--check"], check=True, env=dict(os.environ))


@pytest.mark.parametrize(
    "text", [text for page in ("configuration.md", "coming-from.md") for text in blocks(page, "toml")]
)
def test_every_configuration_that_is_shown_is_a_good_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "instar.toml").write_text(text)
    names = ("DATABASE_URL", "STAGING_URL", "DEPLOY_PASSWORD", "PGPASSWORD")
    loaded = config.load(tmp_path, environ=dict.fromkeys(names, "x"))

    for name in loaded.environments() or ["development"]:
        assert loaded.environment(name).url


def test_the_shown_configuration_has_the_defaults_that_hold(tmp_path: Path) -> None:
    shown = tomllib.loads(blocks("configuration.md", "toml")[0])
    properties = config.schema()["$defs"]

    for table in ("Migrations", "Lint"):
        plain = {key: value for key, value in shown[table.lower()].items() if not isinstance(value, dict)}
        assert plain == {key: properties[table]["properties"][key]["default"] for key in plain}
    for key in ("lock_timeout", "lock_deadline", "statement_timeout", "wait_lock", "group", "session_pooler"):
        assert shown["environments"]["production"][key] == properties["Table"]["properties"][key]["default"]


def test_every_key_is_explained() -> None:
    text = (DOCS / "configuration.md").read_text()
    properties = config.schema()["$defs"]
    tables = {name.lower(): table["properties"] for name, table in properties.items() if name not in ("Table", "File")}

    keys = [key for key in properties["Table"]["properties"] if key not in (*tables, "placeholders")]
    keys += [f"{name}.{key}" for name, table in tables.items() for key in table]
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_every_exit_code_is_explained() -> None:
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, InstarError)]

    assert shown == {0, *(kind.exit_code for kind in kinds)}


def test_every_alias_is_listed() -> None:
    text = (DOCS / "coming-from.md").read_text()

    for name in program.list_commands(click.Context(program)):
        words = group.aliases(name)
        if words:
            assert f"| `{name}` | {', '.join(f'`{word}`' for word in words)} |" in text
