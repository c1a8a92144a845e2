"""Pages of the documentation as transcripts: what their blocks ask for is done in order, in a folder of their own.

The blocks that count, by the words after the fence:

    console                     `$ ` begins a command, `> ` continues it, the rest is what it prints. All commands
                                of a page share one shell. One may fail only where it prints an `error:` line,
                                or exit with 4: what lint finds is what it is asked for
    LANGUAGE file=PATH          the block becomes that file; with `*` in PATH, it replaces the one file that fits
    python run                  runs in a process of its own; a block `text output` below it holds what it prints
    toml instar.toml            must be a good configuration

Comments above the first heading: `<!-- database: KIND -->` (sqlite, postgresql, mariadb, embedded; behind it `empty`
when the page makes its database itself) and `<!-- needs: PROGRAM -->`.

A line `...` in expected output stands for any lines. On both sides, what differs from run to run is put away by
`plain`; a version that `instar create` made here stands for the one that it makes in the test.
"""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from instar import config

_FENCE = re.compile(r"^```(\w+)[ \t]*([^`\n]*)$")
_COMMENT = re.compile(r"<!--\s*(\w+):\s*(.*?)\s*-->")
_END = "--- end of command"
_FINDINGS = 4
_PATIENCE = 120.0
_SHOWN_FOLDER = "/srv/shop"
_CREATED = re.compile(r"migrations/(\d{14})(_\w+\.(?:sql|py))")
_VOLATILE = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?", "<time>"),
    (r"\b\d+ h \d+ min\b|\b\d+ min \d+ s\b|(?:<1|\b\d+) ms\b|\b\d+(?:\.\d+)? s\b", "<duration>"),
    (r'("\w*(?:seconds|pause)": )[\d.e-]+', r"\1<number>"),
    (r'("(?:\w*ms|\w*bytes)": )[\d.e-]+', r"\1<number>"),
    (r"(_ms +\| )\d+", r"\1<number>"),
    (r"\b\d\d:\d\d:\d\d\.\d+\b", "<duration>"),
    (r"\b\d+\.\d{2,}\b", "<number>"),
    (r"\bafter \d+ tries\b", "after <number> tries"),
    (r"\b(pid|process) \d+", r"\1 <pid>"),
    (r"\bPostgreSQL \d+(?:\.\d+)*", "PostgreSQL <number>"),
    (r"\bSQLite \d+(?:\.\d+)*", "SQLite <number>"),
    (r"\b(?:MariaDB|MySQL) \d+(?:\.\d+)*", "MariaDB <number>"),
    (r"\binstar \d+(?:\.\d+)+\w*", "instar <number>"),
    (r"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{16}|[0-9a-f]{12})\b", "<hash>"),
    (r"-{3,}", "---"),
    (r"(?<=\S) {2,}", "  "),
)


class MismatchError(AssertionError):
    """A page says something else than what happens."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words behind it, its lines, and the number (0-based) of the first of them."""

    language: str
    words: tuple[str, ...]
    lines: tuple[str, ...]
    first: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def file(self) -> str:
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), "")

    @property
    def runs(self) -> bool:
        return self.language == "console" or bool(self.file) or (self.language == "python" and "run" in self.words)


