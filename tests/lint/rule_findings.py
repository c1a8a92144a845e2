"""What the rules say of a migration in a test, after an earlier release."""

from collections.abc import Mapping

from proving import migration

from instar import dialects
from instar.catalog import Schema
from instar.lint.engine import Linter
from instar.lint.look import Options
from instar.model import Finding


def found(
    text: str,
    *,
    after: str = "",
    dialect: str = "postgresql",
    severities: Mapping[str, str] | None = None,
    schema: Schema | None = None,
) -> list[Finding]:
    """Return the findings of all rules on a migration, after `after` has been released."""
    engine = dialects.load(dialect)
    linter = Linter(engine, schema or engine.schema(), Options(severities=severities or {}))
    asked = migration(text, "2")
    judged = linter.judge([*([migration(after, "1")] if after else ()), asked], wanted={asked.version})
    return [item for each in judged for item in each.findings]


def rules(text: str, **given: object) -> set[str]:
    """Return the names of the rules that have something to say, `missing-down` left out."""
    return {item.rule for item in found(text, **given)} - {"missing-down"}  # type: ignore[arg-type]


def one(rule: str, text: str, **given: object) -> Finding:
    """Return the one finding of a rule."""
    items = [item for item in found(text, **given) if item.rule == rule]  # type: ignore[arg-type]
    assert len(items) == 1, items
    return items[0]
