"""SET TABLESPACE copies a table or an index to another disk while nobody else can use it.

ALTER TABLE ... SET TABLESPACE copies all files of the table under an ACCESS EXCLUSIVE lock; on an index, everyone
whose query plans the index waits. An index is moved without a wait by REINDEX ... (TABLESPACE) CONCURRENTLY; a table
by copying it in batches into a new one in the other tablespace, or by pg_repack.

Safe when: it is there already; the table is partitioned, where only later partitions are concerned; it is new, empty,
or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import WorkKind
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("set tablespace",)
SETUP = "CREATE TABLE events (id bigint PRIMARY KEY, name text);"
# A tablespace needs a place on the server's disk: where there is none, the block does nothing.
BAD = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_tablespace WHERE spcname = 'archive') THEN
        ALTER TABLE events SET TABLESPACE archive;
    END IF;
END $$;
"""
GOOD = "CREATE TABLE events_new (LIKE events INCLUDING ALL);"
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag files that are copied under a lock."""
    change = look.change
    assert change is not None
    index = next((item.object for item in change.work if item.kind is WorkKind.REBUILD), "")
    unknown = rewrite.doubt(change.work, {WorkKind.REWRITE, WorkKind.REBUILD})
    if unknown is None or rewrite.idle(look):
        return
    what = look.name(index) if index else look.name()
    may = "may be" if unknown else "are"
    yield look.finding(
        f"the files of {what} {may} copied while nobody can use it",
        why=f"SET TABLESPACE holds an ACCESS EXCLUSIVE lock on {what} until the last block is copied",
        advice=f"move {what} with REINDEX CONCURRENTLY"
        if index
        else f"copy {what} in batches into a new table in that tablespace and swap the names, or use pg_repack",
        fix=_fix(look, index),
        unknown=unknown,
    )


def _fix(look: Look, index: str) -> Fix | None:
    """Return the REINDEX that moves an index; for a table there is no single statement."""
    place = look.effect.text.split()[-1].rstrip(";")
    if look.depth or not index or len(look.effect.changes) > 1:
        return None
    return Fix(f"REINDEX (TABLESPACE {place}) INDEX CONCURRENTLY {look.name(index)};", segments=True)
