"""The group playlists: what is stored is what was asked for, entry by entry."""

from __future__ import annotations

import pytest

from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.models import FieldOutcome, MediaBytes, Playlist
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import Kit, require
from soulsync_engine.testing.scenarios import COVER, DIFFICULT_CHARS, small

_READING = ("list_playlists", "list_playlist_entries", "create_playlist")


class PlaylistsKept:
    """Tests of playlists. Each begins with a server of its own."""

    def test_a_playlist_is_stored_as_asked(self, kit: Kit) -> None:
        """A new playlist holds the tracks in order, also one that is in it twice, and is listed with its count.

        Troubleshooting: some servers drop duplicates or unknown tracks silently; read back what was stored.
        """
        server = _server(kit)
        tracks = _ids(server)
        wanted = [tracks[2], tracks[0], tracks[2], tracks[1]]
        result = server.create_playlist("Morning", wanted)
        assert result.exact
        assert _stored(server, result.playlist) == wanted
        listed = {playlist.ref.id: playlist for playlist in server.iter_playlists()}
        assert listed[result.playlist.ref.id].name == "Morning"
        assert listed[result.playlist.ref.id].track_count in (None, 4)
        assert listed[result.playlist.ref.id].read_only is None

    def test_an_empty_playlist_can_be_made(self, kit: Kit) -> None:
        """A playlist of no tracks is created and holds nothing.

        Troubleshooting: some servers need a track to create one; add and remove it.
        """
        server = _server(kit)
        result = server.create_playlist("Nothing Yet", [])
        assert _stored(server, result.playlist) == []

    def test_two_playlists_may_share_a_name(self, kit: Kit) -> None:
        """Creating a second playlist of a name makes a second one.

        Troubleshooting: never look a playlist up by name in the backend.
        """
        server = _server(kit)
        first = server.create_playlist("Twins", _ids(server)[:1]).playlist
        second = server.create_playlist("Twins", _ids(server)[1:3]).playlist
        assert first.ref != second.ref
        assert len(_stored(server, first)) == 1

    def test_names_and_descriptions_survive(self, kit: Kit) -> None:
        """Hostile and foreign characters in name and description are stored unchanged.

        Troubleshooting: see the tests of the scenario `odd`.
        """
        server = _server(kit)
        name, description = f"Плейлист 🎶 {DIFFICULT_CHARS}", "שלום & <b>"
        created = server.create_playlist(name, _ids(server)[:1], description=description).playlist
        assert (created.name, created.description) == (name, description)

    def test_tracks_are_added_where_asked(self, kit: Kit) -> None:
        """Tracks are appended without a position and inserted before the given one.

        Troubleshooting: position 0 is the start.
        """
        server = _server(kit)
        require(server, "add_entries")
        a, b, c, d, *_ = _ids(server)
        playlist = server.create_playlist("Growing", [a]).playlist
        server.add_entries(playlist.ref.id, [b])
        server.add_entries(playlist.ref.id, [c], 0)
        server.add_entries(playlist.ref.id, [d, a], 1)
        assert _stored(server, playlist) == [c, d, a, a, b]

    def test_only_the_named_entry_is_removed(self, kit: Kit) -> None:
        """Of a track that is in the playlist twice, only the entry named goes; one that is gone is `ConflictError`.

        Troubleshooting: entry ids name places, not tracks.
        """
        server = _server(kit)
        require(server, "remove_entries")
        a, b, *_ = _ids(server)
        playlist = server.create_playlist("Shrinking", [a, b, a]).playlist
        last = list(server.iter_playlist_entries(playlist))[-1]
        server.remove_entries(playlist.ref.id, [last.entry_id])
        assert _stored(server, playlist) == [a, b]
        with pytest.raises(ConflictError):
            server.remove_entries(playlist.ref.id, ["no-such-entry"])
        assert _stored(server, playlist) == [a, b]

    def test_an_entry_ends_up_where_it_was_moved(self, kit: Kit) -> None:
        """A move puts the entry at the position, counted after the move, forwards and backwards.

        Troubleshooting: many servers count before the move, or want the entry to come after.
        """
        server = _server(kit)
        require(server, "move_entry")
        a, b, c, d, *_ = _ids(server)
        playlist = server.create_playlist("Shuffled", [a, b, c, d]).playlist
        first = next(iter(server.iter_playlist_entries(playlist)))
        server.move_entry(playlist.ref.id, first.entry_id, 2)
        assert _stored(server, playlist) == [b, c, a, d]
        last = list(server.iter_playlist_entries(playlist))[-1]
        server.move_entry(playlist.ref.id, last.entry_id, 0)
        assert _stored(server, playlist) == [d, b, c, a]

    def test_replacing_keeps_the_playlist_itself(self, kit: Kit) -> None:
        """New content leaves id, name and description alone, and doing it twice changes nothing more.

        Hosts sync playlists that users have pinned. Troubleshooting: do not delete and create.
        """
        server = _server(kit)
        require(server, "replace_entries")
        a, b, c, *_ = _ids(server)
        before = server.create_playlist("Steady", [a, b], description="kept").playlist
        for _ in range(2):
            after = server.replace_entries(before.ref.id, [c, a])
            assert (after.ref, after.name, after.description) == (before.ref, before.name, before.description)
            assert _stored(server, before) == [c, a]

    def test_an_edit_changes_what_it_names(self, kit: Kit) -> None:
        """None leaves a field alone and an empty description clears it.

        Troubleshooting: do not send fields that are None.
        """
        server = _server(kit)
        require(server, "edit_playlist")
        playlist = server.create_playlist("Old Name", _ids(server)[:2], description="old").playlist
        renamed = server.edit_playlist(playlist.ref.id, name="New Name")
        assert (renamed.name, renamed.description) == ("New Name", "old")
        cleared = server.edit_playlist(playlist.ref.id, description="")
        assert (cleared.name, cleared.description or "") == ("New Name", "")
        assert len(_stored(server, playlist)) == 2

    def test_a_cover_can_be_set(self, kit: Kit) -> None:
        """Setting a playlist's cover says what became of it.

        Troubleshooting: report `FAILED` with a reason rather than raising when the server refuses the picture.
        """
        server = _server(kit)
        require(server, "set_playlist_image")
        playlist = server.create_playlist("With Cover", []).playlist
        result = server.set_playlist_image(playlist.ref.id, MediaBytes(data=COVER, mime_type="image/png"))
        assert result.outcome in (FieldOutcome.APPLIED, FieldOutcome.UNCHANGED)

    def test_a_deleted_playlist_is_gone(self, kit: Kit) -> None:
        """Deleting returns what the playlist was; afterwards it is not listed, and others are.

        Troubleshooting: delete by id.
        """
        server = _server(kit)
        require(server, "delete_playlist")
        kept = server.create_playlist("Kept", _ids(server)[:1]).playlist
        doomed = server.create_playlist("Doomed", _ids(server)[:2]).playlist
        assert server.delete_playlist(doomed.ref.id).name == "Doomed"
        listed = {playlist.ref.id for playlist in server.iter_playlists()}
        assert doomed.ref.id not in listed
        assert kept.ref.id in listed

    def test_an_unknown_playlist_is_not_found(self, kit: Kit) -> None:
        """Reading or writing a playlist that does not exist is `NotFoundError`.

        Troubleshooting: an empty list of entries would look like an emptied playlist.
        """
        server = _server(kit)
        with pytest.raises(NotFoundError):
            server.list_playlist_entries("no-such-playlist")
        for name in ("replace_entries", "add_entries"):
            if server.capabilities().offers(name):
                with pytest.raises(NotFoundError):
                    getattr(server, name)("no-such-playlist", _ids(server)[:1])
        if server.capabilities().offers("delete_playlist"):
            with pytest.raises(NotFoundError):
                server.delete_playlist("no-such-playlist")

    def test_entries_come_in_pages(self, kit: Kit) -> None:
        """The entries of a playlist are paged like any listing, with positions from 0.

        Troubleshooting: see the group paging.
        """
        server = _server(kit)
        wanted = _ids(server)
        playlist = server.create_playlist("Long", wanted).playlist
        first = server.list_playlist_entries(playlist.ref.id, limit=5)
        assert len(first.items) == 5
        assert first.next_cursor is not None
        entries = list(server.iter_playlist_entries(playlist))
        assert [entry.position for entry in entries] == list(range(len(wanted)))
        assert len({entry.entry_id for entry in entries}) == len(wanted)

    def test_updating_and_copying_by_name_work(self, kit: Kit) -> None:
        """The engine's `update_playlist` and `copy_playlist` reach what they promise on this backend.

        Troubleshooting: they use `replace_entries`, or `add_entries` and `remove_entries`.
        """
        server = _server(kit)
        if not server.capabilities().offers("replace_entries"):
            require(server, "add_entries", "remove_entries")
        a, b, c, *_ = _ids(server)
        created = server.update_playlist("Weekly", [a, b])
        updated = server.update_playlist("Weekly", [c])
        assert created.playlist.ref == updated.playlist.ref
        assert updated.exact
        copied = server.copy_playlist("Weekly", "Archive")
        assert copied.exact
        assert _stored(server, copied.playlist) == [c]


def _server(kit: Kit) -> MediaServer:
    server = kit.server(small(), own=True)
    require(server, *_READING)
    return server


def _ids(server: MediaServer) -> list[str]:
    return [track.ref.id for track in server.iter_tracks()]


def _stored(server: MediaServer, playlist: Playlist) -> list[str]:
    return [entry.track_ref.id for entry in server.iter_playlist_entries(playlist)]
