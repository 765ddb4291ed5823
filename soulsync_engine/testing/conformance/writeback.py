"""The group writeback: edits are read back, field by field."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import (
    AlbumPatch,
    ArtistPatch,
    FieldOutcome,
    FieldResult,
    Kind,
    MediaBytes,
    PatchResult,
    TrackPatch,
)
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit, require
from soulsync_engine.testing.scenarios import COVER, small

_GENRES = ("Trip Hop", "Drum & Bass")
_EDITS: dict[Kind, tuple[str, Callable[[MediaServer, str], PatchResult]]] = {
    Kind.ARTIST: (
        "update_artist",
        lambda server, item_id: server.update_artist(item_id, ArtistPatch(genres=_GENRES)),
    ),
    Kind.ALBUM: (
        "update_album",
        lambda server, item_id: server.update_album(item_id, AlbumPatch(genres=_GENRES)),
    ),
    Kind.TRACK: (
        "update_track",
        lambda server, item_id: server.update_track(item_id, TrackPatch(genres=_GENRES)),
    ),
}

kinds = pytest.mark.parametrize("kind", ITEM_KINDS)


class Writeback:
    """Tests of edits. Each begins with a server of its own."""

    @kinds
    def test_an_edit_is_stored_and_says_so(self, kit: Kit, kind: Kind) -> None:
        """The outcome of each field is what reading the item shows; the same edit again changes nothing.

        Troubleshooting: read the item back after writing; servers accept and forget.
        """
        server = kit.server(small(), own=True)
        operation, edit = _EDITS[kind]
        require(server, operation)
        item_id = server.list_ids(kind).items[0]
        result = edit(server, item_id)
        assert set(result.fields) == {"genres"}
        _check_reasons(result.fields["genres"])
        stored = server.get_items(kind, [item_id])[0].genres == _GENRES
        assert stored is (result.fields["genres"].outcome in (FieldOutcome.APPLIED, FieldOutcome.UNCHANGED))
        if stored:
            assert edit(server, item_id).fields["genres"].outcome is FieldOutcome.UNCHANGED

    @kinds
    def test_fields_that_are_none_are_left_alone(self, kit: Kit, kind: Kind) -> None:
        """An edit of the genres leaves every other field as it was.

        Troubleshooting: send only the fields of the patch that are not None.
        """
        server = kit.server(small(), own=True)
        operation, edit = _EDITS[kind]
        require(server, operation)
        item_id = server.list_ids(kind).items[0]
        before = server.get_items(kind, [item_id])[0]
        edit(server, item_id)
        after = server.get_items(kind, [item_id])[0]
        for name in ("name", "title", "artists", "album", "track_number", "disc"):
            assert getattr(after, name, None) == getattr(before, name, None)

    @kinds
    def test_editing_nothing_is_not_found(self, kit: Kit, kind: Kind) -> None:
        """An edit of an item that does not exist is `NotFoundError`.

        Troubleshooting: look the item up first.
        """
        server = kit.server(small(), own=True)
        operation, edit = _EDITS[kind]
        require(server, operation)
        with pytest.raises(NotFoundError):
            edit(server, "no-such-id")

    def test_an_empty_value_clears_a_field(self, kit: Kit) -> None:
        """Genres set to nothing are gone afterwards.

        Troubleshooting: an empty tuple is not None.
        """
        server = kit.server(small(), own=True)
        require(server, "update_album")
        album_id = server.list_ids(Kind.ALBUM).items[0]
        server.update_album(album_id, AlbumPatch(genres=_GENRES))
        result = server.update_album(album_id, AlbumPatch(genres=()))
        _check_reasons(result.fields["genres"])
        if result.fields["genres"].outcome is FieldOutcome.APPLIED:
            assert server.get_items(Kind.ALBUM, [album_id])[0].genres == ()

    def test_a_cover_can_be_replaced(self, kit: Kit) -> None:
        """Setting a cover says what became of it, and a cover that was applied can be fetched.

        Troubleshooting: wait for the server to take the picture before you report it as applied.
        """
        server = kit.server(small(), own=True)
        require(server, "set_image")
        album_id = server.list_ids(Kind.ALBUM).items[-1]
        result = server.set_image(Kind.ALBUM, album_id, MediaBytes(data=COVER, mime_type="image/png"))
        _check_reasons(result)
        if result.outcome is FieldOutcome.APPLIED and server.capabilities().offers("image"):
            server.image(Kind.ALBUM, album_id)


def _check_reasons(result: FieldResult) -> None:
    """Whatever was not done has a reason."""
    if result.outcome not in (FieldOutcome.APPLIED, FieldOutcome.UNCHANGED):
        assert result.reason.strip()
