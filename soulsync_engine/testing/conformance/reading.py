"""The group reading: the content of the ordinary library is shown as it is."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from soulsync_engine.models import Album, Artist, ArtistCredit, Item, Kind, Track
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit
from soulsync_engine.testing.scenarios import small

kinds = pytest.mark.parametrize("kind", ITEM_KINDS)


class Reading:
    """Tests of artists, albums and tracks of a fully tagged library."""

    def test_every_track_is_shown_as_tagged(self, kit: Kit) -> None:
        """Title, artists, album, album artists and number of each of the 17 tracks are those of its tags.

        Hosts match by these. Troubleshooting: the first difference shown is a track that lacks or adds something.
        """
        shown = Counter(
            (track.title, names(track.artists), track.album, names(track.album_artists), track.track_number)
            for track in kit.server(small()).iter_tracks()
        )
        expected = Counter(
            (track.title, track.artists, track.album, track.album_artists, track.track_number)
            for track in small().tracks
        )
        assert shown == expected

    def test_years_and_genres_are_shown_or_declared_omitted(self, kit: Kit) -> None:
        """Year and genres of each track are those of its tags, unless the answer says that they were left out.

        None means "the server does not know", which is untrue here. Troubleshooting: name fields that a listing does
        not carry in `omitted`.
        """
        expected = {track.title: track for track in small().tracks}
        for track in kit.server(small()).iter_tracks():
            if "year" not in track.omitted:
                assert track.year == expected[track.title].year
            if "genres" not in track.omitted:
                assert track.genres == expected[track.title].genres

    def test_every_album_is_shown_once(self, kit: Kit) -> None:
        """The five albums are there with title, artists and year; their counts of tracks are right where given.

        Troubleshooting: an album twice means that it is grouped by something that differs between its files.
        """
        albums = list(kit.server(small()).iter_albums())
        expected = {album.title: album for album in small().albums}
        assert sorted(album.title for album in albums) == sorted(expected)
        for album in albums:
            wanted = expected[album.title]
            assert names(album.artists) == wanted.artists
            assert album.track_count in (None, wanted.track_count)
            assert album.disc_count in (None, wanted.disc_count)
            if "year" not in album.omitted:
                assert album.year == wanted.year

    def test_every_artist_is_shown_once(self, kit: Kit) -> None:
        """The three artists are there, and nobody else.

        Troubleshooting: names that differ only in case or accents may have been merged, or not been.
        """
        artists = Counter(artist.name for artist in kit.server(small()).iter_artists())
        assert artists == Counter(small().artists)

    def test_items_link_to_each_other(self, kit: Kit) -> None:
        """Album ids of tracks, artist ids of credits and library ids are those of listed items.

        Hosts follow these links. Troubleshooting: leave an id None rather than giving one that leads nowhere.
        """
        server = kit.server(small())
        albums = {album.ref.id: album for album in server.iter_albums()}
        artists = {artist.ref.id: artist.name for artist in server.iter_artists()}
        libraries = {library.id for library in server.list_libraries()}
        tracks = list(server.iter_tracks())
        for track in tracks:
            assert track.album_id in albums
            assert albums[track.album_id].title == track.album
        linked: list[Album | Track] = [*tracks, *albums.values()]
        for item in linked:
            assert item.library_id is None or item.library_id in libraries
            for credit in item.artists:
                assert credit.id is None or artists[credit.id] == credit.name

    @kinds
    def test_times_have_a_timezone(self, kit: Kit, kind: Kind) -> None:
        """Every time is timezone-aware.

        Comparing it with another server's would raise otherwise. Troubleshooting: `datetime.fromtimestamp(x, UTC)`.
        """
        for item in everything(kit.server(small()), kind):
            times = [item.added, item.updated]
            if isinstance(item, Track):
                times.append(item.last_played)
            assert all(time.utcoffset() is not None for time in times if isinstance(time, datetime))

    def test_units_are_those_of_the_contract(self, kit: Kit) -> None:
        """Durations are milliseconds, bit rates kbit/s, sample rates Hz, sizes bytes.

        A factor of 1000 is the commonest mistake of all.
        Troubleshooting: look at the unit in your server's documentation.
        """
        expected = {track.title: track.duration_ms for track in small().tracks}
        for track in kit.server(small()).iter_tracks():
            wanted = expected[track.title]
            # Whole seconds are all that some servers keep; a lossy encoder adds a little silence.
            assert track.duration_ms is None or abs(track.duration_ms - wanted) < 1000
            assert track.duration_ms is None or track.duration_ms > 100
            assert track.bitrate is None or 1 <= track.bitrate <= 10_000
            assert track.sample_rate is None or 4_000 <= track.sample_rate <= 400_000
            assert track.size is None or track.size > 100
            assert track.rating is None or 0 <= track.rating <= 100
            assert track.disc is None or track.disc >= 1

    def test_an_album_lasts_as_long_as_its_tracks(self, kit: Kit) -> None:
        """The duration of an album, where given, is the sum of its tracks' in milliseconds.

        Troubleshooting: seconds and milliseconds are easily mixed between two answers of one server.
        """
        server = kit.server(small())
        sums: Counter[str] = Counter()
        for track in server.iter_tracks():
            sums[track.album_id or ""] += track.duration_ms or 0
        for album in server.iter_albums():
            slack = 1000 * (album.track_count or len(small().tracks))
            assert album.duration_ms is None or abs(album.duration_ms - sums[album.ref.id]) < slack

    @kinds
    def test_items_can_be_fetched_by_id(self, kit: Kit, kind: Kind) -> None:
        """`get_items` returns the items asked for, in the order of the ids.

        Troubleshooting: servers answer in their own order; sort by the ids you were given.
        """
        server = kit.server(small())
        listed = everything(server, kind)
        wanted = [item.ref.id for item in reversed(listed)]
        assert [item.ref.id for item in server.get_items(kind, wanted)] == wanted
        assert [title_of(item) for item in server.get_items(kind, wanted)] == [
            title_of(item) for item in reversed(listed)
        ]

    @kinds
    def test_ids_that_do_not_exist_are_left_out(self, kit: Kit, kind: Kind) -> None:
        """`get_items` leaves out unknown ids, also malformed ones, and still returns the others.

        A mirror asks for ids that may be gone. Troubleshooting: do not let one "404" fail the whole call.
        """
        server = kit.server(small())
        real = everything(server, kind)[0].ref.id
        found = server.get_items(kind, ["no-such-id", real, "9" * 40, "../../etc/passwd", "ü/?&#%"])
        assert [item.ref.id for item in found] == [real]
        assert server.get_items(kind, []) == ()

    def test_search_finds_a_track_by_its_title(self, kit: Kit) -> None:
        """A search for a title has the track among its hits.

        Troubleshooting: check how your server wants words quoted.
        """
        hits = kit.server(small()).search("Compression", {Kind.TRACK}).tracks
        assert "Compression" in {track.title for track in hits}

    def test_search_finds_an_artist_by_name(self, kit: Kit) -> None:
        """A search for an artist's name has the artist among its hits.

        Troubleshooting: see `test_search_finds_a_track_by_its_title`.
        """
        hits = kit.server(small()).search("Tidal Kites", {Kind.ARTIST}).artists
        assert "Tidal Kites" in {artist.name for artist in hits}

    def test_search_finds_an_album_by_its_title(self, kit: Kit) -> None:
        """A search for an album's title has the album among its hits.

        Troubleshooting: see `test_search_finds_a_track_by_its_title`.
        """
        hits = kit.server(small()).search("Second Wind", {Kind.ALBUM}).albums
        assert "Second Wind" in {album.title for album in hits}

    def test_search_keeps_to_limit_and_kinds(self, kit: Kit) -> None:
        """At most `limit` hits of each kind asked for, and none of a kind not asked for.

        Troubleshooting: cut the answer; many servers take the limit as a hint.
        """
        server = kit.server(small())
        hits = server.search("o", {Kind.TRACK, Kind.ALBUM}, limit=2)
        assert len(hits.tracks) <= 2
        assert len(hits.albums) <= 2
        assert hits.artists == ()
        only = server.search("Tidal Kites", {Kind.ARTIST}, limit=1)
        assert len(only.artists) == 1
        assert (only.albums, only.tracks) == ((), ())

    def test_the_engines_verified_search_works(self, kit: Kit) -> None:
        """`search_tracks` finds the track with this title by this artist, and none by another.

        Troubleshooting: the hits of `search` must carry their artists.
        """
        server = kit.server(small())
        assert [track.title for track in server.search_tracks("Shore", "Tidal Kites")] == ["Shore"]
        assert server.search_tracks("Shore", "Amber Foxes") == []


def names(credited: tuple[ArtistCredit, ...]) -> tuple[str, ...]:
    """The names of credits, in order."""
    return tuple(credit.name for credit in credited)


def everything(server: MediaServer, kind: Kind) -> list[Item]:
    """All items of a kind."""
    if kind is Kind.ARTIST:
        return list(server.iter_artists())
    return list(server.iter_albums()) if kind is Kind.ALBUM else list(server.iter_tracks())


def title_of(item: Item) -> str:
    """The name of an artist, the title of anything else."""
    return item.name if isinstance(item, Artist) else item.title


def albums_called(server: MediaServer, title: str) -> list[Album]:
    """The albums of that title."""
    return [album for album in server.iter_albums() if album.title == title]
