"""List the rules of lint, or explain one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import document

if TYPE_CHECKING:
    from instar.config import Environment
    from instar.judgement import About

SECTION = "Look"
EXAMPLES = ("instar rules", "instar rules set-not-null-scan", "instar rules --json")


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del ctx, param
    from instar.linting import rule_names

    return [name for name in rule_names() if name.startswith(incomplete)]


@make(examples=EXAMPLES)
@click.argument("name", required=False, shell_complete=_complete)
def command(asked: Invocation, *, name: str | None) -> None:
    """List the rules of lint, or explain one.

    With what each weighs in this project: `[lint.rules]` in instar.toml changes that, for a rule or a group.
    """
    from instar.lint.about import about, everything

    environment = asked.settings(offline=True)
    if name:
        rule = about(name)
        document(asked, _value(rule, environment), lambda: "\n".join(_explained(rule, environment)))
        return
    rules = list(everything())
    document(
        asked, {"rules": [_value(rule, environment) for rule in rules]}, lambda: "\n".join(_list(rules, environment))
    )


def _value(rule: "About", environment: "Environment") -> dict[str, object]:
    from msgspec.structs import asdict

    first, last = rule.versions
    return {**asdict(rule), "severity": _weight(rule, environment), "versions": {"first": first, "last": last}}


def _weight(rule: "About", environment: "Environment") -> str:
    from instar.linting import weight

    return weight(rule, environment)


def _list(rules: "list[About]", environment: "Environment") -> Iterator[str]:
    from instar.lint.rule import GROUPS
    from instar.render._table import table

    for group, title in GROUPS.items():
        members = [rule for rule in rules if rule.group == group]
        if members:
            yield title
            rows = [(rule.name, _weight(rule, environment), _engines(rule), rule.summary) for rule in members]
            yield from (f"  {line}" for line in table(rows))
            yield ""
    yield f"{len(rules)} rules; `instar rules NAME` explains one"


def _engines(rule: "About") -> str:
    first, last = rule.versions
    text = ", ".join(rule.dialects) if len(rule.dialects) < 4 else "all"  # noqa: PLR2004 - there are four
    span = f" {first or ''}-{last or ''}" if first or last else ""
    return f"{text}{span}"


def _explained(rule: "About", environment: "Environment") -> Iterator[str]:
    fixed = "; `instar lint --fix` rewrites it" if rule.fixed else ""
    yield f"{rule.name}: {_weight(rule, environment)}, {rule.group}, {_engines(rule)}{fixed}"
    yield ""
    yield rule.summary
    yield from ["", rule.text] if rule.text else []
    for title, sql in (("Before", rule.setup), ("Not so", rule.bad), ("But so", rule.good)):
        if sql:
            yield from ["", f"{title}:", *(f"  {line}".rstrip() for line in sql.splitlines())]
    if rule.proof:
        yield from ["", rule.proof]
