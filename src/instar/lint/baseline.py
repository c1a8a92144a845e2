"""The findings that an old project had when it began to lint: they are shown to programs, and do not count."""

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from instar.errors import UsageError
from instar.judgement import Judged
from instar.model import Finding

_HEAD = """\
# Findings that were there before: `instar lint` does not count them. Written by `instar lint --write-baseline`.
# `print` is made of the rule, the migration, the statement without its layout, and the relation.
format = 1
"""
_FORMAT = 1
_KEYS = ("print", "rule", "version", "file", "message")
_SHOWN = 5


class Baseline(Struct, frozen=True):
    """What a baseline file holds: its entries by print. `file` is "" where there is none."""

    file: str = ""
    entries: dict[str, dict[str, str]] = {}


def load(path: Path | None) -> Baseline:
    """Read a baseline; None is an empty one. Raises UsageError when it is not there or is something else."""
    if path is None:
        return Baseline()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        if values["format"] != _FORMAT:
            raise UsageError(
                f"{path.name} was written by another version of instar", hint="instar lint --write-baseline"
            )
        found = values.get("finding", [])
        return Baseline(path.name, {item["print"]: {key: str(item[key]) for key in _KEYS} for item in found})
    except FileNotFoundError:
        raise UsageError(f"there is no baseline {path.name}", hint="write one: instar lint --write-baseline") from None
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        hint = "`instar lint --write-baseline` writes one; --baseline names the file, migrations stand before it"
        raise UsageError(f"{path.name} is not a baseline of instar lint", hint=hint) from error


def mark(judged: Iterable[Judged], known: Baseline, *, complete: bool) -> tuple[list[Judged], tuple[str, ...]]:
    """Return `judged` with `baseline` set in what is known, and notes on entries that fit nothing any more.

    `complete` says that everything was judged, by every rule, so that such entries are known to be stale.
    """
    if not known.entries:
        return list(judged), ()
    left = dict(known.entries)
    done = []
    for each in judged:
        for finding in each.findings:
            left.pop(finding.print, None)
        done.append(replace(each, findings=tuple(_marked(finding, known) for finding in each.findings)))
    return done, (_stale(known.file, left.values()),) if complete and left else ()


def dump(findings: Sequence[Finding], kept: Baseline | None = None) -> str:
    """Return the text of a baseline with `findings`, and with the entries of `kept` when only a part was judged.

    Findings that are suppressed need no entry.
    """
    entries = dict(kept.entries) if kept else {}
    entries |= {finding.print: _entry(finding) for finding in findings if not finding.suppressed}
    ordered = sorted(entries.values(), key=lambda entry: (entry["file"], entry["rule"], entry["print"]))
    return _HEAD + "".join(_text(entry) for entry in ordered)


def _marked(finding: Finding, known: Baseline) -> Finding:
    return replace(finding, baseline=True) if finding.print in known.entries else finding


def _stale(file: str, entries: Collection[Mapping[str, str]]) -> str:
    names = list(dict.fromkeys(sorted(f"{entry['version']} {entry['rule']}" for entry in entries)))
    said = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    word = "entry fits" if len(entries) == 1 else "entries fit"
    return f"{len(entries)} {word} nothing any more in {file}: {said}; --write-baseline takes them out"


def _entry(finding: Finding) -> dict[str, str]:
    place = finding.place.file
    return dict(zip(_KEYS, (finding.print, finding.rule, finding.version, place, finding.message), strict=True))


def _text(entry: Mapping[str, str]) -> str:
    return "\n[[finding]]\n" + "".join(f"{key} = {_quoted(entry[key])}\n" for key in _KEYS)


def _quoted(value: str) -> str:
    """Return a TOML basic string: JSON's, but for DEL, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
