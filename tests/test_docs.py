"""The documentation is true: its transcripts are played, its code runs, its links lead somewhere.

`python tests/test_docs.py --update-docs` writes what the commands print now into the pages.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import click
import pytest
from psycopg.conninfo import conninfo_to_dict

import transcripts
from conftest import missing
from instar.cli.group import aliases
from instar.cli.main import program
from instar.dialects.postgresql import embedded
from instar.source.folder import scan
from instar.source.options import Options
from instar.testing import postgresql
from transcripts import Page, Transcript

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TOO_LONG = {"demo"}  # a tour of two minutes, which is tested where it is made
Fresh = Callable[[str], str]


class UpdateOption:
    """The option by which pages are rewritten."""

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        parser.addoption("--update-docs", action="store_true", help="write what commands print into the pages")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that a server of another account may look into, as that of an embedded one must."""
    made = Path(tempfile.mkdtemp(prefix="instar-docs-")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def surroundings(folder: Path, fresh: Fresh) -> Iterator[Callable[[Page], Mapping[str, str]]]:
    """Return a function that makes the database a page asks for and says how its commands find it."""
    with ExitStack() as stack:

        def make(page: Page) -> Mapping[str, str]:
            kind, _, empty = page.about.get("database", "sqlite").partition(" ")
            if kind == "postgresql":
                return stack.enter_context(server_for(folder, named="" if empty else "shop"))
            if kind == "mariadb":
                return transcripts.environ(folder, {"DATABASE_URL": fresh("mariadb")})
            url = "embedded:temporary" if kind == "embedded" else "sqlite:///shop.db"
            return transcripts.environ(folder, {} if empty else {"DATABASE_URL": url})

        yield make


@contextmanager
def server_for(folder: Path, *, named: str) -> Iterator[Mapping[str, str]]:
    """Start a PostgreSQL that psql and instar find without being told; with a database if it is `named`."""
    found = embedded.available()
    if not found:
        missing("postgresql-18", "the embedded extra is not installed")
    with postgresql(max(found)) as server:
        place = conninfo_to_dict(server.address)
        extra = {"PGHOST": str(place["host"]), "PGPORT": str(place.get("port", 5432)), "PGUSER": str(place["user"])}
        if named:
            server.database(named)
            extra |= {"PGDATABASE": named, "DATABASE_URL": f"postgresql:///{named}"}
        yield transcripts.environ(folder, extra, path=(found[max(found)],))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def with_blocks() -> list[Path]:
    found = []
    for path in PAGES:
        words = [(block.runs or "instar.toml" in block.words) for block in transcripts.read(path).blocks]
        found += [path] if any(words) else []
    return found


@pytest.mark.parametrize("path", [pytest.param(path, id=shown(path)) for path in with_blocks()])
def test_what_a_page_shows_is_what_happens(
    path: Path, folder: Path, surroundings: Callable[[Page], Mapping[str, str]], request: pytest.FixtureRequest
) -> None:
    page = transcripts.read(path)
    for name in page.about.get("needs", "").split():
        if shutil.which(name) is None:
            missing(name, f"{name} is not installed")
    environ = surroundings(page)
    hidden = {urlsplit(environ["DATABASE_URL"]).path[1:]: "shop"} if page.about.get("database") == "mariadb" else {}
    update = bool(request.config.getoption("--update-docs", default=False))
    transcript = Transcript(page, folder, environ, update=update, hidden=hidden)

    transcript.play()

    if transcript.changes:
        transcript.rewrite()


def test_every_command_and_every_alias_is_shown() -> None:
    commands = [
        word
        for path in PAGES
        for block in transcripts.read(path).blocks
        if block.language == "console"
        for step in transcripts.steps(block)
        for word in re.findall(r"\b(?:instar|db-migrate) ([a-z-]+)", step.command)
    ]
    names = set(program.list_commands(click.Context(program))) - TOO_LONG
    wanted = names | {alias for name in names for alias in aliases(name)}

    assert wanted - set(commands) == set()


def links(path: Path) -> list[str]:
    return LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8")))


def target(path: Path, link: str) -> Path:
    return (path.parent / link.partition("#")[0]).resolve() if not link.startswith("#") else path


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, ahead = set[Path](), [DOCS / "index.md"]
    while ahead:
        path = ahead.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        ahead += [target(path, link) for link in links(path) if "://" not in link]

    assert [shown(path) for path in PAGES if DOCS in path.parents and path not in reached] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=shown(path)) for path in PAGES])
