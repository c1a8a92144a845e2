"""What makes a finding the same after lines have moved: its rule, its statement without layout, its relation."""

import hashlib
from collections import Counter

from msgspec.structs import replace

from instar.dialects import Dialect
from instar.judgement import Judged
from instar.model import Finding, Statement

_LENGTH = 16


def printed(judged: Judged, dialect: Dialect) -> Judged:
    """Return `judged` with the `print` of every finding filled in; no two of a migration have the same."""
    if not judged.findings:
        return judged
    seen: Counter[str] = Counter()
    made = []
    for finding in judged.findings:
        mark = _mark(finding, judged, dialect)
        seen[mark] += 1
        made.append(replace(finding, print=_hashed(f"{mark}\0{seen[mark]}")))
    return replace(judged, findings=tuple(made))


def belongs(finding: Finding, statement: Statement, index: int) -> bool:
    """Tell whether a finding is about a statement, the `index`th of its section."""
    place = finding.place
    last = statement.line + statement.text.count("\n")
    return finding.statement == index and place.file == statement.file and statement.line <= place.line <= last


def _mark(finding: Finding, judged: Judged, dialect: Dialect) -> str:
    text = ""
    for section in (judged.up, judged.down, judged.contract):
        if 0 <= finding.statement < len(section):
            statement = section[finding.statement][0]
            text = text or (
                dialect.fingerprint(statement.text) if belongs(finding, statement, finding.statement) else ""
            )
    return f"{finding.rule}\0{finding.version}\0{finding.relation}\0{text}"


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
