"""The group oddities: what real collections are full of is neither lost nor garbled."""

from __future__ import annotations

import unicodedata
from collections import Counter

from soulsync_engine.models import Kind, Track
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import Kit
from soulsync_engine.testing.conformance.reading import albums_called, names
from soulsync_engine.testing.scenarios import DIFFICULT_CHARS, LONG_TITLE, VARIOUS_ARTISTS, odd


class Oddities:
    """Tests of the scenario `odd`."""

    def test_no_track_is_lost(self, kit: Kit) -> None:
        """Every file is a track, also the one without tags, and every track has a title.

        Troubleshooting: name untagged files after their file name instead of leaving them out.
        """
        tracks = list(kit.server(odd()).iter_tracks())
        assert len(tracks) == len(odd().tracks)
        assert all(track.title.strip() for track in tracks)

    def test_names_in_all_scripts_survive(self, kit: Kit) -> None:
        """Titles, albums and artists in eight scripts are shown letter for letter.

        Accents may be composed or not. Troubleshooting: look for a wrong encoding on the way.
        """
        shown = {(nfc(track.title), nfc(track.album or "")) for track in kit.server(odd()).iter_tracks()}
        scripts = [track for track in odd().tracks if track.file.startswith("scripts/")]
        assert {(nfc(track.title or ""), nfc(track.album or "")) for track in scripts} <= shown
        artists = {nfc(artist.name) for artist in kit.server(odd()).iter_artists()}
        assert {nfc(track.album_artists[0]) for track in scripts} <= artists

    def test_hostile_characters_survive(self, kit: Kit) -> None:
        """A title full of quotes, slashes and markup is shown unchanged, and so is a slash in an artist's name.

        Troubleshooting: escape when you build a query, unescape nothing that the server did not escape.
        """
        track = one(kit.server(odd()), DIFFICULT_CHARS)
        assert names(track.artists) == ("Up/Down",)

    def test_long_titles_are_not_cut(self, kit: Kit) -> None:
        """A title of some 300 characters is shown whole.

        Troubleshooting: look for a column or an old tag format that holds less.
        """
        assert one(kit.server(odd()), LONG_TITLE).title == LONG_TITLE

    def test_several_artists_of_a_track_are_several_credits(self, kit: Kit) -> None:
        """Three artists in the tags are three credits in the same order, whatever characters their names hold.

        Hosts match artist by artist. Troubleshooting: use the list your server has, do not split a joined name.
        """
        track = one(kit.server(odd()), "Threefold")
        assert names(track.artists) == ("Anna Trio", "Bert & Sons", "Carla, the Third")
        assert names(track.album_artists) == ("Anna Trio",)

    def test_several_genres_are_several(self, kit: Kit) -> None:
        """Three genres in the tags are three genres, unless the answer says that genres were left out.

        Troubleshooting: see `test_several_artists_of_a_track_are_several_credits`.
        """
        track = one(kit.server(odd()), "Threefold")
        assert "genres" in track.omitted or Counter(track.genres) == Counter(
            ("Jazz", "Drum & Bass", "Spoken Word")
        )

    def test_a_compilation_is_one_album(self, kit: Kit) -> None:
        """An album of three artists with the album artist "Various Artists" is one album with three tracks.

        Troubleshooting: group by album artist, not by track artist.
        """
        server = kit.server(odd())
        albums = albums_called(server, "Summer Tape")
        assert len(albums) == 1
        assert names(albums[0].artists) == (VARIOUS_ARTISTS,)
        on_it = {
            track.title: names(track.artists)
            for track in server.iter_tracks()
            if track.album == "Summer Tape"
        }
        assert on_it == {
            "Beach": ("Sandy Shores",),
            "Pool": ("Chlorine Five",),
            "Ice Cream": ("Vanilla Row",),
        }

    def test_several_discs_are_one_album(self, kit: Kit) -> None:
        """Two discs are one album whose tracks tell their disc.

        Troubleshooting: the disc number is no part of the album's identity.
        """
        server = kit.server(odd())
        assert len(albums_called(server, "The Road")) == 1
        places = {
            track.title: (track.disc, track.track_number)
            for track in server.iter_tracks()
            if track.album == "The Road"
        }
        assert places == {"Setting Out": (1, 1), "Milestone": (1, 2), "Blisters": (2, 1), "Home": (2, 2)}

    def test_one_title_by_two_artists_is_two_albums(self, kit: Kit) -> None:
        """Two artists' albums of the same title stay apart, and so do their tracks of the same title.

        Troubleshooting: the album artist is part of the album's identity.
        """
        server = kit.server(odd())
        albums = albums_called(server, "Greetings")
        assert sorted(names(album.artists) for album in albums) == [("First Band",), ("Second Band",)]
        by_album = {album.ref.id: names(album.artists) for album in albums}
        hellos = [by_album[track.album_id or ""] for track in server.iter_tracks() if track.title == "Hello"]
        assert sorted(hellos) == [("First Band",), ("Second Band",)]

    def test_the_expected_albums_and_artists_are_there(self, kit: Kit) -> None:
        """Every fully tagged album and its artist are shown, whatever the backend makes of the untagged files.

        Troubleshooting: compare with `scenarios.odd().albums`.
        """
        server = kit.server(odd())
        shown = Counter(
            (nfc(album.title), tuple(map(nfc, names(album.artists)))) for album in server.iter_albums()
        )
        expected = Counter((nfc(album.title), tuple(map(nfc, album.artists))) for album in odd().albums)
        assert expected <= shown
        assert {nfc(name) for name in odd().artists} <= {nfc(artist.name) for artist in server.iter_artists()}

    def test_difficult_searches_do_no_harm(self, kit: Kit) -> None:
        """Searches for hostile, foreign, very long and blank texts are answered or find nothing, without an error.

        Troubleshooting: escape the query; a blank query may find nothing or everything.
        """
        server = kit.server(odd())
        for query in (
            DIFFICULT_CHARS,
            "Θάλασσα",
            "歌舞伎町の朝",
            "🎶 with 🧵",
            "x" * 3000,
            '"',
            "%",
            "*",
            "\\",
            "' OR 1=1 --",
            " ",
        ):
            hits = server.search(query, {Kind.TRACK, Kind.ALBUM, Kind.ARTIST}, limit=5)
            assert max(len(hits.tracks), len(hits.albums), len(hits.artists)) <= 5

    def test_foreign_titles_can_be_found(self, kit: Kit) -> None:
        """A search for a title in Japanese finds the track.

        Troubleshooting: send the query as UTF-8.
        """
        hits = kit.server(odd()).search("歌舞伎町の朝", {Kind.TRACK}).tracks
        assert "歌舞伎町の朝" in {track.title for track in hits}


def nfc(text: str) -> str:
    """The text with composed accents: servers may store either form."""
    return unicodedata.normalize("NFC", text)


def one(server: MediaServer, title: str) -> Track:
    """The track of that title, of which there must be one."""
    found = [track for track in server.iter_tracks() if track.title == title]
    assert len(found) == 1, f"{len(found)} tracks are called {title!r}"
    return found[0]
