"""What lint says of the examples: nothing at all; of the samples of layouts, only what they are there to show."""

from pathlib import Path

import pytest

from instar import config
from instar.config import Environment
from instar.judgement import Verdicts
from instar.linting import Request, lint
from instar.model import Severity

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLES = {
    "native": {"missing-down"}, "dbmate": set(), "goose": set(), "golang-migrate": set(), "flyway/db/migration": set(),
    "diesel": {"missing-down"}, "sqlx": {"missing-down"}, "node-pg-migrate": {"missing-down", "idx-not-concurrent"},
}  # fmt: skip
"""What weighs more than a remark: migrations without a way back, and an index in a layout's one transaction."""


def test_every_example_is_here() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == {"shop", "sqlite", "mariadb", "formats"}
    assert {folder.name for folder in (EXAMPLES / "formats").iterdir()} == {name.partition("/")[0] for name in SAMPLES}


@pytest.mark.parametrize("name", ["shop", "sqlite", "mariadb"])
def test_nothing_is_found_in_an_example(name: str) -> None:
    folder = EXAMPLES / name
    environment = config.load(folder, environ={"DATABASE_URL": f"{_scheme(name)}://"}).environment(None)
    verdicts = lint(environment, Request())
    assert verdicts.judged
    assert verdicts.findings == (), _said(verdicts)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_a_layout_has_only_what_it_shows(name: str) -> None:
    folder = EXAMPLES / "formats" / name
    environment = Environment(root=EXAMPLES, directories=(folder,), seeds=(), templates=folder)
    verdicts = lint(environment, Request())
    assert verdicts.judged
    assert {item.rule for item in verdicts.findings if item.severity is not Severity.INFO} == SAMPLES[name]


def _scheme(name: str) -> str:
    return {"shop": "postgresql"}.get(name, name)


def _said(verdicts: Verdicts) -> str:
    return "\n".join(f"{item.place.file}:{item.place.line} {item.rule}: {item.message}" for item in verdicts.findings)
