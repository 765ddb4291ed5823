"""The group changes: tokens and lists that let a mirror skip what it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulsync_engine.errors import ConflictError
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit, Seed, require
from soulsync_engine.testing.conformance.reading import title_of
from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack, small

_FIRST = small().tracks[0]

ADDED = small().with_tracks(
    ScenarioTrack(
        file="Tidal Kites/Spring (2023)/01 Rope.flac",
        title="Rope",
        artists=("Tidal Kites",),
        album="Spring",
        album_artists=("Tidal Kites",),
        disc=1,
        track_number=1,
        year=2023,
    )
)
EDITED = small().with_tracks(replace(_FIRST, title="Dawn, Again"))
REMOVED = small().without([_FIRST])

kinds = pytest.mark.parametrize("kind", ITEM_KINDS)
edits = pytest.mark.parametrize("after", [ADDED, EDITED, REMOVED], ids=["added", "edited", "removed"])


class Changes:
    """Tests of `change_token`, `list_changed` and `list_recently_added`."""

    def test_the_token_stays_while_nothing_changes(self, kit: Kit) -> None:
        """Two tokens are equal when nothing happened between them.

        Otherwise every sync reads everything. Troubleshooting: keep times of the request out of the token.
        """
        server = kit.server(small())
        require(server, "change_token")
        token = server.change_token()
        list(server.iter_tracks())
        server.search("Dawn")
        assert server.change_token() == token

    def test_the_token_survives_the_client(self, kit: Kit) -> None:
        """A new client gives the same token for the same content.

        Mirrors keep tokens for weeks. Troubleshooting: make the token from what the server holds.
        """
        seed = kit.seed(small())
        first, second = _opened(kit, seed), _opened(kit, seed)
        require(first, "change_token")
        assert first.change_token() == second.change_token()

    @edits
    def test_the_token_differs_after_a_change(self, kit: Kit, after: Scenario) -> None:
        """The token is another one after a track was added, edited or removed.

        An equal token is a proof that nothing changed. Troubleshooting: most servers' own counters miss one of the
        three; combine them, or do not offer `change_token`.
        """
        seed = kit.seed(small(), own=True)
        server = _opened(kit, seed)
        require(server, "change_token")
        before = server.change_token()
        changed = _opened(kit, kit.change(seed, after))
        assert changed.change_token() != before
        assert len(list(changed.iter_tracks())) == len(after.tracks)

    def test_added_and_edited_items_are_listed(self, kit: Kit) -> None:
        """`list_changed` since a token has every track that was added or edited after it.

        What is missing here never reaches the mirror. Troubleshooting: list rather too much than too little.
        """
        seed = kit.seed(small(), own=True)
        server = _opened(kit, seed)
        require(server, "change_token", "list_changed")
        token = _read_all(server)
        after = ADDED.with_tracks(replace(_FIRST, title="Dawn, Again"))
        changed = _opened(kit, kit.change(seed, after))
        titles = {title for _, title in _changed(changed, Kind.TRACK, token)}
        assert {"Rope", "Dawn, Again"} <= titles
        assert "Spring" in {title for _, title in _changed(changed, Kind.ALBUM, token)}

    def test_removed_items_are_reported_or_declared_unreported(self, kit: Kit) -> None:
        """`removed` names the ids that are gone, or is None on every page; it is never a partial list.

        None makes the mirror compare ids. Troubleshooting: return None unless your server really reports removals.
        """
        seed = kit.seed(small(), own=True)
        server = _opened(kit, seed)
        require(server, "change_token", "list_changed")
        token = _read_all(server)
        gone = next(track.ref.id for track in server.iter_tracks() if track.title == _FIRST.title)
        changed = _opened(kit, kit.change(seed, REMOVED))
        removed: list[tuple[str, ...] | None] = []
        cursor: str | None = None
        while True:
            page = changed.list_changed(Kind.TRACK, since=token, cursor=cursor, limit=10)
            removed.append(page.removed)
            cursor = page.next_cursor
            if cursor is None:
                break
        if None in removed:
            assert set(removed) == {None}
        else:
            assert gone in {item_id for ids in removed for item_id in ids or ()}
        assert gone not in {item_id for item_id, _ in _changed(changed, Kind.TRACK, token)}

    @kinds
    def test_nothing_changed_may_be_listed_but_not_lost(self, kit: Kit, kind: Kind) -> None:
        """Without a change, `list_changed` lists nothing or items that exist, and it ends.

        Troubleshooting: items that did not change are allowed, unknown ones are not.
        """
        server = kit.server(small())
        require(server, "change_token", "list_changed")
        ids = {item_id for item_id, _ in _changed(server, kind, _read_all(server))}
        assert ids <= set(server.list_ids(kind).items)

    def test_a_foreign_token_is_a_conflict(self, kit: Kit) -> None:
        """A token that is not understood is `ConflictError`, not "nothing changed".

        The engine then reads everything. Troubleshooting: give your tokens a shape you can recognise.
        """
        server = kit.server(small())
        require(server, "list_changed")
        with pytest.raises(ConflictError):
            server.list_changed(Kind.TRACK, since="no token of this server")

    def test_recently_added_items_come_newest_first(self, kit: Kit) -> None:
        """The album added last is the first of `list_recently_added`, which holds all albums in the end.

        Hosts show it as a shelf. Troubleshooting: sort by the time of adding, descending.
        """
        seed = kit.seed(small(), own=True)
        require(_opened(kit, seed), "list_recently_added")
        server = _opened(kit, kit.change(seed, ADDED))
        shelf = [title_of(item) for item in server.list_recently_added(Kind.ALBUM, limit=100).items]
        assert shelf[0] == "Spring"
        assert sorted(shelf) == sorted(album.title for album in ADDED.albums)

    def test_an_item_keeps_its_id(self, kit: Kit) -> None:
        """Tracks and albums that nobody touched keep their ids when others come, change and go.

        Playlists, ratings and mirrors hang on the ids. Troubleshooting: derive no id from a position.
        """
        seed = kit.seed(small(), own=True)
        before = {track.path or track.title: track.ref.id for track in _opened(kit, seed).iter_tracks()}
        changed = _opened(kit, kit.change(seed, ADDED.without([_FIRST])))
        after = {track.path or track.title: track.ref.id for track in changed.iter_tracks()}
        kept = before.keys() & after.keys()
        assert len(kept) == len(small().tracks) - 1
        assert {key: before[key] for key in kept} == {key: after[key] for key in kept}


def _opened(kit: Kit, seed: Seed) -> MediaServer:
    return kit.connected(kit.open(seed.settings, seed.folder))


def _read_all(server: MediaServer) -> str:
    """The token from before everything was read, which is what a mirror keeps."""
    token = server.change_token()
    for listing in (server.iter_tracks(), server.iter_albums(), server.iter_artists()):
        list(listing)
    return token


def _changed(server: MediaServer, kind: Kind, since: str) -> set[tuple[str, str]]:
    """Ids and titles of all that is listed as changed."""
    found: set[tuple[str, str]] = set()
    cursor: str | None = None
    while True:
        page = server.list_changed(kind, since=since, scope=Scope(), cursor=cursor, limit=5)
        found.update((item.ref.id, title_of(item)) for item in page.items)
        if page.next_cursor is None:
            return found
        assert page.next_cursor != cursor
        cursor = page.next_cursor