def test_every_link_leads_somewhere(path: Path) -> None:
    inside = [link for link in links(path) if "://" not in link and not link.startswith("mailto:")]

    assert [link for link in inside if not target(path, link).exists()] == []
    assert [link for link in inside if "#" in link and link.partition("#")[2] not in anchors(target(path, link))] == []


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_map_of_the_package_is_the_package() -> None:
    drawing = transcripts.read(ROOT / "ARCHITECTURE.md").blocks[0].text
    drawn = set(re.findall(r"^  ([\w/]+(?:\.py)?) ", drawing, re.MULTILINE))
    package = ROOT / "src" / "instar"
    there = {path.name for path in package.iterdir() if path.suffix == ".py"}
    there |= {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()}

    assert drawn == there


@pytest.mark.parametrize(
    "file", sorted((ROOT / "src" / "instar" / "dialects").glob("*/history.sql")), ids=lambda file: file.parent.name
)
def test_every_column_of_our_tables_is_explained(file: Path) -> None:
    tables = re.findall(r"^CREATE TABLE .*?^\)", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    columns = {name for table in tables for name in re.findall(r"^    ([a-z_]+) ", table, re.MULTILINE)}
    text = (DOCS / "tracking.md").read_text(encoding="utf-8")

    assert columns
    assert {name for name in columns if f"`{name}`" not in text} == set()


def recipes() -> list[ModuleType]:
    """Return the modules that CONTRIBUTING.md shows."""
    found = []
    for block in transcripts.read(ROOT / "CONTRIBUTING.md").blocks:
        if block.language == "python":
            found.append(ModuleType("pending"))
            exec(block.text, found[-1].__dict__)
    return found


def test_the_recipes_work(tmp_path: Path) -> None:
    layout, command = recipes()
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "up-1.sql").write_text("CREATE TABLE users (id INTEGER);\n")
    options = Options(root=tmp_path)
    folder = scan(str(tmp_path / "migrations"), "migrations")

    assert [migration.version for migration in layout.load(folder, options)] == ["1"]
    assert command.command.name == "pending"


@pytest.mark.parametrize(
    ("expected", "happened", "same"),
    [
        ("applied 1 migration in 3 ms", "applied 1 migration in 1.2 s", True),
        ("applied 1 migration in 3 ms", "applied 2 migrations in 3 ms", False),
        ("a  b\n-------", "a     b\n---", True),
        ("one\n...\nthree", "one\ntwo\n2.5\nthree", True),
        ("one\n...", "two\nthree", False),
        ("(pid 12)", "(pid 4711)", True),
        ("at 2024-01-02 03:04:05", "at 2026-11-22 16:54:11", True),
        ("", "something", False),
    ],
)
def test_only_what_differs_from_run_to_run_is_put_away(expected: str, happened: str, *, same: bool) -> None:
    assert transcripts.agrees(expected, happened) is same


def test_a_page_that_is_wrong_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# Page\n\n```console\n$ echo one\none\n$ echo two\nthree\n```\n")
    transcript = Transcript(transcripts.read(path), tmp_path, transcripts.environ(tmp_path))

    said = r"page\.md:7: `echo two` printed\s+two\s+and the page says\s+three"
    with pytest.raises(transcripts.MismatchError, match=said):
        transcript.play()


def test_a_page_is_rewritten_on_request(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\n$ echo one; \\\n> echo two\nold\nlines\n$ false || echo $?\n1\n```\nend\n")
    transcript = Transcript(transcripts.read(path), tmp_path, transcripts.environ(tmp_path), update=True)

    transcript.play()
    transcript.rewrite()

    assert path.read_text() == "```console\n$ echo one; \\\n> echo two\none\ntwo\n$ false || echo $?\n1\n```\nend\n"


def test_a_command_that_fails_without_saying_so_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\n$ false\n```\n")
    transcript = Transcript(transcripts.read(path), tmp_path, transcripts.environ(tmp_path))

    with pytest.raises(AssertionError, match="failed with 1"):
        transcript.play()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, *sys.argv[1:]], plugins=[UpdateOption()]))
