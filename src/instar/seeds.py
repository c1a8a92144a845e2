"""`seed`: files of a folder run in the order of their names, each in a transaction; they may be run again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from instar.dialects import Command, Dialect, Session
from instar.errors import DatabaseError, InstarError, SourceError, UsageError
from instar.events import Event, Notice
from instar.execute.checks import Guarded
from instar.model import Script
from instar.registry import did_you_mean
from instar.segments import segments
from instar.source.script import place_in, statements
from instar.source.text import read


def files(folders: Sequence[Path], only: Sequence[str]) -> list[Path]:
    """Return the seed files, sorted by name; with `only` those of these names (with or without ending).

    Raises SourceError when no folder is there, UsageError at a name that is not.
    """
    there = [folder for folder in folders if folder.is_dir()]
    if not there:
        shown = ", ".join(str(folder) for folder in folders)
        raise SourceError(f"there is no folder of seeds: {shown}", hint="put SQL or Python files into it")
    every = (path for folder in there for path in folder.iterdir() if path.suffix in {".sql", ".py"})
    found = sorted((path for path in every if path.name[0] != "_"), key=lambda path: path.name)
    for name in only:
        if not any(name in {path.name, path.stem} for path in found):
            raise UsageError(f"there is no seed {name!r}", hint=did_you_mean(name, [path.stem for path in found]))
    return [path for path in found if not only or {path.name, path.stem} & set(only)]


def run(session: Session, dialect: Dialect, path: Path, shown: str, emit: Callable[[Event], None]) -> None:
    """Run one seed file. Raises InstarError with the place of what failed; its open transaction is rolled back."""
    try:
        if path.suffix == ".py":
            _python(session, dialect, path, shown)
        else:
            _sql(session, dialect, Script(read(str(path), shown).text, shown), emit)
    finally:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])
        session.run([*session.restoring(), *session.tidying()])


def _sql(session: Session, dialect: Dialect, script: Script, emit: Callable[[Event], None]) -> None:
    def tell(severity: str, message: str, detail: str) -> None:
        emit(Notice(severity, message, detail))

    for segment in segments(statements(script, dialect)):
        begin = [Command(segment.begin.text if segment.begin else dialect.begin), *session.opening()]
        opening = begin if segment.transaction else []
        commands = [Command(item.text, None, item) for item in segment.statements]
        closing = [*session.durable(), Command("COMMIT")] if segment.transaction else []
        try:
            session.run([*opening, *commands, *closing], tell=tell)
        except DatabaseError as error:
            at = error.index - len(opening)
            if 0 <= at < len(segment.statements):
                error.place = place_in(segment.statements[at], error.position)
            raise


def _python(session: Session, dialect: Dialect, path: Path, shown: str) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"instar_seed_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SourceError(f"{shown} cannot be imported: {type(error).__name__}: {error}") from error
    function = getattr(module, "seed", None)
    if function is None:
        raise SourceError(f"{shown} has no function seed(connection)", hint="write def seed(connection): ...")
    session.run([Command(dialect.begin), *session.opening()])
    try:
        function(Guarded(session.driver))
    except InstarError:
        raise
    except Exception as error:
        raise DatabaseError(f"{shown} failed: {type(error).__name__}: {error}") from error
    _require_transaction(session, shown)
    session.run([*session.durable(), Command("COMMIT")])


def _require_transaction(session: Session, shown: str) -> None:
    if not session.in_transaction():
        raise DatabaseError(f"{shown} ended the transaction that instar began", hint="leave COMMIT and ROLLBACK out")
