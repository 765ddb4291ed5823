"""Playlists: created, filled, ordered and shared."""

from __future__ import annotations

from itertools import count
from secrets import token_hex

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.accounts import User
from soulsync_jellyfin.simulator.catalogue import Entry
from soulsync_jellyfin.simulator.rendering import Json, answer_of, fields_of
from soulsync_jellyfin.simulator.routes import NO_CONTENT, PROCESSING_FAILED, Call, Refusal, Routes
from soulsync_jellyfin.simulator.state import Playlist

_entry_ids = count(1)


def register(routes: Routes) -> None:
    """Announce the routes."""
    if routes.emby:
        # Whose it is to be is not in the description any more, but was in the open source [E, G].
        routes.add("POST", "/Playlists", _create_by_query, "Name", "Ids", "UserId", "MediaType")
    else:
        routes.add("POST", "/Playlists", _create, body=True)
        routes.add("GET", "/Playlists/{playlistId}", _details)
        routes.add("POST", "/Playlists/{playlistId}", _update, body=True)
        routes.add("GET", "/Playlists/{playlistId}/Users/{userId}", _permission)
    routes.add(
        *("GET", "/Playlists/{playlistId}/Items", _entries),
        *("userId", "startIndex", "limit", "fields", "enableImages", "enableUserData"),
    )
    position = ("position",) if routes.state.personality.takes_position else ()
    routes.add("POST", "/Playlists/{playlistId}/Items", _add, "ids", "userId", *position)
    routes.add("DELETE", "/Playlists/{playlistId}/Items", _remove, "entryIds")
    routes.add("POST", "/Playlists/{playlistId}/Items/{itemId}/Move/{newIndex}", _move)


def _no_playlist() -> Refusal:
    return Refusal(answer_of("Playlist not found", status=404))


def _playlist(call: Call, user: User | None) -> tuple[Entry, Playlist]:
    """The playlist of the path as far as the user may see it, otherwise 404 with this text [A 2.8]."""
    playlist_id = call.path_id("playlistId")
    details = call.state.playlists.get(playlist_id)
    if details is None or not call.state.may_read(playlist_id, user):
        raise _no_playlist()
    return call.state.catalogue.items[playlist_id], details


def _editable(call: Call, user: User) -> tuple[Entry, Playlist]:
    entry, details = _playlist(call, user)
    if not call.state.may_edit(entry.id, user) and not call.state.personality.emby:
        raise Refusal(Answer(status=403, content_type=None))
    return entry, details


def _create(call: Call) -> Answer:
    body = call.body()
    if not body.get("Name"):
        raise Refusal(PROCESSING_FAILED)
    user = call.some_user(str(body["UserId"]) if body.get("UserId") else None)
    ids = body.get("Ids")
    tracks = [call.params.as_id("Ids", str(each)) for each in ids] if isinstance(ids, list) else []
    # It is public unless said otherwise [S CreatePlaylistDto].
    return _created(call, str(body["Name"]), tracks, user, open_access=body.get("IsPublic") is not False)


def _create_by_query(call: Call) -> Answer:
    user = call.some_user(call.params.id("UserId"))
    return _created(call, call.params.text("Name") or "", call.params.ids("Ids"), user, open_access=False)


def _created(call: Call, name: str, tracks: list[str], user: User, *, open_access: bool) -> Answer:
    state = call.state
    entry = Entry(id=state.ids.of("playlist", token_hex(8)), type="Playlist", name=name)
    entry.created = entry.saved = state.now()
    state.playlists[entry.id] = Playlist(owner=user.id, open_access=open_access)
    state.catalogue.put(entry)
    added = _insert(call, entry, tracks, None)
    if state.personality.emby:
        return answer_of({"Id": entry.id, "Name": name, "ItemAddedCount": added})
    return answer_of({"Id": entry.id})


