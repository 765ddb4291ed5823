"""Sections, listings, items and search."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_plex.simulator.answers import bad_request, not_found
from soulsync_plex.simulator.catalogue import SimulatedSection
from soulsync_plex.simulator.filtering import filter_names, meta, order_of
from soulsync_plex.simulator.rows import ALBUM, ARTIST, TRACK, TYPE_NAMES, Row
from soulsync_plex.simulator.state import MACHINE_ID, SimulatedAccount

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator

_LIBRARY: Final = "com.plexapp.plugins.library"
_INCLUDES: Final = (
    *("includeGuids", "includeFields", "includeBandwidths", "includeChapters", "includeGeolocation"),
    *("includeLoudnessRamps", "includeMarkers", "checkFiles", "includeChildren", "includeExtras"),
    *(
        "includeAllConcerts",
        "includeConcerts",
        "includeExternalMedia",
        "includeOnDeck",
        "includePopularLeaves",
    ),
    *("includePreferences", "includeRelated", "includeRelatedCount", "includeReviews", "includeStations"),
)
_TRIMMING: Final = ("excludeElements", "excludeFields", "skipRefresh")
_BY_NAME: Final = {name: kind for kind, name in TYPE_NAMES.items()}


def add_routes(simulator: PlexSimulator) -> None:
    """Add what a library is read with."""
    state = simulator.state
    personality = simulator.personality

    @simulator.route("GET", "/identity")
    def identity(request: SimulatedRequest) -> Answer:
        return simulator.container(
            request,
            {"size": 0, "claimed": True, "machineIdentifier": MACHINE_ID, "version": personality.version},
        )

    @simulator.serve("GET", "/")
    def root(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return simulator.container(
            request,
            {
                "size": 0,
                "allowMediaDeletion": account.owner,
                "friendlyName": "Simulated",
                "machineIdentifier": MACHINE_ID,
                "multiuser": True,
                "myPlex": True,
                "myPlexSigninState": "ok",
                "myPlexUsername": "ada@example.org",
                "platform": "Linux",
                "version": personality.version,
            },
        )

    @simulator.serve("GET", "/library", owner=True)
    def whole_library(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return simulator.container(
            request, {"size": 0, "identifier": _LIBRARY, "title1": "Plex Library", "mediaTagVersion": 1}
        )

    @simulator.serve("GET", "/library/sections")
    def sections(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        shown = [_section(section) for section in state.sections(account)]
        return simulator.container(
            request, {"size": len(shown), "title1": "Plex Library", "Directory": shown}
        )

    simulator.serve("GET", "/library/sections/")(sections)

    @simulator.serve(
        "GET",
        "/library/sections/{section}/all",
        query=(
            "type",
            "sort",
            "limit",
            "includeMeta",
            "includeAdvanced",
            "includeCollections",
            *_INCLUDES,
            *_TRIMMING,
            *filter_names(),
        ),
    )
    def listing(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        section = _visible(simulator, account, request.path_values["section"])
        if section is None:
            return not_found()
        kind = request.number_of("type", ARTIST)
        if kind not in TYPE_NAMES:
            return simulator.page(request, [])
        if section.type != "artist":
            return simulator.page(request, [])
        if request.value("includeMeta") == "1":
            return simulator.page(request, [], Meta=meta(section.key, kind))
        sort = request.value("sort") or "titleSort"
        if ".id" in sort and not personality.sorts_by_id:
            return bad_request()
        try:
            rows = simulator.listings.selected(account, section, request.query)
        except ValueError:
            return bad_request()
        return _trimmed(simulator, request, rows, section, kind)

    @simulator.serve("GET", "/library/sections/{section}/albums", query=(*_INCLUDES,))
    def albums(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        section = _visible(simulator, account, request.path_values["section"])
        if section is None:
            return not_found()
        rows = order_of("titleSort", ALBUM)(section.items[ALBUM].values())
        return _trimmed(simulator, request, rows, section, ALBUM)

    @simulator.serve(
        "GET", "/library/sections/{section}/collections", query=("includeMeta", "includeAdvanced", *_INCLUDES)
    )
    def collections(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return simulator.page(request, [], Meta={"Type": [], "FieldType": []})

    @simulator.serve("GET", "/library/sections/{section}/{tag}", query=("type",))
    def choices(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        section = _visible(simulator, account, request.path_values["section"])
        tag = request.path_values["tag"]
        if section is None or tag not in ("genre", "country", "year", "decade", "userRating"):
            return not_found()
        rows = section.items.get(request.number_of("type", ARTIST), {}).values()
        names = sorted(
            {str(entry["tag"]) for row in rows for entry in _genres(row)} if tag == "genre" else ()
        )
        listed = [{"key": name, "title": name, "fastKey": "", "type": "genre"} for name in names]
        return simulator.container(request, {"size": len(listed), "Directory": listed})

    @simulator.serve("GET", "/library/metadata/{keys}", query=(*_INCLUDES, *_TRIMMING))
    def items(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        allowed = {section.key for section in state.sections(account)}
        rows: list[Row] = []
        for key in request.path_values["keys"].split(","):
            if state.catalogue.has(key):
                section, row = state.catalogue.find(key)
                if section.key in allowed:
                    rows.append(state.shown(account, row))
            elif (stored := state.playlists.get(key)) is not None and stored.account == account.id:
                rows.append({"ratingKey": key, "type": "playlist", "title": stored.title})
        if not rows:
            return not_found()
        return simulator.page(
            request, rows, shape=_trimming(request), librarySectionID=rows[0].get("librarySectionID")
        )

    @simulator.serve("GET", "/library/metadata/{key}/children", query=_INCLUDES)
    def children(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return _below(simulator, request, account, "parentRatingKey")

    @simulator.serve("GET", "/library/metadata/{key}/allLeaves", query=_INCLUDES)
    def leaves(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return _below(simulator, request, account, "grandparentRatingKey")

    @simulator.serve(
        "GET",
        "/hubs/search",
        query=("query", "limit", "sectionId", "includeGuids", "includeCollections", "includeExternalMedia"),
        required=("query",),
    )
    def search(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        words = _folded(request.value("query", "") or "").split()
        limit = request.number_of("limit", 3)
        wanted = request.value("sectionId")
        hubs: list[Row] = []
        for kind, name in TYPE_NAMES.items():
            rows = [
                state.shown(account, row)
                for section in state.sections(account)
                if wanted in (None, section.key) and section.type == "artist"
                for row in section.items[kind].values()
                if words and all(word in _searched(row) for word in words)
            ]
            rows.sort(key=lambda row: _folded(str(row["title"])) != " ".join(words))
            hubs.append(
                {
                    "type": name,
                    "title": name,
                    "hubIdentifier": name,
                    "size": len(rows[:limit]),
                    "Metadata": rows[:limit],
                }
            )
        return simulator.container(request, {"size": len(hubs), "Hub": hubs})


def _visible(simulator: PlexSimulator, account: SimulatedAccount, key: str) -> SimulatedSection | None:
    return next((section for section in simulator.state.sections(account) if section.key == key), None)


def _section(section: SimulatedSection) -> Row:
    return {
        "key": section.key,
        "type": section.type,
        "title": section.title,
        "agent": section.agent,
        "scanner": "Plex Music" if section.type == "artist" else "Plex Movie",
        "language": "en-US",
        "uuid": f"00000000-0000-4000-8000-{int(section.key):012d}",
        "refreshing": section.polls_left > 0,
        "filters": True,
        "allowSync": True,
        "createdAt": 1_500_000_000,
        "updatedAt": 1_500_000_000,
        "scannedAt": section.scanned,
        "contentChangedAt": section.content_changed,
        "content": True,
        "directory": True,
        "hidden": 0,
        "Location": [{"id": int(section.key), "path": section.path}],
    }


def _trimmed(
    simulator: PlexSimulator,
    request: SimulatedRequest,
    rows: Sequence[Row],
    section: SimulatedSection,
    kind: int,
) -> Answer:
    trim = _trimming(request)
    return simulator.page(
        request,
        rows,
        # Sound tracks within files come with single items only.
        shape=(lambda row: trim(_without_streams(row))) if kind == TRACK else trim,
        librarySectionID=int(section.key),
        librarySectionTitle=section.title,
        identifier=_LIBRARY,
        viewGroup=TYPE_NAMES[kind],
    )


def _without_streams(row: Row) -> Row:
    media = row.get("Media")
    if not isinstance(media, list) or not any(
        "Stream" in part for version in media for part in version["Part"]
    ):
        return row
    return {
        **row,
        "Media": [
            {
                **version,
                "Part": [{k: v for k, v in part.items() if k != "Stream"} for part in version["Part"]],
            }
            for version in media
        ],
    }


def _trimming(request: SimulatedRequest) -> Callable[[Row], Row]:
    """Leaves out what the request excludes; ids of other catalogues come only when asked for."""
    dropped = {
        *(request.value("excludeElements") or "").split(","),
        *(request.value("excludeFields") or "").split(","),
    }
    if request.value("includeGuids") != "1":
        dropped.add("Guid")
    return lambda row: (
        row
        if dropped.isdisjoint(row)
        else {name: value for name, value in row.items() if name not in dropped}
    )


def _below(
    simulator: PlexSimulator, request: SimulatedRequest, account: SimulatedAccount, column: str
) -> Answer:
    key = request.path_values["key"]
    state = simulator.state
    if not state.catalogue.has(key):
        return not_found()
    section, parent = state.catalogue.find(key)
    kind = _BY_NAME[str(parent["type"])] + 1 if column == "parentRatingKey" else TRACK
    rows = [
        state.shown(account, row) for row in section.items.get(kind, {}).values() if row.get(column) == key
    ]
    rows.sort(key=lambda row: (str(row.get("parentIndex", "")), int(str(row.get("index", 0)))))
    return simulator.page(request, rows, shape=_trimming(request))


def _genres(row: Row) -> list[Row]:
    genres = row.get("Genre")
    return [genre for genre in genres if isinstance(genre, dict)] if isinstance(genres, list) else []


def _searched(row: Row) -> str:
    names = (
        ("title", "originalTitle", "grandparentTitle") if row["type"] == "track" else ("title", "parentTitle")
    )
    return _folded(" ".join(str(row.get(name, "")) for name in names))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
