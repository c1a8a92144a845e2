"""Workflow commands of GitHub Actions: each finding becomes an annotation on its line."""

from instar.model import Finding, Severity
from instar.render.outputs import Result
from instar.render.outputs._said import summary, whole

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def text(result: Result) -> str:
    """Return a line for each finding that counts, and the summary."""
    verdicts = result.verdicts
    notes = [f"::notice title=instar lint::{_data(note)}" for note in verdicts.notes]
    return "\n".join([*(_annotation(item) for item in verdicts.counted), *notes, f"instar lint: {summary(verdicts)}"])


def _annotation(finding: Finding) -> str:
    level = "notice" if finding.unknown else _LEVELS[finding.severity]
    place = finding.place
    values = {"file": place.file, "line": str(place.line), "endLine": str(place.line), "col": str(place.column)}
    values |= {"endColumn": str(finding.end)} if finding.end else {}
    values["title"] = f"{finding.rule} (unknown)" if finding.unknown else finding.rule
    return (
        f"::{level} {','.join(f'{key}={_property(value)}' for key, value in values.items())}::{_data(whole(finding))}"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
