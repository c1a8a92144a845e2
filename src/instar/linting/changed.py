"""What git says has changed since a reference: in commits, in the working tree, and files that it does not know yet."""

import subprocess
from collections.abc import Collection
from pathlib import Path

from instar.errors import UsageError


def changed(root: Path, reference: str, *, staged: bool = False) -> list[str]:
    """Return the files, relative to `root`, that differ from where this branch left `reference`, or are new.

    Before the first commit HEAD stands for nothing at all: everything is new. `staged`: what the next commit takes.
    Raises UsageError when git, the repository or the reference cannot be had.
    """
    differing = _differing(root, reference, staged, "--no-renames", "--diff-filter=d")
    return differing if staged else [*differing, *_unknown(root)]


def added(root: Path, reference: str, *, staged: bool = False) -> frozenset[str]:
    """Return those of `changed` that were not there at `reference`, not under another name either."""
    new = _differing(root, reference, staged, "--find-renames=100%", "--diff-filter=A")
    return frozenset(new if staged else (*new, *_unknown(root)))


def _differing(root: Path, reference: str, staged: bool, *how: str) -> list[str]:  # noqa: FBT001 - as its callers have it
    where = ("--cached",) if staged else ()
    said = _git(root, "diff", *where, "--name-only", *how, "-z", _base(root, reference), "--")
    return [name for name in said.split("\0") if name]


def _unknown(root: Path) -> list[str]:
    return [name for name in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0") if name]


def settled(root: Path, files: Collection[str]) -> frozenset[str]:
    """Return those of `files` that are committed and unchanged since: for all that git knows, they may have run."""
    try:
        known = _git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
        differing = _git(root, "diff", "--name-only", "--no-renames", "-z", "HEAD", "--").split("\0")
    except UsageError:  # no repository, or nothing is committed yet
        return frozenset()
    return frozenset(files) & (frozenset(known) - frozenset(differing))


def _base(root: Path, reference: str) -> str:
    """Return the commit that this branch and `reference` have in common; before the first commit the empty tree."""
    if reference.startswith("-"):
        raise UsageError(f"{reference!r} is no git reference")
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}").strip()
    except UsageError as error:
        if error.hint:
            raise
        if reference == "HEAD" and _git(root, "rev-parse", "--git-dir"):
            return _git(root, "hash-object", "-t", "tree", "--stdin").strip()
        raise UsageError(f"git knows no commit {reference!r}", hint=_fetch(reference)) from None
    try:
        return _git(root, "merge-base", found, "HEAD").strip()
    except UsageError:
        raise UsageError(f"git knows no common ancestor of HEAD and {reference}", hint=_fetch(reference)) from None


def _fetch(reference: str) -> str:
    remote, slash, branch = reference.partition("/")
    asked = f"git fetch {remote} {branch}" if slash else f"git fetch origin {reference}"
    return f"{asked}; in CI, check out the whole history (actions/checkout: fetch-depth: 0)"


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - git by name; a reference cannot be an option
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
            input="",
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError:
        raise UsageError("--since needs git, which is not installed", hint="install git, or name the files") from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip().splitlines()
    reason = said[0].removeprefix("fatal: ") if said else ""
    raise UsageError(f"git cannot say what has changed: {reason}", hint="name the files instead" if reason else "")
