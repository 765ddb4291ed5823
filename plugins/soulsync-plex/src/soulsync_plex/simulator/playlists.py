"""Playlists: entries have ids of their own, and a track may be in one twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_plex.simulator.answers import bad_request, not_found
from soulsync_plex.simulator.rows import Row
from soulsync_plex.simulator.state import MACHINE_ID, SimulatedAccount, StoredPlaylist

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator

_URI: Final = re.compile(
    rf"server://{MACHINE_ID}/com\.plexapp\.plugins\.library(?P<path>/library/(?:metadata/(?P<keys>[0-9,]*)|sections/.*))"
)
_INCLUDES: Final = (
    *("includeGuids", "includeFields", "includeBandwidths", "includeChapters", "includeGeolocation"),
    *("includeLoudnessRamps", "includeMarkers"),
)
_LONGEST_TARGET: Final = 8000
_EDITS: Final = ("title.value", "title.locked", "summary.value", "summary.locked", "title", "summary")


def add_routes(simulator: PlexSimulator) -> None:
    """Add what playlists are read and written with."""
    state = simulator.state

    @simulator.serve(
        "GET", "/playlists", query=("playlistType", "sectionID", "title", "sort", "type", "includeGuids")
    )
    def listed(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        wanted, title = request.value("playlistType"), (request.value("title") or "").casefold()
        rows = [
            _row(simulator, account, stored)
            for stored in state.playlists.values()
            if stored.account == account.id
            and wanted in (None, stored.type)
            and title in stored.title.casefold()
        ]
        return simulator.page(request, rows)

    @simulator.serve(
        "POST", "/playlists", query=("uri", "type", "title", "smart"), required=("type", "title")
    )
    def created(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        uri = request.value("uri")
        smart = request.value("smart") == "1"
        keys = _keys(simulator, request, uri) if uri else []
        if keys is None:
            return bad_request()
        moment = state.catalogue.now()
        rules = _rules(uri or "") if smart else ""
        if smart and not rules:
            return bad_request()
        stored = StoredPlaylist(
            key=state.next_number(),
            title=request.value("title") or "",
            account=account.id,
            type=request.value("type") or "audio",
            smart=smart,
            rules=rules,
            added=moment,
        )
        state.playlists[stored.key] = stored
        _append(simulator, stored, keys)
        return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})

    @simulator.serve("GET", "/playlists/{playlist}", query=_INCLUDES)
    def shown(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        if stored is None:
            return not_found()
        return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})

    @simulator.serve("PUT", "/playlists/{playlist}", query=_EDITS)
    def edited(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        if stored is None:
            return not_found()
        for name, value in request.query:
            if name in ("title", "title.value"):
                stored.title = value
            elif name in ("summary", "summary.value"):
                stored.summary = value
        return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})

    @simulator.serve("DELETE", "/playlists/{playlist}")
    def deleted(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        if stored is None:
            return not_found()
        del state.playlists[stored.key]
        return Answer(status=204, content_type=None)

    @simulator.serve("GET", "/playlists/{playlist}/items", query=("includeGuids", "type", "excludeElements"))
    def entries(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        if stored is None:
            return not_found()
        rows = _content(simulator, account, stored)
        return simulator.page(request, rows, leafCount=len(rows), title=stored.title, smart=stored.smart)

    @simulator.serve("PUT", "/playlists/{playlist}/items", query=("uri",), required=("uri",))
    def added(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        if stored is None:
            return not_found()
        uri = request.value("uri") or ""
        if stored.smart and (rules := _rules(uri)):
            stored.rules = rules
            return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})
        keys = _keys(simulator, request, uri)
        if keys is None or stored.smart:
            return bad_request()
        count = _append(simulator, stored, keys)
        content: Row = {"size": 1, "leafCountAdded": count, "leafCountRequested": len(keys)}
        return simulator.container(request, {**content, "Metadata": [_row(simulator, account, stored)]})

    @simulator.serve("DELETE", "/playlists/{playlist}/items/{entry}")
    def removed(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        entry = request.path_values["entry"]
        if stored is None or all(entry != entry_id for entry_id, _ in stored.entries):
            return not_found()
        stored.entries = [pair for pair in stored.entries if pair[0] != entry]
        stored.updated = state.catalogue.now()
        return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})

    @simulator.serve("PUT", "/playlists/{playlist}/items/{entry}/move", query=("after",))
    def moved(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = _own(simulator, request, account)
        entry, after = request.path_values["entry"], request.value("after")
        ids = [entry_id for entry_id, _ in stored.entries] if stored else []
        if stored is None or entry not in ids or (after is not None and after not in ids):
            return not_found()
        pair = stored.entries.pop(ids.index(entry))
        place = 0 if after is None else [entry_id for entry_id, _ in stored.entries].index(after) + 1
        stored.entries.insert(place, pair)
        stored.updated = state.catalogue.now()
        return simulator.container(request, {"size": 1, "Metadata": [_row(simulator, account, stored)]})


def _own(
    simulator: PlexSimulator, request: SimulatedRequest, account: SimulatedAccount
) -> StoredPlaylist | None:
    stored = simulator.state.playlists.get(request.path_values["playlist"])
    return stored if stored is not None and stored.account == account.id else None


def _keys(simulator: PlexSimulator, request: SimulatedRequest, uri: str) -> list[str] | None:
    """The keys a URI names, None for one that makes no sense or is too long for the server's own parser."""
    found = _URI.fullmatch(uri)
    if (
        found is None
        or sum(len(name) + 3 * len(value) for name, value in request.query) > 3 * _LONGEST_TARGET
    ):
        return None
    keys = found["keys"]
    return [] if keys is None else [key for key in keys.split(",") if key]


