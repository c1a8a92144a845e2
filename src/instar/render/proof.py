"""What `instar test` has proved: lines for people, a document for programs, JUnit for CI."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from instar import difference
from instar.proof import Proof, Proved, Verdict
from instar.render import _words
from instar.render._xml import attribute, content

if TYPE_CHECKING:
    from rich.text import Text

_PLAIN = frozenset({Verdict.RESTORES, Verdict.APPLIED})
_FEW = 30
"""So many migrations are all named; of more, only those of which there is something to say."""
_MARKS = {Verdict.RESTORES: "✓", Verdict.APPLIED: "✓", Verdict.BENIGN: "✓", Verdict.NOT_RUN: "·"}
_SAID = {
    Verdict.RESTORES: "restores",
    Verdict.BENIGN: "restores, but for what does not count",
    Verdict.LOSES: "restores the schema, not the data",
    Verdict.DIFFERS: "down leaves another schema than before",
    Verdict.EMPTY: "down changes nothing, though up did",
    Verdict.FAILS: "down fails",
    Verdict.AGAIN_FAILS: "up fails after its own down",
    Verdict.AGAIN_DIFFERS: "up makes another schema after its own down",
    Verdict.NOT_IDEMPOTENT: "down cannot run twice, though it is declared so",
    Verdict.SLOW: "takes longer than its budget",
    Verdict.UP_FAILS: "up fails",
    Verdict.IRREVERSIBLE: "declared irreversible",
    Verdict.NO_DOWN: "no down",
    Verdict.APPLIED: "applied",
    Verdict.NOT_RUN: "not run",
}


def text(proved: Proved) -> str:
    """Return lines without colours."""
    return "\n".join("".join(part for part, _ in line).rstrip() for line in _lines(proved))


def rich(proved: Proved) -> "Text":
    """Return the same with colours, for a terminal."""
    from rich.text import Text

    made = Text()
    for line in _lines(proved):
        for part, style in line:
            made.append(part, style or None)
        made.append("\n")
    made.rstrip()
    return made


def document(proved: Proved) -> dict[str, object]:
    """Return what `--json` writes."""
    return {
        "server": proved.server,
        "seconds": round(proved.seconds, 3),
        "failed": len(proved.failed),
        "summary": Counter(proof.verdict.value for proof in proved.proofs),
        "notes": proved.notes,
        "migrations": [_document(proof) for proof in proved.proofs],
    }


def junit(proved: Proved) -> str:
    """Return JUnit's XML: a case for each migration."""
    skipped = sum(proof.verdict in _UNPROVED for proof in proved.proofs)
    numbers = f'tests="{len(proved.proofs)}" failures="{len(proved.failed)}" errors="0" skipped="{skipped}"'
    cases = [line for proof in proved.proofs for line in _case(proof)]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="instar test" tests="{len(proved.proofs)}" failures="{len(proved.failed)}" errors="0">',
            f'  <testsuite name={attribute(proved.server)} {numbers} time="{proved.seconds:.3f}">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


_UNPROVED = frozenset({Verdict.NOT_RUN, Verdict.NO_DOWN, Verdict.IRREVERSIBLE})

_Line = Sequence[tuple[str, str]]


def _lines(proved: Proved) -> Iterator[_Line]:
    for proof in proved.proofs:
        if len(proved.proofs) <= _FEW or proof.verdict not in _PLAIN or proof.notes or proof.losses:
            yield from _proof(proof)
    yield ((summary(proved), "bold red" if proved.failed else "bold green"),)
    yield from ((("note: " + note, "dim"),) for note in proved.notes)


def _proof(proof: Proof) -> Iterator[_Line]:
    mark = "✗" if proof.failed else _MARKS.get(proof.verdict, "!")
    style = "red" if proof.failed else "green" if mark == "✓" else "yellow"
    yield (
        (f"{mark} ", style),
        (f"{proof.version} {proof.name}", "bold"),
        (f"  {_SAID[proof.verdict]}", style),
        _took(proof),
    )
    if proof.trouble is not None:
        yield (("    " + proof.trouble.message.replace("\n", "\n    "), ""),)
        if proof.trouble.hint:
            yield ((f"    {proof.trouble.hint}", "dim"),)
    yield from (((f"    {line}", ""),) for line in proof.difference.lines())
    yield from (((f"    {line}", ""),) for line in (*proof.losses, *proof.notes))


def _took(proof: Proof) -> tuple[str, str]:
    parts = (("up", proof.up), ("down", proof.down), ("again", proof.again))
    said = ", ".join(f"{name} {_words.took(seconds)}" for name, seconds in parts if seconds is not None)
    return (f"  ({said})" if said else "", "dim")


def said(proof: Proof) -> str:
    """Return what is said of one migration, in lines."""
    return "\n".join("".join(part for part, _ in line).rstrip() for line in _proof(proof))


def summary(proved: Proved) -> str:
    """Say in one line what was proved: "26 migrations on PostgreSQL 18 in 4.1 s: 25 restore, 1 differs"."""
    numbers = Counter(_SAID[proof.verdict] for proof in proved.proofs)
    said = ", ".join(f"{number} {words}" for words, number in numbers.most_common())
    where = f"{_words.count(len(proved.proofs), 'migration')} on {proved.server} in {_words.took(proved.seconds)}"
    return f"{where}: {said}" if said else f"{where}: nothing to prove"


def _document(proof: Proof) -> dict[str, object]:
    trouble = proof.trouble
    return {
        "version": proof.version,
        "name": proof.name,
        "path": proof.path,
        "verdict": proof.verdict.value,
        "failed": proof.failed,
        "difference": difference.document(proof.difference)["changes"],
        "error": trouble.message if trouble else None,
        "hint": (trouble.hint or None) if trouble else None,
        "losses": proof.losses,
        "notes": proof.notes,
        "seconds": {"up": proof.up, "down": proof.down, "again": proof.again},
        "rows": proof.rows,
    }


def _case(proof: Proof) -> Iterator[str]:
    name, file = attribute(f"{proof.version} {proof.name}"), attribute(proof.path)
    seconds = sum(each or 0.0 for each in (proof.up, proof.down, proof.again))
    yield f'    <testcase name={name} classname={file} file={file} time="{seconds:.3f}">'
    if proof.failed:
        yield f"      <failure message={attribute(_SAID[proof.verdict])}>{content(said(proof))}</failure>"
    elif proof.verdict in _UNPROVED:
        yield f"      <skipped message={attribute(_SAID[proof.verdict])}/>"
    elif proof.verdict not in _PLAIN:
        yield f"      <system-out>{content(said(proof))}</system-out>"
    yield "    </testcase>"
