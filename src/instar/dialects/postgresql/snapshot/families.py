"""Objects whose facts stand in several catalogs: aggregates, operator classes, text search, publications."""

from collections.abc import Mapping, Sequence

from instar.dialects.postgresql.snapshot.draft import Drafts, Row


def finish(drafts: Drafts, rows: Mapping[str, Sequence[Row]]) -> None:
    """Complete them from the rows of the queries that were asked."""
    for oid, signature, details in rows.get("aggregates", ()):
        aggregate = drafts.at(("pg_proc", oid, 0))
        if aggregate is not None:
            aggregate.facts["definition"] = f"CREATE AGGREGATE {signature} ({details})"
    for oid, name, dictionaries in rows.get("mappings", ()):
        configuration = drafts.at(("pg_ts_config", oid, 0))
        if configuration is not None:
            configuration.facts[name] = dictionaries
    for oid, table, details in rows.get("publication_tables", ()):
        publication, relation = drafts.at(("pg_publication", oid, 0)), drafts.at(("pg_class", table, 0))
        if publication is not None and relation is not None:
            publication.facts[f"table {relation.name}"] = details
    for oid, name in rows.get("publication_schemas", ()):
        publication = drafts.at(("pg_publication", oid, 0))
        if publication is not None:
            publication.facts[f"schema {name}"] = ""
    _members(drafts, rows.get("members", ()))


def _members(drafts: Drafts, rows: Sequence[Row]) -> None:
    texts: dict[int, list[str]] = {}
    for catalog, oid, owner_catalog, owner, text in rows:
        draft = drafts.at((owner_catalog, owner, 0))
        if draft is None:
            continue
        drafts.others[catalog, oid, 0] = draft
        if draft.kind == "operator family":
            draft.facts[f"member {text}"] = ""
        else:
            texts.setdefault(owner, []).append(text)
    for (catalog, oid, _), draft in drafts.own.items():
        if catalog == "pg_opclass":
            parts = texts.get(oid, [])
            if draft.notes["stores"] or not parts:
                parts = [draft.notes["storage"], *parts]
            draft.facts["definition"] = draft.notes["head"] + ", ".join(parts)
