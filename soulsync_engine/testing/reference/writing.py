"""Edits of metadata and pictures, each read back."""

from __future__ import annotations

from dataclasses import fields, replace

from soulsync_engine.models import (
    Album,
    AlbumPatch,
    Artist,
    ArtistCredit,
    ArtistPatch,
    FieldOutcome,
    FieldResult,
    Item,
    Kind,
    MediaBytes,
    PatchResult,
    Track,
    TrackPatch,
)
from soulsync_engine.testing.reference.server import ReferenceServer
from soulsync_engine.testing.reference.session import ReferenceSession

Patch = ArtistPatch | AlbumPatch | TrackPatch


class Writing(ReferenceSession):
    """The group writeback."""

    def update_artist(self, id: str, patch: ArtistPatch) -> PatchResult:
        """As in the contract."""
        return self._request("update_artist", lambda server: self._apply(server, Kind.ARTIST, id, patch))

    def update_album(self, id: str, patch: AlbumPatch) -> PatchResult:
        """As in the contract."""
        return self._request("update_album", lambda server: self._apply(server, Kind.ALBUM, id, patch))

    def update_track(self, id: str, patch: TrackPatch) -> PatchResult:
        """As in the contract."""
        return self._request("update_track", lambda server: self._apply(server, Kind.TRACK, id, patch))

    def set_image(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        """As in the contract."""

        def answer(server: ReferenceServer) -> FieldResult:
            item = self._known(server, kind, id)
            stored = (image.data, image.mime_type)
            if server.images.get((kind, id)) == stored:
                return FieldResult(outcome=FieldOutcome.UNCHANGED)
            server.images[kind, id] = stored
            server.catalogue.edit(item)
            return FieldResult(outcome=FieldOutcome.APPLIED)

        return self._request("set_image", answer)

    def _apply(self, server: ReferenceServer, kind: Kind, id: str, patch: Patch) -> PatchResult:
        item = self._known(server, kind, id)
        wanted = {
            entry.name: value
            for entry in fields(patch)
            if entry.name != "lock" and (value := getattr(patch, entry.name)) is not None
        }
        if "artists" in wanted and not isinstance(item, Artist):
            wanted["artists"] = tuple(self._credit(server, name) for name in wanted["artists"])
        different = {name: value for name, value in wanted.items() if getattr(item, name) != value}
        if different:
            server.catalogue.edit(replace(item, **different))
        if isinstance(patch, ArtistPatch) and "name" in different:
            _rename_credits(server, id, patch.name or "")
        if patch.lock:
            server.catalogue.locked.setdefault((kind, id), set()).update(wanted)
        stored = self._known(server, kind, id)
        return PatchResult(
            ref=self._ref(kind, id),
            fields={name: _outcome(stored, name, value, name in different) for name, value in wanted.items()},
        )

    def _credit(self, server: ReferenceServer, name: str) -> ArtistCredit:
        ids = (artist.ref.id for artist in server.catalogue.artists.values() if artist.name == name)
        return ArtistCredit(name=name, id=next(ids, None))


def _outcome(stored: Item, name: str, value: object, changed: bool) -> FieldResult:
    if getattr(stored, name) != value:
        return FieldResult(outcome=FieldOutcome.FAILED, reason="the server holds another value")
    return FieldResult(outcome=FieldOutcome.APPLIED if changed else FieldOutcome.UNCHANGED)


def _rename_credits(server: ReferenceServer, artist_id: str, name: str) -> None:
    """Albums and tracks show an artist under the name the artist has."""

    def renamed(credits: tuple[ArtistCredit, ...]) -> tuple[ArtistCredit, ...]:
        return tuple(replace(credit, name=name) if credit.id == artist_id else credit for credit in credits)

    for album in list(server.catalogue.albums.values()):
        _edit_if_changed(server, album, replace(album, artists=renamed(album.artists)))
    for track in list(server.catalogue.tracks.values()):
        changed = replace(track, artists=renamed(track.artists), album_artists=renamed(track.album_artists))
        _edit_if_changed(server, track, changed)


def _edit_if_changed(server: ReferenceServer, before: Album | Track, after: Album | Track) -> None:
    if before != after:
        server.catalogue.edit(after)
