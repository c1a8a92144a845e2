"""dbmate: `20231201120000_name.sql` with `-- migrate:up` and `-- migrate:down`, perhaps several pairs in one file.

A folder with one pair a file means the same in the native layout, and is read as that.
"""

import re

from instar.errors import SourceError
from instar.model import Migration
from instar.source.folder import Folder
from instar.source.names import check_version, misnamed, text_order
from instar.source.options import Options
from instar.source.placeholders import fill_all
from instar.source.sections import Section, cut
from instar.source.text import Source, checksum_of, place_of, remarks, script

_NAME = re.compile(r"(\d+)(.*)\.sql", re.ASCII)
_NATIVE_NAME = re.compile(r"\d+_[\w-]+\.sql", re.ASCII)
_MARKER = re.compile(r"^--\s*migrate:(up|down)\b", re.MULTILINE)
_ONLY_NATIVE = re.compile(r"^--[ \t]*(?:///[ \t]*migration|migrate:(?:before|after|contract)\b)", re.MULTILINE)


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files that the native layout would not read as dbmate does: several pairs, other names or order."""
    marked = [name for name in folder.files if _NAME.fullmatch(name) and _ups(folder.read(name))]
    if any(_ONLY_NATIVE.search(folder.read(name).text) for name in marked):
        return []
    telling = [name for name in marked if _ups(folder.read(name)) > 1 or not _NATIVE_NAME.fullmatch(name)]
    return telling or _oddly_ordered(marked)


def _ups(source: Source) -> int:
    if "migrate:" not in source.text:
        return 0
    return sum(match[1] == "up" for match in _MARKER.finditer(source.text))


def _oddly_ordered(names: list[str]) -> list[str]:
    versions = [match[1] for name in names if (match := _NAME.fullmatch(name))]
    return names if sorted(versions) != sorted(versions, key=int) else []


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read every file whose name begins with digits; they run in the order of their names, as dbmate has it."""
    matches = [_match(folder, name) for name in folder.sql()]
    orders = text_order([match[1] for match in matches])
    return [_migration(folder.read(match[0]), match, orders[match[1]], options) for match in matches]


def _match(folder: Folder, name: str) -> re.Match[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise misnamed(folder.show(name), "digits and a name: 20231201120000_name.sql")
    return match


def _migration(source: Source, match: re.Match[str], order: tuple[int, ...], options: Options) -> Migration:
    sections = _pairs(source)
    scripts = {
        name: tuple(script(source, each.start, each.end, each.transaction) for each in sections if each.name == name)
        for name in ("up", "down")
    }
    return Migration(
        check_version(match[1], source.file),
        match[2].lstrip("_-. ") or match[1],
        source.file,
        order=order,
        format="dbmate",
        checksum=checksum_of(scripts["up"]),
        up=fill_all(scripts["up"], options.placeholders),
        # dbmate runs them from the first pair to the last, too.
        down=fill_all(scripts["down"], options.placeholders),
        remarks=remarks(source, sections[0].marker),
    )


def _pairs(source: Source) -> list[Section]:
    """Return the sections of a file after checking that each is one that dbmate knows, and in its place."""
    sections = cut(source)
    if not sections:
        raise SourceError(f"{source.file} has no section", hint="begin it with a line `-- migrate:up`")
    for section, before in zip(sections, [None, *sections], strict=False):
        if section.name not in ("up", "down"):
            raise _misplaced(source, section, "dbmate knows up and down only", 'format = "native" knows the others')
        if section.name == "down" and (before is None or before.name != "up"):
            raise _misplaced(source, section, "migrate:down stands without its migrate:up", "every down follows its up")
    _refuse_half_undone(source, sections)
    return sections


def _refuse_half_undone(source: Source, sections: list[Section]) -> None:
    downs = sum(section.name == "down" for section in sections)
    if 0 < downs < len(sections) - downs:
        lone = next(a for a, b in zip(sections, [*sections[1:], None], strict=True) if a.name == "up" and _alone(b))
        raise _misplaced(source, lone, "this migrate:up has no migrate:down, others have", "add one, empty if need be")


def _alone(following: Section | None) -> bool:
    return following is None or following.name == "up"


def _misplaced(source: Source, section: Section, message: str, hint: str) -> SourceError:
    return SourceError(message, hint=hint, place=place_of(source, section.marker))
