"""Writing whole playlists: found by name, replaced in place, and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from soulsync_engine.errors import ConflictError, NotAllowedError, NotFoundError
from soulsync_engine.models import ItemRef, Kind, Playlist, PlaylistResult

if TYPE_CHECKING:
    from soulsync_engine.operations import Operations


def find_named(name: str, playlists: Iterable[Playlist]) -> Playlist:
    """The playlist of that name: spelt exactly so, or else the only one that differs in case."""
    found = _matching(name, playlists)
    if not found:
        raise NotFoundError(f"There is no playlist called {name!r}.")
    return _only(name, found)


def find_editable(name: str, playlists: Iterable[Playlist]) -> Playlist | None:
    """The playlist of that name if it may be edited, None if there is none."""
    found = _matching(name, playlists)
    if not found:
        return None
    editable = [playlist for playlist in found if playlist.read_only is None]
    if not editable:
        raise NotAllowedError(f"The playlist {name!r} cannot be edited: {found[0].read_only}.")
    return _only(name, editable)


def write_entries(server: Operations, playlist: Playlist, track_ids: tuple[str, ...]) -> Playlist:
    """Make these tracks the playlist's content without giving up its identity.

    Where the server cannot replace, the new entries are added before the old ones are removed, so that
    a failure in between leaves too much rather than too little.
    """
    if server.capabilities().offers("replace_entries"):
        return server.replace_entries(playlist.ref.id, track_ids)
    old = tuple(entry.entry_id for entry in server.iter_playlist_entries(playlist))
    if track_ids:
        playlist = server.add_entries(playlist.ref.id, track_ids)
    return server.remove_entries(playlist.ref.id, old) if old else playlist


def read_back(server: Operations, playlist: Playlist, track_ids: tuple[str, ...]) -> PlaylistResult:
    """What the server really stored, compared with what was asked for."""
    stored = tuple(entry.track_ref for entry in server.iter_playlist_entries(playlist))
    requested = tuple(ItemRef(playlist.ref.server, Kind.TRACK, track_id) for track_id in track_ids)
    missing = tuple((Counter(requested) - Counter(stored)).elements())
    return PlaylistResult(playlist=playlist, requested=requested, stored=stored, missing=missing)


def _matching(name: str, playlists: Iterable[Playlist]) -> list[Playlist]:
    alike = [playlist for playlist in playlists if playlist.name.casefold() == name.casefold()]
    return [playlist for playlist in alike if playlist.name == name] or alike


def _only(name: str, found: list[Playlist]) -> Playlist:
    if len(found) > 1:
        ids = ", ".join(playlist.ref.id for playlist in found)
        raise ConflictError(
            f"There are {len(found)} playlists called {name!r} ({ids}).",
            next_step="Rename one, or name the one you mean by its id.",
        )
    return found[0]
