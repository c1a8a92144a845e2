"""Who runs this, where and with what: the facts that every row of the execution log carries."""

import getpass
import os
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from instar.version import __version__


@cache
def context(root: Path, server: str) -> Mapping[str, object]:
    """Return actor, host, process, git commit of `root`, and the versions of tool and server."""
    found: dict[str, object] = {
        "actor": actor(),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "git_commit": git_commit(root),
        "tool": f"instar {__version__}",
        "server": server,
    }
    return {name: value for name, value in found.items() if value}


def actor(environ: Mapping[str, str] = os.environ) -> str:
    """Return who is responsible: INSTAR_ACTOR, the user of a CI run, or the system's user."""
    for name in ("INSTAR_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if environ.get(name):
            return environ[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else ""


def git_commit(root: Path) -> str:
    """Return the commit that is checked out at `root` or above, "" outside a repository.

    Reads the files (gitrepository-layout(5)): starting git takes longer than a small migration.
    """
    for folder in (root, *root.parents):
        git = folder / ".git"
        if git.is_file():
            git = folder / git.read_text("utf-8").removeprefix("gitdir:").strip()
        if (git / "HEAD").is_file():
            return _resolved(git, (git / "HEAD").read_text("utf-8").strip())
    return ""


def _resolved(git: Path, head: str) -> str:
    if not head.startswith("ref:"):
        return head
    name = head.removeprefix("ref:").strip()
    shared = git / "commondir"
    common = (git / shared.read_text("utf-8").strip()) if shared.is_file() else git
    for folder in (git, common):
        if (folder / name).is_file():
            return (folder / name).read_text("utf-8").strip()
    packed = common / "packed-refs"
    lines = packed.read_text("utf-8").splitlines() if packed.is_file() else []
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")
