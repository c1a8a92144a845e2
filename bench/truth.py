"""How right the analysis is: every kind of statement, seen on real servers, beside what instar and squawk say of it."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from common import HERE

from instar.effects import Verdict
from instar.testing import postgresql
from lint import squawk

sys.path.insert(0, str(HERE.parent / "tests" / "lint"))

import truth

_CLAIMS = frozenset(
    {
        "adding-field-with-default", "adding-foreign-key-constraint", "adding-not-nullable-field",
        "adding-serial-primary-key-field", "ban-alter-domain-with-add-constraint", "changing-column-type",
        "constraint-missing-not-valid", "disallowed-unique-constraint", "require-concurrent-index-creation",
        "require-concurrent-reindex", "require-concurrent-refresh-materialized-view", "prefer-repack",
    }
)  # fmt: skip
"""The rules of squawk that say: this takes time that grows with the table, and blocks meanwhile."""


def claimed(program: str, cases: Iterable[truth.Case], version: int) -> set[str]:
    """Return the statements of which squawk says that they block for as long as work over all rows takes."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, case in enumerate(cases):
            path = Path(folder, f"{number:04d}.sql")
            path.write_text(f"{case.sql};\n")
            files[str(path)] = case.sql
        call = [program, "--reporter", "json", "--pg-version", f"{version}.0", *files]
        done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=folder)
    return {files[found["file"]] for found in json.loads(done.stdout) if found["rule_name"] in _CLAIMS}


def rates(long: set[str], said: set[str]) -> str:
    """Return recall and precision."""
    hits = len(long & said)
    return f"recall {hits / len(long):.3f}, precision {hits / len(said) if said else 1:.3f}"


def measure(version: int, rival: str | None) -> list[str]:
    """Return a version's lines of the result."""
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(postgresql(version)).fresh())
        truth.load(url, version)
        live, model = truth.live(url), truth.replayed(version)
        seen = truth.observed(url, version)
    lines = [f"PostgreSQL {version}"]
    for name, schema in (("live catalog", live), ("replayed model", model)):
        lines.append(f"  instar, {name}: {truth.score(seen, schema).line()}")
    if rival:
        cases = [case for case, _ in seen if not case.refused]
        long = {case.sql for case, was in seen if was.verdict is Verdict.LONG and not case.refused}
        lines.append(f"  squawk: {rates(long, claimed(rival, cases, version))}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=int, nargs="+", default=[16, 18], help="of the embedded PostgreSQL")
    parser.add_argument("--alone", action="store_true", help="without squawk")
    asked = parser.parse_args()
    rival: str | None = None
    if not asked.alone:
        try:
            rival = squawk()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"squawk is left out: {error}", file=sys.stderr)
    for version in asked.version:
        print("\n".join(measure(version, rival)))


if __name__ == "__main__":
    main()
