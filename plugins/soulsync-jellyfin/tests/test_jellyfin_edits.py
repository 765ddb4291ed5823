"""Edits of metadata, ratings and plays, pictures, sound: what is really on the server afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from soulsync_engine.errors import NotAllowedError, NotFoundError
from soulsync_engine.models import (
    EVERYTHING,
    AlbumPatch,
    ArtistPatch,
    ByteRange,
    FieldOutcome,
    HistoryLevel,
    Kind,
    MediaBytes,
    MediaRequest,
    Scope,
    TrackPatch,
)
from soulsync_engine.testing.scenarios import COVER, Scenario, shared
from soulsync_engine.testing.simulator import Answer, Exchange, status
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    Entry,
    JellyfinSimulator,
    Personality,
)

both = pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
OTHER_COVER = COVER + b"\0"
THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def entry(simulator: JellyfinSimulator, kind: str, name: str) -> Entry:
    return next(e for e in simulator.state.catalogue.items.values() if (e.type, e.name) == (kind, name))


class TestMetadata:
    @both
    def test_every_field_is_really_on_the_server(self, simulate, server_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        server = server_of(simulator)
        artist, album, track = (
            entry(simulator, kind, name)
            for kind, name in (("MusicArtist", "Tidal Kites"), ("MusicAlbum", "Neap"), ("Audio", "Moon"))
        )
        results = [
            server.update_artist(
                artist.id,
                ArtistPatch(name="Kites", sort_name="kites", genres=("Sea",), biography="From <the> coast."),
            ),
            server.update_album(
                album.id,
                AlbumPatch(title="Neap II", sort_title="neap 2", artists=("Kites",), genres=(), year=2021),
            ),
            server.update_track(
                track.id,
                TrackPatch(
                    title="Moons", artists=("Kites", "Guest"), genres=("Sea",), disc=2, track_number=9
                ),
            ),
        ]
        assert {field.outcome for result in results for field in result.fields.values()} == {
            FieldOutcome.APPLIED
        }
        stored = simulator.state.catalogue.items
        assert (stored[artist.id].name, stored[artist.id].overview) == ("Kites", "From <the> coast.")
        assert (stored[artist.id].genres, stored[artist.id].forced_sort_name) == (("Sea",), "kites")
        assert (stored[album.id].name, stored[album.id].album_artists) == ("Neap II", ("Kites",))
        assert (stored[album.id].year, stored[album.id].genres) == (2021, ())
        assert (stored[track.id].name, stored[track.id].artists) == ("Moons", ("Kites", "Guest"))
        assert (stored[track.id].disc, stored[track.id].number) == (2, 9)

    def test_an_edit_keeps_what_it_does_not_name(self, simulate, server_of) -> None:
        """The server takes what a body leaves out for cleared."""
        simulator = simulate()
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")
        artist.overview, artist.provider_ids = (
            "Kept.",
            {"MusicBrainzArtist": "99164692-c02d-407c-81c9-25d338dd21f4"},
        )
        server.update_artist(artist.id, ArtistPatch(genres=("Sea",)))
        assert artist.overview == "Kept."
        assert artist.provider_ids == {"MusicBrainzArtist": "99164692-c02d-407c-81c9-25d338dd21f4"}
        assert server.update_artist_biography(server.get_items(Kind.ARTIST, [artist.id])[0]).outcome is (
            FieldOutcome.UNCHANGED
        )

    def test_an_edit_of_nothing_new_writes_nothing(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        album = entry(simulator, "MusicAlbum", "Neap")
        result = server.update_album(album.id, AlbumPatch(title="Neap", year=2020))
        assert {field.outcome for field in result.fields.values()} == {FieldOutcome.UNCHANGED}
        assert not [request for request in simulator.requests if request.method == "POST"]

    def test_locked_fields_are_respected_and_said(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")
        artist.locked_fields = ("Genres",)
        result = server.update_artist(artist.id, ArtistPatch(genres=("Sea",), biography="New."))
        assert result.fields["genres"].outcome is FieldOutcome.LOCKED
        assert result.fields["biography"].outcome is FieldOutcome.APPLIED
        assert (artist.genres, artist.overview, artist.locked_fields) == ((), "New.", ("Genres",))
        artist.lock_data = True
        assert (
            server.update_artist(artist.id, ArtistPatch(name="X")).fields["name"].outcome
            is FieldOutcome.LOCKED
        )

    def test_what_is_set_is_locked_when_asked(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")
        artist.locked_fields = ("Tags",)
        for genres in (("Sea",), ("Air",)):
            result = server.update_artist(artist.id, ArtistPatch(genres=genres, sort_name="k", lock=True))
            assert result.fields["genres"].outcome is FieldOutcome.APPLIED
            assert artist.locked_fields == ("Tags", "Genres")

    def test_a_server_that_accepts_and_forgets_is_found_out(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")

        def forgetful(exchange: Exchange) -> Answer:
            return Answer(status=204) if exchange.request.method == "POST" else exchange.produce()

        simulator.faults.always(forgetful, path=f"/Items/{artist.id}")
        outcome = server.update_artist_genres(artist.id, ["Sea"])
        assert outcome.outcome is FieldOutcome.FAILED
        assert outcome.reason

    def test_without_an_administrators_rights_nothing_is_claimed(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator, Credentials.USER_TOKEN)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")
        for edit in (
            lambda: server.update_artist_genres(artist.id, ["Sea"]),
            lambda: server.set_image(Kind.ARTIST, artist.id, MediaBytes(data=COVER, mime_type="image/png")),
        ):
            with pytest.raises(NotAllowedError, match="right") as caught:
                edit()
            assert "administrator" in (caught.value.next_step or "")
        assert (artist.genres, artist.pictures) == ((), {})

    def test_an_item_of_another_kind_is_not_found(self, simulate, server_of) -> None:
        simulator = simulate()
        with pytest.raises(NotFoundError):
            server_of(simulator).update_artist(
                entry(simulator, "MusicAlbum", "Neap").id, ArtistPatch(name="X")
            )

    def test_a_look_up_that_finds_nothing_may_have_no_content(self, simulate, server_of) -> None:
        """So Emby says."""
        simulator = simulate(personality=EMBY_4_9)
        server = server_of(simulator)
        server.connect()
        simulator.faults.always(status(204), path="/Users/*/Items/*")
        for look in (
            lambda: server.image(Kind.ALBUM, "4711"),
            lambda: server.update_album("4711", AlbumPatch(title="X")),
            lambda: server.set_favorite(Kind.ALBUM, "4711", True),
        ):
            with pytest.raises(NotFoundError, match="4711"):
                look()

    def test_a_picture_is_the_same_or_another(self, simulate, server_of) -> None:
        simulator = simulate(personality=JELLYFIN_12)
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")
        assert server.update_artist_poster(artist.id, COVER).outcome is FieldOutcome.APPLIED
        assert artist.pictures["Primary"].data == COVER
        assert server.update_artist_poster(artist.id, COVER).outcome is FieldOutcome.UNCHANGED

    def test_a_picture_that_a_server_accepts_and_forgets_is_found_out(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        artist = entry(simulator, "MusicArtist", "Tidal Kites")

        def forgetful(exchange: Exchange) -> Answer:
            return Answer(status=204) if exchange.request.method == "POST" else exchange.produce()

        simulator.faults.always(forgetful, path=f"/Items/{artist.id}/Images/Primary")
        none = server.update_artist_poster(artist.id, COVER)
        assert none.outcome is FieldOutcome.FAILED
        assert "none afterwards" in none.reason
        simulator.faults.clear()
        server.update_artist_poster(artist.id, OTHER_COVER)
        simulator.faults.always(forgetful, path=f"/Items/{artist.id}/Images/Primary")
        other = server.update_artist_poster(artist.id, COVER)
        assert other.outcome is FieldOutcome.FAILED
        assert "from before" in other.reason


class TestActivity:
    @both
    def test_ratings_are_kept_to_the_point(self, simulate, server_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        server = server_of(simulator)
        track = server.list_ids(Kind.TRACK).items[0]
        for rating in (0, 1, 37, 50, 99, 100):
            assert server.set_rating(Kind.TRACK, track, rating).rating == rating
        relation = simulator.state.relation(simulator.state.accounts.named("anna"), track)
        assert relation.likes is True
        assert server.set_rating(Kind.TRACK, track, None).rating is None

    def test_plays_belong_to_the_user(self, simulate, server_of) -> None:
        simulator = simulate()
        anna, ben = server_of(simulator), server_of(simulator, Credentials.USER_TOKEN)
        track = anna.list_ids(Kind.TRACK).items[0]
        anna.report_play(track, THEN)
        assert anna.get_track_play_counts() == {track: 1}
        assert ben.get_track_play_counts() == {}
        assert anna.get_play_history()[0].user == "anna"

    def test_a_play_that_lies_further_back_counts_but_is_not_the_last(self, simulate, server_of) -> None:
        server = server_of(simulate())
        track = server.list_ids(Kind.TRACK).items[0]
        server.report_play(track, THEN)
        stored = server.report_play(track, THEN - timedelta(days=9))
        assert (stored.play_count, stored.last_played) == (2, THEN)

    def test_marking_as_played_leaves_the_count_which_is_why_it_is_not_used(self, simulate) -> None:
        simulator = simulate()
        track = entry(simulator, "Audio", "Moon").id
        user = simulator.state.accounts.named("anna")
        params = {"ApiKey": simulator.state.accounts.api_key, "userId": user.id}
        for _ in range(2):
            answer = httpx.post(f"{simulator.base_url}/UserPlayedItems/{track}", params=params)
            assert answer.json()["PlayCount"] == 1

    @pytest.mark.parametrize("scope", [EVERYTHING, None], ids=["all", "one library"])
    def test_the_history_is_paged_to_its_end_and_says_what_it_is(self, simulate, server_of, scope) -> None:
        simulator = simulate(shared())
        server = server_of(simulator)
        library = server.list_libraries()[1].id
        wanted = scope or Scope(libraries=(library,))
        tracks = [track.ref.id for track in server.iter_tracks(wanted)]
        for hour, track in enumerate(tracks):
            server.report_play(track, THEN + timedelta(hours=hour))
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = server.list_play_events(scope=wanted, cursor=cursor, limit=2)
            assert page.level is HistoryLevel.LAST_PLAY
            seen.extend(event.track.id for event in page.items if event.track)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == tracks[::-1]
        late = server.list_play_events(scope=wanted, since=THEN + timedelta(hours=len(tracks) - 2), limit=10)
        assert [event.track.id for event in late.items if event.track] == [tracks[-1]]

    def test_many_played_tracks_are_all_counted(self, simulate, server_of) -> None:
        from soulsync_jellyfin.simulator.rendering import Played

        simulator = simulate(Scenario(name="none", tracks=()), checked=False)
        simulator.state.catalogue.generate(tracks=2300, albums=50, artists=10)
        user = simulator.state.accounts.named("anna")
        for key, item in simulator.state.catalogue.items.items():
            if item.type == "Audio":
                simulator.state.played[user.id, key] = Played(count=3, played=True, last=THEN)
        counts = server_of(simulator).get_track_play_counts()
        assert len(counts) == 2300
        assert set(counts.values()) == {3}

    @both
    def test_what_is_playing_is_told(self, simulate, server_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        moon = entry(simulator, "Audio", "Moon")
        ben = simulator.state.accounts.named("ben")
        simulator.state.now_playing.append((ben, moon))
        plays = server_of(simulator).list_active_plays()
        assert [(play.title, play.user, play.client, play.position_ms, play.paused) for play in plays] == [
            ("Moon", "ben", "Finamp", 12_500, False)
        ]


class TestMedia:
    def test_pictures_and_sound_can_be_fetched_as_handed_out(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        key = simulator.state.accounts.api_key
        album = next(album for album in server.iter_albums() if album.title == "First Light")
        dawn = next(track for track in server.iter_tracks() if track.title == "Dawn")
        wanted = {
            "cover": server.image(Kind.ALBUM, album.ref.id),
            "small cover": server.image(Kind.ALBUM, album.ref.id, size=300),
            "sound": server.stream(dawn.ref.id),
            "part": server.stream(dawn.ref.id, ByteRange(start=5, end=14)),
            "rest": server.stream(dawn.ref.id, ByteRange(start=4000)),
            "transcoded": server.stream(dawn.ref.id, max_bitrate=128),
        }
        bodies = {}
        for name, media in wanted.items():
            assert isinstance(media, MediaRequest)
            assert key not in media.url
            assert key not in repr(media)
            answer = httpx.get(media.url, headers=dict(media.headers))
            assert answer.is_success, name
            bodies[name] = answer.content
        assert bodies["cover"] == bodies["small cover"] == COVER
        assert bodies["part"] == bodies["sound"][5:15]
        assert bodies["rest"] == bodies["sound"][4000:]

    def test_a_track_without_a_cover_shows_its_albums(self, simulate, server_of) -> None:
        simulator = simulate()
        server = server_of(simulator)
        dawn = entry(simulator, "Audio", "Dawn")
        dawn.pictures = {}
        media = server.image(Kind.TRACK, dawn.id)
        assert isinstance(media, MediaRequest)
        assert f"/Items/{dawn.album_id}/Images/Primary" in media.url

    def test_what_has_no_picture_anywhere_is_not_found(self, simulate, server_of) -> None:
        simulator = simulate()
        with pytest.raises(NotFoundError, match="no picture"):
            server_of(simulator).image(Kind.ARTIST, entry(simulator, "MusicArtist", "Tidal Kites").id)
