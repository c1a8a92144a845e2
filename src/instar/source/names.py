"""Versions and names of migrations, and what is said of files that have none."""

import hashlib

from instar.errors import SourceError

LONGEST = 20
"""The history's column `version` is VARCHAR(20)."""


def check_version(version: str, shown: str) -> str:
    """Return `version`. Raises SourceError when the history cannot hold it."""
    if len(version) > LONGEST:
        raise SourceError(
            f"the version {version} of {shown} has {len(version)} characters; the history holds {LONGEST}",
            hint="use fourteen digits: 20231201120000_name.sql",
        )
    return version


def repeatable_version(name: str) -> str:
    """Return the version of a repeatable: `R__name`, shortened in a way that stays its own when that is too long."""
    version = f"R__{name}"
    if len(version) <= LONGEST:
        return version
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{version[: LONGEST - 9]}~{mark}"


def misnamed(shown: str, pattern: str, hint: str = "") -> SourceError:
    """Return the error for a file whose name does not fit its layout."""
    return SourceError(
        f"{shown} is not named like a migration ({pattern})",
        hint=hint or "rename it, or move it out of the folder if it is not a migration",
    )


def text_order(versions: list[str]) -> dict[str, tuple[int, ...]]:
    """Return what sorts versions as the text that they are.

    Numbers do, as long as they have the same length; else characters do: a tool that sorts by text runs 10 before 2.
    """
    ordered = sorted(versions)
    if ordered == sorted(versions, key=int):
        return {version: (int(version),) for version in versions}
    return {version: tuple(map(ord, version)) for version in versions}
