"""instar's own layout: `20231201120000_name.sql` or `.py`, and `R__name.sql` for repeatables."""

import re
from collections.abc import Mapping

from instar.errors import SourceError
from instar.model import Header, Migration, MigrationKind, Script
from instar.source.folder import Folder
from instar.source.header import Claims, Found, find
from instar.source.names import check_version, misnamed, repeatable_version
from instar.source.options import Options
from instar.source.placeholders import fill_all
from instar.source.python import code
from instar.source.sections import Section, cut
from instar.source.text import Source, checksum, checksum_of, code_starts, place_of, remarks, script, whole

_NAME = re.compile(r"(\d+)_([\w-]+)\.(sql|py)", re.ASCII)
_REPEATABLE = re.compile(r"R__([\w-]+)\.sql", re.ASCII)
_FOLDER = re.compile(r"\d+[\d-]*_.*", re.ASCII)
_MARK = re.compile(r"^--[ \t]*(?:///[ \t]*migration|migrate:(?:before|after|contract)\b)", re.MULTILINE)
_PATTERN = "20231201120000_name.sql"


def detect(folder: Folder, options: Options) -> list[str]:  # noqa: ARG001 - the contract of formats
    """Name the files that only this layout can have written: with a header or a section of ours, or in Python."""
    return [name for name in folder.files if _is_ours(folder, name)]


def _is_ours(folder: Folder, name: str) -> bool:
    if name.endswith(".py"):
        return name[0].isdigit()
    if not name.endswith(".sql"):
        return False
    text = folder.read(name).text
    return ("///" in text or "migrate:" in text) and _MARK.search(text) is not None


def load(folder: Folder, options: Options) -> list[Migration]:
    """Read SQL and Python migrations and repeatables."""
    _refuse_folders(folder)
    found: list[Migration] = []
    for name in folder.files:
        match = _NAME.fullmatch(name)
        if match is None:
            found += _unversioned(folder, name, options)
        elif match[3] == "sql":
            found.append(folder.recalled.get(name) or _sql(folder.read(name), match[1], match[2], options))
        else:
            found.append(_python(folder, name, match))
    return found


def _refuse_folders(folder: Folder) -> None:
    for name in folder.folders:
        if _FOLDER.fullmatch(name) and any(file.endswith(".sql") for file in folder.enter(name).files):
            raise SourceError(
                f"{folder.show(name)} is a folder, and a migration of this layout is a file",
                hint='folders with up.sql are Diesel\'s layout: format = "diesel" under [migrations]',
            )


def _sql(source: Source, version: str, name: str, options: Options) -> Migration:
    header, claims, written = _parts(source)
    filled = {section: fill_all(scripts, options.placeholders) for section, scripts in written.items()}
    repeatable = not version[0].isdigit()
    return Migration(
        check_version(version, source.file),
        name,
        source.file,
        order=() if repeatable else (int(version),),
        kind=MigrationKind.REPEATABLE if repeatable else MigrationKind.VERSIONED,
        header=header,
        # A repeatable runs again when a placeholder's value changes; a versioned one is what was written.
        checksum=checksum_of((filled if repeatable else written)["up"]),
        up=filled["up"],
        down=filled.get("down", ()),
        before=filled.get("before", ()),
        after=filled.get("after", ()),
        contract=filled.get("contract", ()),
        remarks=_remarks(source, written),
        claims=claims,
    )


def _remarks(source: Source, written: Mapping[str, tuple[Script, ...]]) -> tuple[Script, ...]:
    if "instar:ignore" not in source.text:
        return ()
    first = min(each.line for scripts in written.values() for each in scripts)
    return remarks(source, len("".join(source.text.split("\n")[: first - 1])) + first - 1)


def _parts(source: Source) -> tuple[Header, Claims, dict[str, tuple[Script, ...]]]:
    """Return the header, the places of its keys, and the scripts of every section that the file has."""
    found = find(source)
    sections = cut(source)
    if found:
        _refuse_late_header(source, found, sections)
    header, claims = (found.header, found.claims) if found else (Header(), ())
    if not sections:
        return header, claims, {"up": (whole(source),)}
    if all(section.name != "up" for section in sections):
        raise SourceError(
            f"{source.file} has sections, but none is migrate:up",
            hint="put `-- migrate:up` above what is to be applied",
            place=place_of(source, sections[0].marker),
        )
    return header, claims, _scripts(source, sections)


def _refuse_late_header(source: Source, found: Found, sections: list[Section]) -> None:
    first = sections[0].marker if sections else len(source.text)
    if found.start > first or code_starts(source.text, 0, found.start) < found.start:
        raise SourceError(
            "the header stands behind SQL or a section",
            hint="move it to the top of the file",
            place=place_of(source, found.start),
        )


def _scripts(source: Source, sections: list[Section]) -> dict[str, tuple[Script, ...]]:
    scripts: dict[str, tuple[Script, ...]] = {"up": ()}
    for section in sections:
        if scripts.get(section.name):
            raise SourceError(
                f"a second section migrate:{section.name}",
                hint="join the two; several pairs of up and down are dbmate's layout",
                place=place_of(source, section.marker),
            )
        scripts[section.name] = (script(source, section.start, section.end, section.transaction),)
    return scripts


def _python(folder: Folder, name: str, match: re.Match[str]) -> Migration:
    source = folder.read(name)
    found = find(source, python=True)
    return Migration(
        check_version(match[1], source.file),
        match[2],
        source.file,
        order=(int(match[1]),),
        header=found.header if found else Header(),
        checksum=checksum(source.text),
        code=code(source, folder.locate(name), transaction=found.transaction if found else True),
        remarks=remarks(source, len(source.text)),
        claims=found.claims if found else (),
    )


def _unversioned(folder: Folder, name: str, options: Options) -> list[Migration]:
    """Return the repeatable that a file is, or nothing. Raises SourceError when it should have been a migration."""
    match = _REPEATABLE.fullmatch(name)
    if match:
        return [_sql(folder.read(name), repeatable_version(match[1]), match[1], options)]
    if name[-4:].lower() == ".sql":
        raise misnamed(folder.show(name), f"{_PATTERN} or R__name.sql", _hint(name))
    if name.endswith(".py") and (name[0].isdigit() or name.startswith("R__")):
        raise misnamed(folder.show(name), "20231201120000_name.py")
    return []


def _hint(name: str) -> str:
    if re.fullmatch(r"\d+.*\.(up|down)\.sql", name):
        return 'up and down in two files is another layout: format = "golang-migrate" under [migrations]'
    if re.fullmatch(r"[VUB]\d.*__.*", name):
        return 'this is Flyway\'s layout: format = "flyway" under [migrations]'
    stem = re.sub(r"[^\w]+", "_", name[:-4]).strip("_")
    if re.match(r"\d+_\w", stem):
        return f"rename it to {stem}.sql"
    return ""
