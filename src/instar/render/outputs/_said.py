"""What all outputs say alike: counts, weights, the statement of a finding."""

from collections import Counter
from collections.abc import Mapping

from instar.effects import Effect, LockMode, Work, WorkKind
from instar.judgement import Judged, Verdicts
from instar.model import Finding, Fix, Severity, Statement
from instar.render._words import count

_WORK = {
    WorkKind.SCAN: "reads all rows of {relation}",
    WorkKind.REWRITE: "writes all rows of {relation} anew",
    WorkKind.BUILD: "builds {object}",
    WorkKind.REBUILD: "builds {object} again",
    WorkKind.SWAP: "empties {relation}",
    WorkKind.DML: "changes rows of {relation}",
    WorkKind.WAIT: "waits for older transactions",
}


def weight(finding: Finding) -> str:
    """Return the word that stands before a finding: its severity, or "unknown" where a fact is missing."""
    return "unknown" if finding.unknown else finding.severity.value


def numbers(verdicts: Verdicts) -> dict[str, int]:
    """Return how many findings there are of each kind; those that do not count by themselves."""
    counted = Counter(weight(item) for item in verdicts.counted)
    return {
        **{kind: counted[kind] for kind in (*(each.value for each in Severity), "unknown")},
        "suppressed": sum(bool(item.suppressed) for item in verdicts.findings),
        "baseline": sum(item.baseline and not item.suppressed for item in verdicts.findings),
    }


def summary(verdicts: Verdicts) -> str:
    """Say in one line what was found: "3 migrations: 1 error, 2 warnings; 1 suppressed"."""
    found = numbers(verdicts)
    aside = [f"{found['suppressed']} suppressed"] if found["suppressed"] else []
    aside += [f"{found['baseline']} in the baseline"] if found["baseline"] else []
    said = "; ".join(part for part in (counts(found) or "nothing found", ", ".join(aside)) if part)
    return f"{count(len(verdicts.judged), 'migration')}: {said}"


def counts(found: Mapping[str, int]) -> str:
    """Say how many there are of each weight: "1 error, 2 warnings"; "" for none."""
    nouns = {"error": "error", "warning": "warning", "info": "remark"}
    said = [count(found[kind], noun) for kind, noun in nouns.items() if found.get(kind)]
    return ", ".join(said + ([f"{found['unknown']} unknown"] if found.get("unknown") else []))


def statement_of(finding: Finding, judged: Judged) -> Statement | None:
    """Return the statement that a finding is about."""
    for section in (judged.up, judged.down, judged.contract):
        if 0 <= finding.statement < len(section):
            statement = section[finding.statement][0]
            last = statement.line + statement.text.count("\n")
            if statement.file == finding.place.file and statement.line <= finding.place.line <= last:
                return statement
    return None


def whole(finding: Finding) -> str:
    """Return everything that is said of a finding, a line for each part."""
    parts = (("Why: ", finding.why), ("It depends on ", finding.unknown), ("Advice: ", finding.advice))
    lines = [finding.message, *(word + sentence(part) for word, part in parts if part)]
    return "\n".join([*lines, *([f"Rewrite{apart(finding.fix)}:\n{finding.fix.sql}"] if finding.fix else [])])


def apart(fix: Fix) -> str:
    """Say that the statements of a rewrite must not share a transaction; of CONCURRENTLY the runner knows it."""
    if not fix.segments or (not has_several(fix) and "concurrently" in fix.sql.lower()):
        return ""
    return ", each statement in a transaction of its own" if has_several(fix) else ", in a transaction of its own"


def has_several(fix: Fix) -> bool:
    """Tell whether a rewrite has more than one statement."""
    return ";" in fix.sql.rstrip().removesuffix(";")


def sentence(text: str) -> str:
    """Return `text` with a full stop, unless it ends already."""
    return text if text.endswith((".", "?", "!", ";")) else f"{text}."


def locks(effect: Effect) -> list[tuple[str, str, str]]:
    """Return relation, lock and whom it blocks, for every table that a statement locks; the strongest first."""
    ordered = sorted((lock for lock in effect.locks if lock.mode), key=lambda lock: -lock.mode)
    return [(lock.relation, lock.mode.sql, lock.mode.blocks) for lock in ordered if lock.mode > LockMode.NONE]


def work(item: Work) -> str:
    """Say a piece of work: "reads all rows of orders", with "perhaps" where a fact decides."""
    said = _WORK[item.kind].format(relation=item.relation, object=item.object or f"an index of {item.relation}")
    return f"{said}, depending on {item.unknown}" if item.unknown else said
