# ruff: noqa: INP001 - part of a script, not of a package
"""The pages of docs/lint that are made from the rules' own files: a page for each, and a list of all."""

from collections.abc import Iterator, Mapping, Sequence

from instar.judgement import About
from instar.lint.about import everything
from instar.lint.rule import GROUPS

FOLDER = "lint/rules"
INDEX = "lint/rules.md"
_ENGINES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_HEAD = """\
# Rules

This page and those of the rules are made by `script/docs` from the rules' own files. `instar rules` shows the list in a
terminal, with what each weighs in your project; `instar rules NAME` explains one. `[lint.rules]` in
[`instar.toml`](../configuration.md) makes a rule an `error`, a `warning`, `info` or `off`. Those that are off here must
be asked for.

What other linters flag and instar does not, with the reasons: [not-rules.md](not-rules.md).

The examples are run by the tests on real servers: what a page says of locks, work and failures has been seen there.
"""


def pages() -> Mapping[str, str]:
    """Return the texts of all pages by their path below docs/."""
    rules = list(everything())
    own = {f"{FOLDER}/{rule.name}.md": "\n".join(_page(rule)).rstrip() + "\n" for rule in rules}
    return {INDEX: "\n".join(_index(rules)).rstrip() + "\n", **own}


def _index(rules: Sequence[About]) -> Iterator[str]:
    yield _HEAD
    for group, title in GROUPS.items():
        members = [rule for rule in rules if rule.group == group]
        if members:
            yield f"## {title}"
            yield ""
            yield "| rule | | weighs | engines |"
            yield "|---|---|---|---|"
            yield from (_row(rule) for rule in members)
            yield ""


def _row(rule: About) -> str:
    summary = rule.summary.replace("|", "\\|")
    return f"| [`{rule.name}`](rules/{rule.name}.md) | {summary} | {rule.severity} | {_engines(rule)} |"


def _engines(rule: About) -> str:
    names = ", ".join(_ENGINES[name] for name in rule.dialects)
    return f"{names} {span}" if (span := _span(rule)) else names


def _span(rule: About) -> str:
    first, last = rule.versions
    if first is None and last is None:
        return ""
    if last is None:
        return f"from {first} on"
    return f"up to {last}" if first is None else f"{first} to {last}"


def _page(rule: About) -> Iterator[str]:
    yield f"# {rule.name}"
    yield ""
    yield rule.summary
    yield ""
    fixed = ". `instar lint --fix` rewrites it" if rule.fixed else ""
    weighs = "off, unless asked for" if rule.severity == "off" else rule.severity
    yield f"**Weighs:** {weighs}. **Engines:** {_engines(rule)}. **Group:** {rule.group}{fixed}."
    yield ""
    if rule.text:
        yield rule.text
        yield ""
    for title, sql in (("Before", rule.setup), ("Not so", rule.bad), ("But so", rule.good)):
        if sql:
            yield from (f"## {title}", "", "```sql", sql, "```", "")
    if rule.proof:
        yield from (rule.proof, "")
    yield from ("[All rules](../rules.md) · [how to ignore one](../index.md#ignore-a-finding)", "")
