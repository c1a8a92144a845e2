"""Show the configuration that holds here, with passwords hidden."""

from typing import Any

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import document

SECTION = "Tools"
EXAMPLES = (
    "instar config",
    "instar config --environment production --json",
    "instar config --schema > instar.schema.json",
)


@make(examples=EXAMPLES)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of instar.toml instead.")
def command(asked: Invocation, *, schema: bool) -> None:
    """Show the configuration that holds here, with passwords hidden.

    Everything is merged and filled in: defaults, the file, the environment, .env, the options of the command line.
    """
    if schema:
        _print_schema()
        return
    values = _values(asked)
    document(asked, values, lambda: "\n".join(_lines(values)))


def _print_schema() -> None:
    from instar import config
    from instar.render import json

    click.echo(json.pretty(config.schema()))


def _values(asked: Invocation) -> dict[str, Any]:
    """Return the settings as people write them: texts for times and folders."""
    import msgspec

    from instar.config import duration
    from instar.redact import scrub

    loaded, settings = asked.configuration(), asked.settings()
    values = msgspec.structs.asdict(settings)
    del values["configured_in"]  # `file` tells it in full
    for name in ("lock_timeout", "lock_deadline", "statement_timeout", "wait_lock"):
        values[name] = duration.text(values[name])
    for name in ("directories", "seeds"):
        values[name] = [str(folder) for folder in values[name]]
    for name in ("lint", "naming", "policy"):
        values[name] = msgspec.to_builtins(values[name])
    for name in ("root", "templates"):
        values[name] = str(values[name])
    values["url"] = scrub(values["url"], asked.secrets)
    values["placeholders"] = {key: scrub(text, asked.secrets) for key, text in values["placeholders"].items()}
    environments = loaded.environments() or [settings.name]
    return {"file": str(loaded.file) if loaded.file else None, "environments": environments, **values}


def _lines(values: dict[str, Any]) -> list[str]:
    width = max(map(len, values))
    return [f"{name:<{width}}  {_shown(value)}".rstrip() for name, value in values.items()]


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
