"""Libraries, listings, single items and their edits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.accounts import User
from soulsync_jellyfin.simulator.catalogue import Entry
from soulsync_jellyfin.simulator.rendering import ALL_FIELDS, Json, answer_of, fields_of
from soulsync_jellyfin.simulator.routes import NO_CONTENT, NOT_FOUND, PROCESSING_FAILED, Call, Refusal, Routes

_PAGE: Final = (
    *("userId", "parentId", "startIndex", "limit", "fields", "sortBy", "sortOrder", "searchTerm", "filters"),
    *("includeItemTypes", "enableUserData", "enableImages", "enableTotalRecordCount"),
)
_ITEMS: Final = (*_PAGE, "recursive", "ids", "minDateLastSaved", "artistIds")
_NEEDED: Final = ("Tags", "ProviderIds", "Genres")
"""Without these the server fails in the middle of an edit [S ItemUpdateController]."""


def register(routes: Routes) -> None:
    """Announce the routes."""
    if not routes.emby:
        routes.add("GET", "/UserViews", lambda call: _views(call, call.some_user()), "userId")
        routes.add("GET", "/Items/{itemId}", lambda call: _item(call, call.user()), "userId")
    routes.add("GET", "/Users/{userId}/Views", lambda call: _views(call, _user(call)))
    # Emby takes the ids of artists alone [E]; the count is not in its description, but its add-on asks for it [K].
    taken = _ITEMS if routes.emby else (*_ITEMS, "albumArtistIds")
    routes.add("GET", "/Items", lambda call: _items(call, call.user()), *taken)
    below = (name for name in taken if name != "userId")
    routes.add("GET", "/Users/{userId}/Items", lambda call: _items(call, _user(call)), *below)
    routes.add("GET", "/Users/{userId}/Items/{itemId}", lambda call: _item(call, _user(call)))
    for path, everybody in (("/Artists/AlbumArtists", False), ("/Artists", True)):
        routes.add("GET", path, _artists(everybody=everybody), *_PAGE)
    routes.add("POST", "/Items/{itemId}", _edit, admin=True, body=True)
    routes.add("DELETE", "/Items/{itemId}", _delete)


def _user(call: Call) -> User:
    return call.some_user(call.path_id("userId"))


def _views(call: Call, user: User) -> Answer:
    rows = [call.state.renderer.library(library) for library in call.state.visible(user)]
    return answer_of(call.state.renderer.result(rows, len(rows), 0))


def _render(call: Call, user: User | None) -> Callable[[Entry], Json]:
    fields = fields_of(call.params.text("fields"))
    images = call.params.flag("enableImages", default=True)
    with_data = user is not None and call.params.flag("enableUserData", default=True)
    if {"ChildCount", "CanDelete"} & fields:
        return lambda entry: call.row(entry, user, fields)
    item, relation = call.state.renderer.item, call.state.relation
    return lambda entry: item(entry, fields, relation(user, entry.id) if with_data else None, images=images)


def _items(call: Call, user: User | None) -> Answer:
    parent = call.params.id("parentId")
    library = call.state.catalogue.libraries.get(parent or "")
    if user is not None and library is not None and library not in call.state.visible(user):
        text = f"{user.name} is not permitted to access Library {library.name}."
        return answer_of(text, status=401)
    if (
        parent is not None
        and library is None
        and parent not in call.state.catalogue.items
        and not call.caller.is_key
    ):
        # The folder that is not there is asked whether the user may see it [S ItemsController].
        return Answer(status=500, body=b"Error processing request.", content_type="text/plain")
    if not call.params.flag("recursive") and not call.params.ids("ids") and library is None:
        return _views(call, call.some_user())
    return call.page(call.state.select(call.params, user), _render(call, user))


def _artists(*, everybody: bool) -> Callable[[Call], Answer]:
    def artists(call: Call) -> Answer:
        user = call.user()
        rows = call.state.select(call.params, user, artists=everybody)
        if call.params.number("limit") is None:
            # Then the total is 0, though all rows come [A 3.1].
            start = call.params.number("startIndex") or 0
            sent = [_render(call, user)(row) for row in rows[start:]]
            return answer_of(call.state.renderer.result(sent, 0, start))
        return call.page(rows, _render(call, user))

    return artists


def _item(call: Call, user: User | None) -> Answer:
    entry = call.entry()
    if entry.type == "Playlist" and not call.state.may_read(entry.id, user):
        return NOT_FOUND
    return answer_of(call.row(entry, user, ALL_FIELDS))


def _edit(call: Call) -> Answer:
    """The item becomes what the body says; what the body leaves out is cleared [S ItemUpdateController]."""
    entry, body = call.entry(), call.body()
    if any(body.get(name) is None for name in _NEEDED):
        raise Refusal(PROCESSING_FAILED)
    entry.name = str(body.get("Name"))
    entry.forced_sort_name = _text(body, "ForcedSortName")
    entry.overview = _text(body, "Overview")
    if call.state.personality.emby:
        # Its other clients send the genres of an edit as texts and as items, since it reads the items.
        entry.genres = _names(body, "GenreItems")
    else:
        entry.genres = tuple(map(str, _list(body, "Genres")))
    entry.number, entry.disc = _number(body, "IndexNumber"), _number(body, "ParentIndexNumber")
    entry.year = _number(body, "ProductionYear")
    entry.lock_data = body.get("LockData") is True
    if body.get("LockedFields") is not None:
        entry.locked_fields = tuple(map(str, _list(body, "LockedFields")))
    if body.get("AlbumArtists") is not None and entry.type in ("Audio", "MusicAlbum"):
        entry.album_artists = _names(body, "AlbumArtists")
    if body.get("ArtistItems") is not None and entry.type in ("Audio", "MusicAlbum"):
        entry.artists = _names(body, "ArtistItems")
    if entry.type == "Audio":
        entry.album = _text(body, "Album")
    call.state.catalogue.touched(entry, call.state.now())
    return NO_CONTENT


def _delete(call: Call) -> Answer:
    entry = call.entry()
    details = call.state.playlists.get(entry.id)
    user = call.caller.user
    if user is not None and not user.admin and (details is None or details.owner != user.id):
        return answer_of("Unauthorized access", status=401)
    call.state.playlists.pop(entry.id, None)
    call.state.catalogue.remove([entry.id])
    return NO_CONTENT


def _text(body: Json, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def _number(body: Json, name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) else None


def _list(body: Json, name: str) -> list[object]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _names(body: Json, name: str) -> tuple[str, ...]:
    return tuple(str(entry["Name"]) for entry in _list(body, name) if isinstance(entry, dict))
