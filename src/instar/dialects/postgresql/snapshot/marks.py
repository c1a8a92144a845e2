"""What may be said of an object of any kind: comments, security labels, grants, and what it needs."""

from collections.abc import Iterable, Mapping, Sequence

from instar.dialects.postgresql.snapshot.draft import Draft, Drafts, Place, Row

_OF_OTHERS = {
    ("pg_class", "constraint"): "index comment",
    ("pg_constraint", "column"): "not null comment",
    ("pg_constraint", "domain"): "not null comment",
}
_KINDS = {"foreign-data wrapper": "foreign data wrapper", "table column": "column"}


def comment(drafts: Drafts, rows: Sequence[Row]) -> None:
    """Add comments; an index of a constraint and a NOT NULL have theirs on the object that they belong to."""
    for catalog, oid, sub, text in rows:
        place = (catalog, oid, sub)
        draft = drafts.own.get(place)
        if draft is not None:
            draft.facts["comment"] = text
            continue
        other = drafts.others.get(place)
        name = _OF_OTHERS.get((catalog, other.kind)) if other else None
        if other is not None and name:
            other.facts[name] = text


def label(drafts: Drafts, rows: Sequence[Row]) -> None:
    """Add security labels."""
    for catalog, oid, sub, provider, text in rows:
        draft = drafts.own.get((catalog, oid, sub))
        if draft is not None:
            draft.facts[f"security label for {provider}"] = text


def grant(drafts: Drafts, rows: Sequence[Row]) -> None:
    """Add grants, those on members of extensions and on the server's own objects to drafts that hold nothing else."""
    for catalog, oid, sub, who, privileges, identity, extension in rows:
        place = (catalog, oid, sub)
        draft = drafts.own.get(place)
        if draft is None and identity:
            draft = _foreign(drafts, place, identity, extension)
        if draft is not None:
            draft.facts[f"grant to {who}"] = privileges


def _foreign(drafts: Drafts, place: Place, identity: Sequence[str], extension: str | None) -> Draft | None:
    kind, name = _KINDS.get(identity[0], identity[0]), identity[1]
    if extension is None and "pg_catalog" not in identity[1:]:
        return None
    facts = {"extension": extension} if extension else {"system": "true"}
    draft = Draft(kind, name, name, f"{kind} {name}", facts=facts)
    drafts.own[place] = draft
    return draft


def need(drafts: Drafts, rows: Iterable[Row], catalogs: Mapping[int, str]) -> None:
    """Note what every object needs; a member of an extension stands for the extension. `catalogs` are their names."""
    own, others = drafts.own, drafts.others
    members: dict[Place, str] = {}
    outside: list[tuple[Draft, Place]] = []
    for catalog, oid, sub, other_catalog, other, other_sub, kind in rows:
        place = (catalogs.get(catalog, ""), oid, sub)
        wanted = (catalogs.get(other_catalog, ""), other, other_sub)
        if kind == "e":
            extension = own.get(wanted)
            if extension is not None:
                members[place] = extension.key
            continue
        draft = own.get(place) or others.get(place)
        if draft is None or (draft.kind == "sequence" and other_sub):
            continue
        needed = own.get(wanted) or others.get(wanted)
        if needed is None:
            outside.append((draft, wanted))
        elif needed is not draft:
            draft.needs.append(needed.key)
    for draft, (catalog, oid, _) in outside:
        if (catalog, oid, 0) in members:
            draft.needs.append(members[catalog, oid, 0])