def _insert(call: Call, entry: Entry, tracks: list[str], position: int | None) -> int:
    """How many were added.

    Unknown ids are dropped in silence; so is what is in it already, where an item is kept at most once [A 2.7].
    """
    details, state = call.state.playlists[entry.id], call.state
    new: list[tuple[str, str]] = []
    for track in tracks:
        if track not in state.catalogue.items:
            continue
        if state.personality.keeps_duplicates:
            new.append((str(next(_entry_ids)), track))
        elif (track, track) not in details.entries and (track, track) not in new:
            # The id of the entry is that of the item [A 2.7].
            new.append((track, track))
    place = len(details.entries) if position is None else position
    details.entries[place:place] = new
    _saved(call, entry)
    return len(new)


def _saved(call: Call, entry: Entry) -> None:
    items = call.state.catalogue.items
    entry.ticks = sum(items[track].ticks for _, track in call.state.playlists[entry.id].entries)
    call.state.catalogue.touched(entry, call.state.now())


def _details(call: Call) -> Answer:
    _, details = _playlist(call, call.asking_user())
    row: Json = {
        "OpenAccess": details.open_access,
        "Shares": [{"UserId": user, "CanEdit": edits} for user, edits in details.shares.items()],
        "ItemIds": [track for _, track in details.entries],
    }
    return answer_of(row)


def _update(call: Call) -> Answer:
    """What the body has is set; the entries are emptied and filled anew [S PlaylistManager]."""
    entry, details = _editable(call, call.asking_user())
    body = call.body()
    ids = body.get("Ids")
    if isinstance(ids, list):
        details.entries = []
        _insert(call, entry, [call.params.as_id("Ids", str(each)) for each in ids], None)
    if body.get("Name") is not None:
        entry.name = str(body["Name"])
    if body.get("IsPublic") is not None:
        details.open_access = body["IsPublic"] is True
    _saved(call, entry)
    return NO_CONTENT


def _permission(call: Call) -> Answer:
    entry, details = _playlist(call, call.asking_user())
    wanted = call.path_id("userId")
    if wanted == details.owner:
        return answer_of({"UserId": wanted, "CanEdit": True})
    if wanted not in details.shares:
        return answer_of("User permissions not found", status=404)
    return answer_of(
        {"UserId": wanted, "CanEdit": call.state.may_edit(entry.id, call.state.accounts.users[wanted])}
    )


def _entries(call: Call) -> Answer:
    user = call.some_user()
    _, details = _playlist(call, user)
    start, limit = call.params.number("startIndex") or 0, call.params.number("limit")
    fields = fields_of(call.params.text("fields"))
    stretch = details.entries[start:] if limit is None else details.entries[start : start + limit]
    rows = [
        {**call.row(call.state.catalogue.items[track], user, fields), "PlaylistItemId": entry_id}
        for entry_id, track in stretch
    ]
    return answer_of(call.state.renderer.result(rows, len(details.entries), start))


def _add(call: Call) -> Answer:
    entry, _ = _editable(call, call.some_user())
    position = call.params.number("position") if call.state.personality.takes_position else None
    added = _insert(call, entry, call.params.ids("ids"), position)
    if call.state.personality.emby:
        return answer_of({"Id": entry.id, "ItemAddedCount": added})
    return NO_CONTENT


def _remove(call: Call) -> Answer:
    """An API key may remove [S]."""
    user = call.caller.user
    entry, details = _playlist(call, None) if user is None else _editable(call, user)
    gone = set((call.params.text("entryIds") or "").split(","))
    details.entries = [each for each in details.entries if each[0] not in gone]
    _saved(call, entry)
    return NO_CONTENT


def _move(call: Call) -> Answer:
    """The new index is the final position [A 2.8]. Only a user may, on Jellyfin."""
    if call.state.personality.emby:
        entry, details = _playlist(call, call.caller.user)
    else:
        entry, details = _editable(call, call.asking_user())
    wanted = call.request.path_values["itemId"].lower()
    place = next((place for place, each in enumerate(details.entries) if each[0] == wanted), None)
    if place is None:
        raise Refusal(PROCESSING_FAILED)
    moved = details.entries.pop(place)
    details.entries.insert(int(call.request.path_values["newIndex"]), moved)
    _saved(call, entry)
    return NO_CONTENT
