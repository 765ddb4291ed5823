"""The group scopes: a call looks at the libraries it names, and at no other."""

from __future__ import annotations

import pytest

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit, list_page
from soulsync_engine.testing.conformance.reading import title_of
from soulsync_engine.testing.scenarios import shared, small

kinds = pytest.mark.parametrize("kind", ITEM_KINDS)
libraries = pytest.mark.parametrize("name", shared().libraries)


class Scopes:
    """Tests of a server with two libraries."""

    def test_every_library_is_listed(self, kit: Kit) -> None:
        """Both libraries are listed, with ids of their own.

        Users choose among them. Troubleshooting: list music libraries only, but all of them.
        """
        server = kit.server(shared())
        ids = {kit.library(server, name).id for name in shared().libraries}
        assert len(ids) == 2

    @libraries
    def test_another_library_never_leaks(self, kit: Kit, name: str) -> None:
        """Listings of one library hold its tracks, albums and artists, and nothing of the other.

        A library that the user left out must not come in by the back door. Troubleshooting: pass the library to the
        server with every request; filter where it ignores that.
        """
        server = kit.server(shared())
        expected = shared().of_library(name)
        scope = Scope(libraries=(kit.library(server, name).id,))
        assert {track.title for track in server.iter_tracks(scope)} == {
            track.title for track in expected.tracks
        }
        assert {album.title for album in server.iter_albums(scope)} == {
            album.title for album in expected.albums
        }
        assert {artist.name for artist in server.iter_artists(scope)} == set(expected.artists)

    @libraries
    @kinds
    def test_ids_keep_to_the_scope(self, kit: Kit, kind: Kind, name: str) -> None:
        """`list_ids` of one library brings the ids of that library's listing.

        Troubleshooting: see `test_another_library_never_leaks`.
        """
        server = kit.server(shared())
        scope = Scope(libraries=(kit.library(server, name).id,))
        page = server.list_ids(kind, scope=scope)
        assert set(page.items) == {item_id for item_id, _ in _listed(server, kind, scope)}
        assert page.items

    def test_search_keeps_to_the_scope(self, kit: Kit) -> None:
        """A search in one library finds nothing of the other.

        Troubleshooting: see `test_another_library_never_leaks`.
        """
        server = kit.server(shared())
        music = Scope(libraries=(kit.library(server, "Music").id,))
        other = Scope(libraries=(kit.library(server, "Other").id,))
        assert server.search("There Two", {Kind.TRACK}, scope=music).tracks == ()
        assert "There Two" in {
            track.title for track in server.search("There Two", {Kind.TRACK}, scope=other).tracks
        }
        assert "Only Other" not in {
            hit.name for hit in server.search("Only Other", {Kind.ARTIST}, scope=music).artists
        }

    @kinds
    def test_both_libraries_together_are_everything(self, kit: Kit, kind: Kind) -> None:
        """A scope of all libraries lists what no scope at all lists, each item once.

        Troubleshooting: an artist of two libraries is listed once where the ids say it is one artist.
        """
        server = kit.server(shared())
        whole = _listed(server, kind, Scope())
        named = Scope(libraries=tuple(kit.library(server, name).id for name in shared().libraries))
        assert sorted(_listed(server, kind, named)) == sorted(whole)
        assert len(set(whole)) == len(whole)

    @kinds
    def test_no_library_is_nothing(self, kit: Kit, kind: Kind) -> None:
        """A scope of no library holds nothing; it does not mean "all".

        Troubleshooting: an empty tuple is not None.
        """
        server = kit.server(shared())
        page = list_page(server, kind, None, 10, Scope(libraries=()))
        assert (page.items, page.next_cursor) == ((), None)

    @kinds
    def test_an_unknown_library_is_not_found(self, kit: Kit, kind: Kind) -> None:
        """A library that does not exist is `NotFoundError`, not an empty answer.

        An empty answer would make a mirror remove everything. Troubleshooting: check the id against the libraries.
        """
        server = kit.server(small())
        with pytest.raises(NotFoundError):
            list_page(server, kind, None, 10, Scope(libraries=("no-such-library",)))


def _listed(server: MediaServer, kind: Kind, scope: Scope) -> list[tuple[str, str]]:
    """Ids and names of a listing that fits into one page."""
    page = list_page(server, kind, None, 100, scope)
    assert page.next_cursor is None
    return [(item.ref.id, title_of(item)) for item in page.items]
