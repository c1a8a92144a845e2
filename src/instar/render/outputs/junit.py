"""JUnit's XML: a suite for each migration, a case for each finding, or one that passes."""

from collections.abc import Iterator

from instar.judgement import Judged
from instar.model import Finding
from instar.render._caret import where
from instar.render._xml import attribute, content
from instar.render.outputs import Result
from instar.render.outputs._said import weight, whole


def text(result: Result) -> str:
    """Return the document. What does not make the call fail passes; what is suppressed is skipped."""
    failing = {id(item) for item in result.failing}
    suites = [list(_suite(judged, failing)) for judged in result.verdicts.judged]
    cases = sum(max(len(judged.findings), 1) for judged in result.verdicts.judged)
    head = f'<testsuites name="instar lint" tests="{cases}" failures="{len(failing)}" errors="0">'
    lines = [line for suite in suites for line in suite]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *lines, "</testsuites>"])


def _suite(judged: Judged, failing: set[int]) -> Iterator[str]:
    found = judged.findings
    failures = sum(id(item) in failing for item in found)
    skipped = sum(bool(item.suppressed or item.baseline) for item in found)
    numbers = f'tests="{max(len(found), 1)}" failures="{failures}" errors="0" skipped="{skipped}"'
    yield f"  <testsuite name={attribute(judged.migration.path)} {numbers}>"
    if not found:
        yield f'    <testcase name="lint" classname={attribute(judged.migration.path)} time="0"/>'
    for finding in found:
        yield from _case(finding, fails=id(finding) in failing)
    yield "  </testsuite>"


def _case(finding: Finding, *, fails: bool) -> Iterator[str]:
    name = f"{finding.rule} in line {finding.place.line}"
    place = f'file={attribute(finding.place.file)} line="{finding.place.line}"'
    yield f'    <testcase name={attribute(name)} classname={attribute(finding.place.file)} {place} time="0">'
    said = f"{where(finding.place)}\n{whole(finding)}"
    if finding.suppressed or finding.baseline:
        yield f"      <skipped message={attribute(finding.suppressed or 'in the baseline')}/>"
    elif fails:
        message = f"message={attribute(finding.message)} type={attribute(weight(finding))}"
        yield f"      <failure {message}>{content(said)}</failure>"
    else:
        yield f"      <system-out>{content(f'{weight(finding)}: {said}')}</system-out>"
    yield "    </testcase>"