def _append(simulator: PlexSimulator, stored: StoredPlaylist, keys: list[str]) -> int:
    """Store what there is; what is not, or is beyond what this personality keeps of a batch, is dropped in silence."""
    state = simulator.state
    kept = [key for key in keys if state.catalogue.has(key)][: simulator.personality.drops_parts_of_batches]
    stored.entries += [(state.next_number(), key) for key in kept]
    stored.updated = state.catalogue.now()
    return len(kept)


def _rules(uri: str) -> str:
    """The path of a section with the query that a smart playlist is made by; empty for a URI of other things."""
    found = _URI.fullmatch(uri)
    path = found["path"] if found else ""
    return path if path.startswith("/library/sections/") else ""


def _content(simulator: PlexSimulator, account: SimulatedAccount, stored: StoredPlaylist) -> list[Row]:
    """The tracks of a playlist as its owner sees them; in a smart one they have no ids of their own."""
    state = simulator.state
    if stored.smart:
        path, _, query = stored.rules.partition("?")
        section = state.catalogue.sections.get(path.split("/")[3])
        return list(simulator.listings.selected(account, section, tuple(parse_qsl(query)))) if section else []
    return [
        {**state.shown(account, state.catalogue.find(key)[1]), "playlistItemID": int(entry_id)}
        for entry_id, key in stored.entries
        if state.catalogue.has(key)
    ]


def _row(simulator: PlexSimulator, account: SimulatedAccount, stored: StoredPlaylist) -> Row:
    catalogue = simulator.state.catalogue
    tracks = (
        _content(simulator, account, stored)
        if stored.smart
        else [catalogue.find(key)[1] for _, key in stored.entries if catalogue.has(key)]
    )
    durations = [value for row in tracks if isinstance(value := row.get("duration"), int)]
    row: Row = {
        "ratingKey": stored.key,
        "key": f"/playlists/{stored.key}/items",
        "guid": f"com.plexapp.agents.none://{stored.key}",
        "type": "playlist",
        "title": stored.title,
        "summary": stored.summary,
        "smart": stored.smart,
        "playlistType": stored.type,
        "composite": f"/playlists/{stored.key}/composite/{stored.updated}",
        "duration": sum(durations),
        "leafCount": len(tracks),
        "addedAt": stored.added,
        "updatedAt": stored.updated,
    }
    if stored.rules:
        row["content"] = f"library:///directory/{quote(stored.rules, safe='')}"
    return row
