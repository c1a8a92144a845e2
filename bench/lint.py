"""`instar lint` against squawk: 1,000 and 10,000 files, all of them new, and one of them changed."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from common import HERE, Bar, BenchError, Call, Results, heading, interleave, judge, peak, run, show

_PROGRAM = str(Path(sys.executable).with_name("instar"))
_SQUAWK = "squawk-cli==2.70.0"
_CACHE = HERE / ".cache" / "squawk"
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_LIFE = (
    (
        (
            "CREATE TABLE {t} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
            "    title varchar(100) NOT NULL,\n    email text,\n    amount numeric(10,2) NOT NULL DEFAULT 0,\n"
            "    created_at timestamptz NOT NULL DEFAULT now()\n);\nCREATE INDEX idx_{t}_email ON {t} (email);"
        ),
        "DROP TABLE {t};",
    ),
    ("ALTER TABLE {t} ADD COLUMN phone text;", "ALTER TABLE {t} DROP COLUMN phone;"),
    ("CREATE INDEX CONCURRENTLY idx_{t}_phone ON {t} (phone);", "DROP INDEX CONCURRENTLY idx_{t}_phone;"),
    (
        "ALTER TABLE {t} ADD CONSTRAINT chk_{t}_amount CHECK (amount >= 0) NOT VALID;",
        "ALTER TABLE {t} DROP CONSTRAINT chk_{t}_amount;",
    ),
    ("ALTER TABLE {t} VALIDATE CONSTRAINT chk_{t}_amount;", "SELECT 1;"),
    (
        "UPDATE {t} SET phone = '' WHERE phone IS NULL AND id < 9;\nALTER TABLE {t} ALTER COLUMN phone SET DEFAULT '';",
        "ALTER TABLE {t} ALTER COLUMN phone DROP DEFAULT;",
    ),
    (
        "ALTER TABLE {t} ALTER COLUMN title TYPE varchar(200);",
        "ALTER TABLE {t} ALTER COLUMN title TYPE varchar(100);",
    ),
    (
        "CREATE VIEW {t}_recent AS\n    SELECT id, title FROM {t} WHERE created_at > now() - interval '1 day';",
        "DROP VIEW {t}_recent;",
    ),
    (
        (
            "ALTER TABLE {t} ADD COLUMN parent_id bigint;\nALTER TABLE {t} ADD CONSTRAINT fk_{t}_parent_id\n"
            "    FOREIGN KEY (parent_id) REFERENCES {t} (id) NOT VALID;"
        ),
        "ALTER TABLE {t} DROP COLUMN parent_id;",
    ),
    (
        (
            "INSERT INTO {t} (title, email) VALUES\n    ('first', 'first@example.com'),\n"
            "    ('second', 'second@example.com');\nCOMMENT ON TABLE {t} IS 'What is for sale';"
        ),
        "DELETE FROM {t} WHERE email IN ('first@example.com', 'second@example.com');",
    ),
)
"""The first ten migrations of a table, up and down."""


def write(folder: Path, n: int) -> Path:
    """Write `n` migrations into the new `folder`: every ten of them are the life of one table."""
    folder.mkdir(parents=True)
    for number in range(n):
        up, down = (text.format(t=f"item_{number // 10:05d}s") for text in _LIFE[number % len(_LIFE)])
        version = (_EPOCH + timedelta(minutes=number)).strftime("%Y%m%d%H%M%S")
        text = f"-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n"
        (folder / f"{version}_step_{number:05d}.sql").write_text(text)
    return folder


def squawk() -> str:
    """Return the path of squawk's program, fetched once from PyPI."""
    program = _CACHE / "bin" / "squawk"
    if not program.exists():
        venv.create(_CACHE, with_pip=True, clear=True)
        subprocess.run([_CACHE / "bin" / "pip", "install", "--quiet", _SQUAWK], check=True)
    return str(program)


def cold(call: Call, project: Path) -> float:
    """Measure a run that remembers nothing."""
    shutil.rmtree(project / ".instar_cache", ignore_errors=True)
    return run(call)


def changed(call: Call, folder: Path) -> float:
    """Measure a run after one file in the middle has changed."""
    files = sorted(folder.iterdir())
    chosen = files[len(files) // 2]
    chosen.write_text(f"{chosen.read_text()}-- looked at again\n")
    return run(call)


def calls(project: Path, n: int, rival: str | None) -> dict[str, Callable[[], float]]:
    """Return what is measured with `n` files."""
    folder = write(project / "migrations", n)
    (project / "instar.toml").write_text('[lint]\nfail_on = "error"\n')
    ours = Call((_PROGRAM, "lint", "--format", "json"), cwd=project, accept=(0, 4))
    run(ours)
    found: dict[str, Callable[[], float]] = {
        f"instar {n} cold": partial(cold, ours, project),
        f"instar {n} one changed": partial(changed, ours, folder),
    }
    if rival:
        theirs = f"printf '%s\\n' migrations/*.sql | xargs -n 100000 {rival} --reporter json"
        found[f"squawk {n}"] = partial(run, Call(("sh", "-c", theirs), cwd=project, accept=(0, 1, 123)))
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, nargs="+", default=[1000, 10_000], help="files (default 1000 10000)")
    options.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    options.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or a call fails")
    asked = options.parse_args()
    results, bars = Results(), []
    try:
        rival = squawk()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"squawk is left out: {error}", file=sys.stderr)
        rival = None
    heading(f"lint, {asked.rounds} rounds", f"rival: {_SQUAWK}")
    with tempfile.TemporaryDirectory(prefix="instar-bench-") as place:
        for n in asked.n:
            project = Path(place, str(n))
            project.mkdir()
            try:
                interleave(results, asked.rounds, calls(project, n, rival))
            except BenchError as error:
                results.fail(f"instar {n}", error)
                continue
            bars.append(
                Bar(f"{n} files, cold: at most 3 times squawk", results.ratio(f"instar {n} cold", f"squawk {n}"), 3)
            )
            bars.append(
                Bar(f"{n} files, one changed: below squawk", results.ratio(f"instar {n} one changed", f"squawk {n}"), 1)
            )
            bars.append(Bar(f"{n} files, one changed: under 0.5 s", results.median(f"instar {n} one changed"), 0.5))
            shutil.rmtree(project / ".instar_cache", ignore_errors=True)
            megabytes = peak(Call((_PROGRAM, "lint", "--format", "json"), cwd=project, accept=(0, 4)))
            results.notes[f"instar {n} cold"] = f"peak {megabytes:.0f} MB"
    show(results, tuple(f"squawk {n}" for n in asked.n))
    return judge(bars, results, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
