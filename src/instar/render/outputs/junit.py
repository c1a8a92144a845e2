"""JUnit's XML: a suite for each migration, a case for each finding, or one that passes."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from instar.judgement import Judged
from instar.model import Finding
from instar.render._caret import where
from instar.render.outputs import Result
from instar.render.outputs._said import weight, whole

# XML 1.0 has no way to write these, not even escaped (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    yield f"  <testsuite name={_attribute(judged.migration.path)} {numbers}>"
    if not found:
        yield f'    <testcase name="lint" classname={_attribute(judged.migration.path)} time="0"/>'
    for finding in found:
        yield from _case(finding, fails=id(finding) in failing)
    yield "  </testsuite>"


def _case(finding: Finding, *, fails: bool) -> Iterator[str]:
    name = f"{finding.rule} in line {finding.place.line}"
    place = f'file={_attribute(finding.place.file)} line="{finding.place.line}"'
    yield f'    <testcase name={_attribute(name)} classname={_attribute(finding.place.file)} {place} time="0">'
    said = f"{where(finding.place)}\n{whole(finding)}"
    if finding.suppressed or finding.baseline:
        yield f"      <skipped message={_attribute(finding.suppressed or 'in the baseline')}/>"
    elif fails:
        message = f"message={_attribute(finding.message)} type={_attribute(weight(finding))}"
        yield f"      <failure {message}>{_content(said)}</failure>"
    else:
        yield f"      <system-out>{_content(f'{weight(finding)}: {said}')}</system-out>"
    yield "    </testcase>"


def _content(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
