"""Edits of metadata and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from soulsync_engine.pictures import mime_type_of
from soulsync_engine.testing.simulator import Answer, RefusedRequestError, SimulatedRequest
from soulsync_plex.simulator.answers import bad_request, not_found
from soulsync_plex.simulator.rows import TYPE_NAMES, Row
from soulsync_plex.simulator.state import SimulatedAccount

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator

_FIELDS: Final = ("title", "titleSort", "summary", "originalTitle", "index", "parentIndex", "userRating")
_TAGS: Final = ("genre", "mood", "style", "collection", "label", "country")
_NUMBERS: Final = frozenset({"index", "parentIndex"})
_MOST_TAGS: Final = 100


def add_routes(simulator: PlexSimulator) -> None:
    """Add what metadata is edited with."""
    state = simulator.state

    @simulator.serve(
        "PUT", "/library/sections/{section}/all", query=_edit_names(), required=("type", "id"), owner=True
    )
    def edit(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        kind = TYPE_NAMES.get(request.number_of("type", 0))
        for key in (request.value("id") or "").split(","):
            if not state.catalogue.has(key):
                return not_found()
            section, row = state.catalogue.find(key)
            if section.key != request.path_values["section"] or row["type"] != kind:
                return bad_request()
            artist = request.value("artist.id.value")
            if (
                kind == "album"
                and request.value("title.value") is not None
                and artist != row["parentRatingKey"]
            ):
                # plexapi says that a new title needs the artist beside it.
                return bad_request()
            _apply(request, row)
            state.catalogue.touch(key)
        return Answer(content_type=None)

    @simulator.serve("GET", "/library/metadata/{key}/posters")
    def posters(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = state.posters.get(request.path_values["key"], [])
        listed = [
            {"ratingKey": name, "key": name, "thumb": name, "selected": number == len(stored)}
            for number, (name, _) in enumerate(stored, start=1)
        ]
        # A real one lists them as <Photo>, without a type.
        return simulator.container(
            request, {"size": len(listed), "Metadata": [{"type": "photo", **one} for one in listed]}
        )

    @simulator.serve("POST", "/library/metadata/{key}/posters", query=("url",), body=True)
    def upload(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        key = request.path_values["key"]
        if key in state.playlists:
            if state.playlists[key].account != account.id:
                return not_found()
        elif not account.owner or not state.catalogue.has(key):
            return not_found()
        if mime_type_of(request.body) is None:
            return bad_request()
        name = f"upload://posters/{len(request.body):x}{sum(request.body):x}"
        state.posters[key] = [pair for pair in state.posters.get(key, []) if pair[0] != name] + [
            (name, request.body)
        ]
        if key in state.playlists:
            state.playlists[key].updated = state.catalogue.now()
        else:
            _, row = state.catalogue.find(key)
            state.catalogue.covers[key] = request.body
            state.catalogue.touch(key)
            row["thumb"] = f"/library/metadata/{key}/thumb/{row['updatedAt']}"
        return Answer(content_type=None)


def _apply(request: SimulatedRequest, row: Row) -> None:
    for field in _FIELDS:
        value = request.value(f"{field}.value")
        if value is not None:
            row[field] = int(value) if field in _NUMBERS else value
            if value == "" and field != "summary":
                row.pop(field)
        _lock(row, field, request.value(f"{field}.locked"))
    for tag in _TAGS:
        element = tag.capitalize()
        before = [str(entry["tag"]) for entry in _entries(row, element)]
        added = [
            value for number in range(_MOST_TAGS) for value in request.values(f"{tag}[{number}].tag.tag")
        ]
        gone = {unquote(name) for text in request.values(f"{tag}[].tag.tag-") for name in text.split(",")}
        after = [name for name in dict.fromkeys([*before, *added]) if name not in gone]
        if after:
            row[element] = [{"tag": name} for name in after]
        else:
            row.pop(element, None)
        _lock(row, tag, request.value(f"{tag}.locked"))


def _lock(row: Row, field: str, locked: str | None) -> None:
    if locked is None:
        return
    if locked not in ("0", "1"):
        raise RefusedRequestError(f"{field}.locked is {locked!r}")
    others = [entry for entry in _entries(row, "Field") if entry["name"] != field]
    row["Field"] = [*others, {"name": field, "locked": True}] if locked == "1" else others
    if not row["Field"]:
        del row["Field"]


def _entries(row: Row, element: str) -> list[Row]:
    listed = row.get(element)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _edit_names() -> list[str]:
    names = ["type", "id", "artist.id.value"]
    names += [f"{field}.{part}" for field in _FIELDS for part in ("value", "locked")]
    for tag in _TAGS:
        names += [f"{tag}.locked", f"{tag}[].tag.tag-"]
        names += [f"{tag}[{number}].tag.tag" for number in range(_MOST_TAGS)]
    return names
