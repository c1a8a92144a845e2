"""What tests of dialects do again and again: cut a text into statements, and run one."""

import subprocess
import sys

from instar.dialects import Command, Dialect, Outcome, Session
from instar.model import Kind, Statement

HOLDER = """
import sys, time
from instar.dialects import Settings, for_url
session = for_url(sys.argv[1]).connect(sys.argv[1], Settings())
print(session.lock("key", "the holder"), flush=True)
time.sleep(60)
"""


def texts(dialect: Dialect, script: str) -> list[str]:
    return [script[piece.start : piece.end] for piece in dialect.cut(script)]


def kinds(dialect: Dialect, script: str) -> list[Kind]:
    return [piece.kind for piece in dialect.cut(script)]


def statements(dialect: Dialect, script: str) -> list[Statement]:
    return [
        Statement(script[piece.start : piece.end], 1, 1, piece.start, "script.sql", piece.kind)
        for piece in dialect.cut(script)
    ]


def statement(dialect: Dialect, text: str) -> Statement:
    (one,) = statements(dialect, text)
    return one


def send(session: Session, dialect: Dialect, script: str) -> list[Outcome]:
    """Run the statements of a script as they stand, each on its own."""
    return [session.run([Command(one.text, None, one)])[0] for one in statements(dialect, script)]


def holder(url: str) -> "subprocess.Popen[str]":
    """Start another process that takes the migrator lock of `url`; return once it has it."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "None"
    return process
