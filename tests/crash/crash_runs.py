"""Runs that are broken and continued, and what must be true afterwards, whatever the engine."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from instar import Migrator
from instar.errors import AmbiguousError

CHILD = Path(__file__).with_name("crash_child.py")
_PATIENCE = 30.0  # seconds that the server may take to notice that a client is gone


class Truth(StrEnum):
    """What somebody who looks at the data says of a statement whose end nobody saw."""

    APPLIED = "applied"
    NOT_APPLIED = "not-applied"


@dataclass(frozen=True, slots=True)
class Order:
    """A run in a process of its own, and the call at which it breaks; -1 for never."""

    engine: str
    url: str
    directory: Path
    action: str
    at: int = -1
    moment: str = "before"
    server: Path | None = None
    how: str = "kill"
    record: Path | None = None

    def carry_out(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CHILD), json.dumps(asdict(self), default=str)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@dataclass(slots=True)
class Continued:
    """What it took to finish: the ambiguous migrations that were settled on the way."""

    settled: list[str] = field(default_factory=list)


def finish(url: str, directory: Path, action: str, look: Callable[[str, str], Truth] | None = None) -> Continued:
    """Run the same command again until it is done. Only an ambiguity may stop it, and a look at the data settles it."""
    continued = Continued()
    for _ in range(4):
        try:
            with Migrator(url, directory=directory) as migrator:
                run(migrator, action)
        except AmbiguousError:
            assert look is not None, "nothing in these migrations is ambiguous"
            continued.settled += settle(url, directory, look)
        else:
            return continued
    raise AssertionError("the same migrations stay ambiguous after they were settled")


def run(migrator: Migrator, action: str) -> None:
    if action == "up":
        migrator.up(wait_lock=_PATIENCE)
    else:
        migrator.down(to="0", wait_lock=_PATIENCE)


def settle(url: str, directory: Path, look: Callable[[str, str], Truth]) -> list[str]:
    with Migrator(url, directory=directory) as migrator:
        open_ones = [repair for repair in migrator.repairs() if repair.kind == "ambiguous"]
        assert open_ones, "an ambiguous migration must be among the repairs"
        migrator.repair([repair.choose(look(url, repair.version)) for repair in open_ones])
    return [repair.version for repair in open_ones]