@dataclass(frozen=True, slots=True)
class Step:
    """A command, what it should print, and the lines (0-based, from and to) of the page that say so."""

    command: str
    expected: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its blocks."""

    path: Path
    text: str
    blocks: tuple[Block, ...]
    about: Mapping[str, str]


def read(path: Path) -> Page:
    """Read a page."""
    text = path.read_text(encoding="utf-8")
    head = text.partition("\n#")[0] if not text.startswith("#") else ""
    return Page(path, text, tuple(_blocks(text.split("\n"))), dict(_COMMENT.findall(head)))


def _blocks(lines: list[str]) -> list[Block]:
    found: list[Block] = []
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if lines[number].startswith("```"):
            end = lines.index("```", number + 1)
            if fence:
                found.append(Block(fence[1], tuple(fence[2].split()), tuple(lines[number + 1 : end]), number + 1))
            number = end
        number += 1
    return found


def steps(block: Block) -> list[Step]:
    """Cut a console block into commands."""
    starts = [at for at, line in enumerate(block.lines) if line.startswith("$ ")]
    found: list[Step] = []
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        output = start + 1
        while output < end and block.lines[output].startswith("> "):
            output += 1
        command = "\n".join(line[2:] for line in block.lines[start:output])
        found.append(Step(command, block.lines[output:end], block.first + output, block.first + end))
    return found


def plain(text: str) -> str:
    """Put away what differs from run to run."""
    for pattern, instead in _VOLATILE:
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def agrees(expected: str, happened: str) -> bool:
    """Whether what happened is what was expected; a line `...` stands for any lines."""
    lines = plain(expected).split("\n")
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + "\n" for line in lines)
    return re.fullmatch(pattern, plain(happened) + "\n") is not None


class Shell:
    """One shell for all commands of a page: `cd`, `export` and `$?` work as a reader expects."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def run(self, command: str) -> tuple[str, int]:
        """Return what the command printed, and its exit code."""
        assert self._process.stdin
        assert self._process.stdout
        watch = threading.Timer(_PATIENCE, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(f"{{ {command}\n}} </dev/null; s=$?; printf '\\n{_END} %s\\n' $s; (exit $s)\n")
            self._process.stdin.flush()
            lines: list[str] = []
            for line in self._process.stdout:
                if line.startswith(_END):
                    return "".join(lines).removesuffix("\n"), int(line.split()[-1])
                lines.append(line)
        finally:
            watch.cancel()
        raise MismatchError(f"`{command}` ended the shell or took longer than {_PATIENCE:.0f} s:\n{''.join(lines)}")

    def close(self) -> None:
        """End the shell."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(_PATIENCE)


@dataclass(slots=True)
class Transcript:
    """A page at work in `folder`. With `update`, `changes` collects what the page should say instead."""

    page: Page
    folder: Path
    environ: Mapping[str, str]
    update: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)
    changes: list[tuple[int, int, list[str]]] = field(default_factory=list)
    _created: dict[str, str] = field(default_factory=dict)
    _printed: str | None = None

    def play(self) -> None:
        """Do what the blocks say, one after the other. Raises MismatchError with the line of the page."""
        shell = Shell(self.folder, self.environ)
        try:
            for block in self.page.blocks:
                self._block(block, shell)
        finally:
            shell.close()

    def _block(self, block: Block, shell: Shell) -> None:
        printed, self._printed = self._printed, None
        if block.file:
            self._write(block)
        elif block.language == "console":
            for step in steps(block):
                self._step(step, shell)
        elif block.language == "python" and "run" in block.words:
            self._printed = self._python(block)
        elif block.language == "text" and "output" in block.words:
            assert printed is not None, f"{self._at(block.first)}: no `python run` above this output"
            self._compare("the block above", block.lines, printed, block.first, block.first + len(block.lines))
        elif block.language == "toml" and "instar.toml" in block.words:
            self._configuration(block)

    def _write(self, block: Block) -> None:
        name = self._now(block.file)
        path = self.folder / name
        if "*" in name:
            found = list(self.folder.glob(name))
            assert len(found) == 1, f"{self._at(block.first)}: {name} fits {len(found)} files"
            path = found[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._now(block.text), encoding="utf-8")

    def _step(self, step: Step, shell: Shell) -> None:
        output, code = shell.run(self._now(step.command))
        happened = self._shown(output)
        self._learn("\n".join(step.expected), happened)
        self._compare(f"`{step.command}`", step.expected, happened, step.begin, step.end)
        failed = code == _FINDINGS or any(line.startswith("error:") for line in happened.split("\n"))
        assert code == 0 or failed, f"{self._at(step.begin)}: `{step.command}` failed with {code} and no error: line"

    def _learn(self, expected: str, happened: str) -> None:
        """Remember that the version of a file which was made just now is another one on the page."""
        then, now = _CREATED.fullmatch(expected.strip()), _CREATED.fullmatch(happened.strip())
        if then and now and then[2] == now[2]:
            self._created[then[1]] = now[1]

    def _now(self, text: str) -> str:
        for then, now in self._created.items():
            text = text.replace(then, now)
        return text

    def _shown(self, text: str) -> str:
        """Return what was printed as the page may show it."""
        names = {str(self.folder): _SHOWN_FOLDER, socket.gethostname(): "host", **self.hidden}
        for name, shown in names.items():
            text = text.replace(name, shown)
        return text

    def _compare(self, what: str, expected: tuple[str, ...], happened: str, begin: int, end: int) -> None:
        if agrees(self._now("\n".join(expected)), happened):
            return
        for then, now in self._created.items():
            happened = happened.replace(now, then)
        lines = [line.rstrip() for line in happened.rstrip().split("\n")] if happened.strip() else []
        if self.update:
            self.changes.append((begin, end, lines))
            return
        said = "\n".join(expected)
        printed = "\n".join(lines)
        raise MismatchError(f"{self._at(begin)}: {what} printed\n\n{printed}\n\nand the page says\n\n{said}")

    def _python(self, block: Block) -> str:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", self._now(block.text)],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
            encoding="utf-8",
        )
        if ran.returncode:
            raise MismatchError(f"{self._at(block.first)}: this failed\n\n{ran.stdout}")
        return self._shown(ran.stdout)

    def _configuration(self, block: Block) -> None:
        path = self.folder / "shown" / "instar.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        try:
            config.load(path.parent, environ=self.environ)
        finally:
            path.unlink()
            path.parent.rmdir()

    def _at(self, line: int) -> str:
        return f"{self.page.path.name}:{line + 1}"

    def rewrite(self) -> None:
        """Write what happened into the page."""
        lines = self.page.text.split("\n")
        for begin, end, instead in sorted(self.changes, reverse=True):
            lines[begin:end] = instead
        self.page.path.write_text("\n".join(lines), encoding="utf-8")


def environ(folder: Path, extra: Mapping[str, str] | None = None, *, path: tuple[Path, ...] = ()) -> dict[str, str]:
    """Return the variables that a page's commands see: nothing of the machine's own configuration."""
    places = (Path(sys.executable).parent, *path)
    return {
        "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
        "HOME": str(folder),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "INSTAR_ACTOR": "deploy",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        **(extra or {}),
    }
