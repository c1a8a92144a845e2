"""SARIF 2.1.0 (OASIS): rules with their help, results with places, fingerprints, suppressions and fixes."""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from instar.judgement import About, Judged
from instar.model import Finding, Severity, Statement
from instar.render.outputs import Result
from instar.render.outputs._said import has_several, statement_of, whole
from instar.version import __version__

Value = Mapping[str, object]

QUOTES = True
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_DEFAULTS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}


def text(result: Result) -> str:
    """Return a log with one run."""
    return msgspec.json.format(msgspec.json.encode(document(result)), indent=2).decode()


def document(result: Result) -> Value:
    """Return the log as plain values."""
    names = sorted({item.rule for item in result.verdicts.findings})
    index = {name: number for number, name in enumerate(names)}
    driver = {
        "name": "instar",
        "version": __version__,
        "rules": [_rule(result.explain(name)) for name in names],
    }
    results = [_result(item, judged, index) for judged in result.verdicts.judged for item in judged.findings]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notes(result)}],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _notes(result: Result) -> list[Value]:
    return [{"level": "note", "message": {"text": note}} for note in result.verdicts.notes]


def _rule(about: About) -> Value:
    examples = [("Not so", about.bad), ("But so", about.good)]
    shown = "\n\n".join(f"{title}:\n\n```sql\n{sql}\n```" for title, sql in examples if sql)
    return {
        "id": about.name,
        "shortDescription": {"text": about.summary},
        "fullDescription": {"text": about.text or about.summary},
        "help": {
            "text": f"{about.summary}\n\n{about.text}".strip(),
            "markdown": f"{about.summary}\n\n{about.text}\n\n{shown}".strip(),
        },
        "defaultConfiguration": {"enabled": about.severity != "off", "level": _DEFAULTS[about.severity]},
        "properties": {"tags": ["database", "migration", about.group]},
    }


def _result(finding: Finding, judged: Judged, index: Mapping[str, int]) -> Value:
    statement = statement_of(finding, judged)
    made: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        # "open": the rule looked, and did not know enough to decide (3.27.9); such a result has no level.
        **({"kind": "open", "level": "none"} if finding.unknown else {"level": _LEVELS[finding.severity]}),
        "message": {"text": whole(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {"instar/v1": finding.print},
        "suppressions": _suppressions(finding),
        "properties": {"version": finding.version, "relation": finding.relation},
    }
    if finding.fix and statement and _replaces(finding):
        made["fixes"] = [_fix(finding, statement)]
    return made


def _location(finding: Finding) -> Value:
    place = finding.place
    region: dict[str, object] = {"startLine": place.line, "startColumn": place.column}
    if finding.end > place.column:
        region["endColumn"] = finding.end
    if place.source.strip():
        region["snippet"] = {"text": place.source}
    return {"physicalLocation": {"artifactLocation": _artifact(place.file), "region": region}}


def _artifact(file: str) -> Value:
    """Return a file relative to the repository; one that lies outside is named as it is."""
    base = {} if file.startswith(("/", "<")) else {"uriBaseId": "%SRCROOT%"}
    return {"uri": quote(file, safe="/:"), **base}


def _suppressions(finding: Finding) -> list[Value]:
    if finding.suppressed:
        return [{"kind": "inSource", "status": "accepted", "justification": finding.suppressed}]
    if finding.baseline:
        return [{"kind": "external", "status": "accepted", "justification": "known to the baseline file"}]
    return []


def _replaces(finding: Finding) -> bool:
    """Tell whether putting the rewrite in place of the statement is all there is to do."""
    fix = finding.fix
    return fix is not None and fix.same and not (fix.segments and has_several(fix))


def _fix(finding: Finding, statement: Statement) -> Value:
    assert finding.fix is not None
    rows = statement.text.split("\n")
    start = statement.column if len(rows) == 1 else 1
    deleted = {
        "startLine": statement.line,
        "startColumn": statement.column,
        "endLine": statement.line + len(rows) - 1,
        "endColumn": start + len(rows[-1]),
    }
    content = {"text": finding.fix.sql.rstrip().removesuffix(";")}
    replacement = {"deletedRegion": deleted, "insertedContent": content}
    change = {"artifactLocation": _artifact(statement.file), "replacements": [replacement]}
    return {"description": {"text": finding.advice or finding.message}, "artifactChanges": [change]}
