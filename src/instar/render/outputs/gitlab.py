"""GitLab's code quality report: the findings that a merge request brings are shown in it."""

from collections.abc import Mapping

import msgspec

from instar.model import Finding, Severity
from instar.render.outputs import Result

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def text(result: Result) -> str:
    """Return a list with an issue for each finding that counts."""
    found = [_issue(item) for item in result.verdicts.counted]
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def _issue(finding: Finding) -> Mapping[str, object]:
    parts = (finding.message, finding.why, f"depends on {finding.unknown}" if finding.unknown else "", finding.advice)
    return {
        "type": "issue",
        "check_name": finding.rule,
        "description": "; ".join(part for part in parts if part),
        "severity": "minor" if finding.unknown else _SEVERITIES[finding.severity],
        "fingerprint": finding.print,
        "location": {
            "path": finding.place.file,
            "lines": {"begin": finding.place.line, "end": finding.place.line},
        },
    }
