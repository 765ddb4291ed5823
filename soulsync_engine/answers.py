"""The border guard: what a backend returns is checked before a host gets to see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from soulsync_engine.capabilities import is_support_table
from soulsync_engine.errors import ContractViolationError
from soulsync_engine.models import (
    ActivePlay,
    Album,
    Artist,
    ChangedPage,
    ChangeHint,
    FieldResult,
    Item,
    ItemRef,
    Kind,
    Library,
    MediaBytes,
    MediaFile,
    MediaRequest,
    Page,
    PatchResult,
    PlayCount,
    PlayEvent,
    PlayEventPage,
    Playlist,
    PlaylistEntry,
    ScanState,
    SearchResult,
    ServerInfo,
    Track,
    User,
    UserData,
)

_ITEMS: Final = (Artist, Album, Track)

_VALUES: Final[dict[str, type | tuple[type, ...]]] = {
    "connect": ServerInfo,
    "close": bool,
    "search": SearchResult,
    "trigger_scan": ScanState,
    "scan_state": ScanState,
    "change_token": str,
    "create_playlist": Playlist,
    "add_entries": Playlist,
    "remove_entries": Playlist,
    "move_entry": Playlist,
    "replace_entries": Playlist,
    "edit_playlist": Playlist,
    "set_playlist_image": FieldResult,
    "delete_playlist": Playlist,
    "set_rating": UserData,
    "set_favorite": UserData,
    "report_play": UserData,
    "update_artist": PatchResult,
    "update_album": PatchResult,
    "update_track": PatchResult,
    "set_image": FieldResult,
    "image": (MediaRequest, MediaFile, MediaBytes),
    "stream": (MediaRequest, MediaFile, MediaBytes),
    "watch": ChangeHint,
    "parse_webhook": ChangeHint,
}

_TUPLES: Final[dict[str, type | tuple[type, ...]]] = {
    "list_libraries": Library,
    "get_items": _ITEMS,
    "list_users": User,
    "list_active_plays": ActivePlay,
}

_PAGES: Final[dict[str, type | tuple[type, ...]]] = {
    "list_artists": Artist,
    "list_albums": Album,
    "list_tracks": Track,
    "list_ids": str,
    "list_changed": _ITEMS,
    "list_recently_added": _ITEMS,
    "list_playlists": Playlist,
    "list_playlist_entries": PlaylistEntry,
    "list_play_events": PlayEvent,
    "list_play_counts": PlayCount,
}

_PAGE_TYPES: Final[dict[str, type[Page[object]]]] = {
    "list_changed": ChangedPage,
    "list_play_events": PlayEventPage,
}


def check(operation: str, answer: object, *, server: str, distribution: str) -> None:
    """Raise `ContractViolationError`, naming the distribution, unless the answer has its shape."""
    problem = _problem(operation, answer, server)
    if problem is not None:
        raise ContractViolationError(
            f"{operation} of {distribution} returned bad data: {problem}.",
            server=server,
            next_step=f"Report this to the authors of {distribution}.",
        )


def _problem(operation: str, answer: object, server: str) -> str | None:
    if operation == "narrow":
        return None if is_support_table(answer) else "it does not give a Support for each operation's name"
    if (expected := _VALUES.get(operation)) is not None:
        if not isinstance(answer, expected):
            return _wrong_type(answer, expected)
        if isinstance(answer, SearchResult):
            hits: tuple[Item, ...] = (*answer.artists, *answer.albums, *answer.tracks)
            return _bad_items(hits, _ITEMS, server)
        return _bad_ref(answer, server)
    if (expected := _TUPLES.get(operation)) is not None:
        if not isinstance(answer, tuple):
            return _wrong_type(answer, tuple)
        return _bad_items(answer, expected, server)
    page_type = _PAGE_TYPES.get(operation, Page)
    if not isinstance(answer, page_type):
        return _wrong_type(answer, page_type)
    items: object = answer.items
    if not isinstance(items, tuple):
        return f"the items of the page are a {type(items).__name__}, not a tuple"
    return _bad_items(items, _PAGES[operation], server)


def _bad_items(items: Iterable[object], expected: type | tuple[type, ...], server: str) -> str | None:
    for item in items:
        if not isinstance(item, expected):
            return _wrong_type(item, expected)
        if problem := _bad_ref(item, server):
            return problem
    return None


def _bad_ref(value: object, server: str) -> str | None:
    ref = getattr(value, "ref", None)
    if ref is None:
        return None
    if not isinstance(ref, ItemRef):
        return f"a reference is a {type(ref).__name__}, not an ItemRef"
    if ref.server != server:
        return f"a reference to the server {ref.server!r} came from {server!r}"
    native_id: object = ref.id
    if not isinstance(native_id, str) or not native_id:
        return f"the id {native_id!r} is not a text"
    kind = _KINDS.get(type(value))
    if kind is not None and ref.kind is not kind:
        return f"a {type(value).__name__} has a reference of the kind {ref.kind!r}"
    return None


_KINDS: Final[dict[type, Kind]] = {
    Artist: Kind.ARTIST,
    Album: Kind.ALBUM,
    Track: Kind.TRACK,
    Playlist: Kind.PLAYLIST,
}


def _wrong_type(value: object, expected: type | tuple[type, ...]) -> str:
    types = expected if isinstance(expected, tuple) else (expected,)
    wanted = " or ".join(entry.__name__ for entry in types)
    return f"a {type(value).__name__} where a {wanted} is due"
