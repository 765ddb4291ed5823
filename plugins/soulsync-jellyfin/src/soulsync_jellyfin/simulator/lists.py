"""What lists items in other shapes than a page: the latest, hints for a search, what one can filter by, genres."""

from __future__ import annotations

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.querying import found_by
from soulsync_jellyfin.simulator.rendering import Json, answer_of, fields_of
from soulsync_jellyfin.simulator.routes import Call, Routes


def register(routes: Routes) -> None:
    """Announce the routes, which only Jellyfin is simulated with."""
    if routes.emby:
        return
    routes.add(
        *("GET", "/Items/Latest", _latest, "userId", "parentId", "fields", "includeItemTypes", "limit")
    )
    routes.add("GET", "/Genres", _genres, "userId", "parentId", "startIndex", "limit")
    routes.add(
        "GET", "/Search/Hints", _hints, "userId", "searchTerm", "includeItemTypes", "startIndex", "limit"
    )
    routes.add("GET", "/Items/Filters", _filters, "userId", "parentId", "includeItemTypes")


def _latest(call: Call) -> Answer:
    """A bare array [A 1.8]."""
    user, fields = call.some_user(), fields_of(call.params.text("fields"))
    rows = call.state.below(user, call.params.id("parentId"))
    types = call.params.names("includeItemTypes")
    rows = [row for row in rows if (row.type.lower() in types if types else row.type == "MusicAlbum")]
    newest = sorted(rows, key=lambda row: row.created, reverse=True)
    return answer_of([call.row(row, user, fields) for row in newest[: call.params.number("limit") or 20]])


def _genres(call: Call) -> Answer:
    """Names that differ in case are one [A 2.18]; without a limit the total is 0 [A 3.1]."""
    rows: dict[str, Json] = {}
    for entry in call.state.below(call.user(), call.params.id("parentId")):
        for name in entry.genres:
            genre = call.state.catalogue.genre_id(name)
            rows.setdefault(genre, call.state.renderer.genre(genre, name))
    start, limit = call.params.number("startIndex") or 0, call.params.number("limit")
    sent = list(rows.values())[start:] if limit is None else list(rows.values())[start : start + limit]
    return answer_of(call.state.renderer.result(sent, 0 if limit is None else len(rows), start))


def _hints(call: Call) -> Answer:
    """An envelope of its own [A 1.8]."""
    user, types = call.user(), call.params.names("includeItemTypes")
    found = found_by(call.params.text("searchTerm") or "", call.state.below(user, None))
    found = [entry for entry in found if not types or entry.type.lower() in types]
    start, limit = call.params.number("startIndex") or 0, call.params.number("limit")
    end = None if limit is None else start + limit
    hints: list[Json] = [
        {
            "ItemId": entry.id,
            "Id": entry.id,
            "Name": entry.name,
            "Type": entry.type,
            "MediaType": "Audio" if entry.type == "Audio" else "Unknown",
            "Artists": list(entry.artists),
            "ChannelId": None,
        }
        for entry in found[start:end]
    ]
    return answer_of({"SearchHints": hints, "TotalRecordCount": len(found)})


def _filters(call: Call) -> Answer:
    """No items at all [A 1.8]."""
    rows = call.state.below(call.user(), call.params.id("parentId"))
    years = sorted({row.year for row in rows if row.year})
    genres = sorted({name for row in rows for name in row.genres})
    return answer_of({"Genres": genres, "Tags": [], "OfficialRatings": [], "Years": years})
