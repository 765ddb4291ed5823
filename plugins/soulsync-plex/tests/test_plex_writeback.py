"""Edits: one request, read back, nothing of ours in the text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soulsync_engine.errors import NotAllowedError
from soulsync_engine.models import AlbumPatch, ArtistPatch, FieldOutcome, Kind, MediaBytes, TrackPatch
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, small
from soulsync_engine.testing.simulator import Answer, Exchange, status
from soulsync_plex.simulator import PlexSimulator

APPLIED, UNCHANGED, LOCKED = FieldOutcome.APPLIED, FieldOutcome.UNCHANGED, FieldOutcome.LOCKED


def album_called(server: MediaServer, title: str) -> str:
    return next(album.ref.id for album in server.iter_albums() if album.title == title)


def edits(plex: PlexSimulator) -> list[str]:
    return [request.path for request in plex.requests if request.method == "PUT"]


def test_all_fields_of_an_artist_go_in_one_request_and_are_read_back(
    plex: PlexSimulator, server: MediaServer
) -> None:
    artist = next(server.iter_artists())
    biography = "Born in a wood & raised by <foxes>.\n\nStill there."
    patch = ArtistPatch(
        name="Ambre", sort_name="Ambre, the", genres=("Dusk", "Drum, Bass & 100%"), biography=biography
    )
    result = server.update_artist(artist.ref.id, patch)
    assert {name: field.outcome for name, field in result.fields.items()} == dict.fromkeys(
        ("name", "sort_name", "genres", "biography"), APPLIED
    )
    assert len(edits(plex)) == 1
    stored = server.get_items(Kind.ARTIST, [artist.ref.id])[0]
    assert (stored.name, stored.sort_name, stored.biography) == ("Ambre", "Ambre, the", biography)
    assert set(stored.genres) == {"Dusk", "Drum, Bass & 100%"}
    again = server.update_artist(artist.ref.id, patch)
    assert {field.outcome for field in again.fields.values()} == {UNCHANGED}
    assert len(edits(plex)) == 1


def test_an_albums_title_needs_its_artist_beside_it(server: MediaServer) -> None:
    album = album_called(server, "Neap")
    result = server.update_album(
        album, AlbumPatch(title="Neaps", genres=("Sea",), year=1999, artists=("Other",))
    )
    outcomes = {name: field.outcome for name, field in result.fields.items()}
    assert outcomes == {
        "title": APPLIED,
        "artists": FieldOutcome.UNSUPPORTED,
        "genres": APPLIED,
        "year": FieldOutcome.UNSUPPORTED,
    }
    assert "tagged anew" in result.fields["artists"].reason
    assert server.get_items(Kind.ALBUM, [album])[0].genres == ("Sea",)


def test_a_tracks_artist_disc_and_number(server: MediaServer) -> None:
    track = next(server.iter_tracks()).ref.id
    result = server.update_track(
        track, TrackPatch(artists=("A Guest",), disc=2, track_number=9, title="Dusk")
    )
    assert {field.outcome for field in result.fields.values()} == {APPLIED}
    stored = server.get_items(Kind.TRACK, [track])[0]
    assert ([credit.name for credit in stored.artists], stored.disc, stored.track_number) == (
        ["A Guest"],
        2,
        9,
    )
    several = server.update_track(track, TrackPatch(artists=("A", "B")))
    assert several.fields["artists"].outcome is FieldOutcome.UNSUPPORTED


def test_locks_are_set_when_asked_for_and_respected_when_not(
    plex: PlexSimulator, server: MediaServer
) -> None:
    album = album_called(server, "Neap")
    server.update_album(album, AlbumPatch(genres=("Sea",)))
    _, row = plex.state.catalogue.find(album)
    assert "Field" not in row
    server.update_album(album, AlbumPatch(genres=("Tide",), lock=True))
    assert row["Field"] == [{"name": "genre", "locked": True}]
    refused = server.update_album(album, AlbumPatch(genres=("Moon",)))
    assert refused.fields["genres"].outcome is LOCKED
    assert server.get_items(Kind.ALBUM, [album])[0].genres == ("Tide",)
    taken_over = server.update_album(album, AlbumPatch(genres=("Moon",), lock=True))
    assert taken_over.fields["genres"].outcome is APPLIED


def test_who_does_not_own_the_server_may_not_edit(
    plex: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    artist = next(guest.iter_artists())
    with pytest.raises(NotAllowedError, match="owner"):
        guest.update_artist(artist.ref.id, ArtistPatch(name="Mine"))


def test_pictures_are_uploaded_once_and_refused_ones_reported(
    plex: PlexSimulator, server: MediaServer
) -> None:
    album = album_called(server, "Neap")
    cover = MediaBytes(data=COVER, mime_type="image/png")
    assert server.set_image(Kind.ALBUM, album, cover).outcome is APPLIED
    assert server.set_image(Kind.ALBUM, album, cover).outcome is UNCHANGED
    assert plex.state.catalogue.covers[album] == COVER
    broken = server.set_image(Kind.ALBUM, album, MediaBytes(data=b"no picture", mime_type="image/png"))
    assert (broken.outcome, bool(broken.reason)) == (FieldOutcome.FAILED, True)
    track = next(server.iter_tracks()).ref.id
    assert server.set_image(Kind.TRACK, track, cover).outcome is FieldOutcome.UNSUPPORTED


@pytest.mark.parametrize("kind", ["artist", "album", "playlist"])
def test_a_picture_that_the_server_does_not_choose_is_no_success(
    plex: PlexSimulator, server: MediaServer, kind: str
) -> None:
    cover = MediaBytes(data=COVER, mime_type="image/png")
    playlist = server.create_playlist("Pictured", []).playlist.ref.id
    chosen = b'{"MediaContainer":{"size":1,"Metadata":[{"ratingKey":"metadata://1","selected":true}]}}'

    def another(exchange: Exchange) -> Answer:
        return Answer(body=chosen) if exchange.request.method == "GET" else exchange.produce()

    plex.faults.always(another, path="/library/metadata/*/posters")
    acts = {
        "artist": lambda: server.set_image(Kind.ARTIST, next(server.iter_artists()).ref.id, cover),
        "album": lambda: server.set_image(Kind.ALBUM, next(server.iter_albums()).ref.id, cover),
        "playlist": lambda: server.set_playlist_image(playlist, cover),
    }
    result = acts[kind]()
    assert (result.outcome, result.reason) == (
        FieldOutcome.FAILED,
        "the server took the picture and shows another one",
    )


def test_names_and_biographies_are_locked_only_when_asked_for(
    plex: PlexSimulator, server: MediaServer
) -> None:
    artist = next(server.iter_artists()).ref.id
    _, row = plex.state.catalogue.find(artist)
    server.update_artist(artist, ArtistPatch(name="Ambre", biography="Of the wood."))
    assert "Field" not in row
    server.update_artist(artist, ArtistPatch(name="Amber", biography="Of the sea.", lock=True))
    assert {entry["name"] for entry in row["Field"]} == {"title", "summary"}
    refused = server.update_artist(artist, ArtistPatch(name="Ember", genres=("Fire",)))
    assert {name: field.outcome for name, field in refused.fields.items()} == {
        "name": LOCKED,
        "genres": APPLIED,
    }


def test_what_has_the_value_already_is_locked_when_asked_for(
    plex: PlexSimulator, server: MediaServer
) -> None:
    album = album_called(server, "Neap")
    _, row = plex.state.catalogue.find(album)
    server.update_album(album, AlbumPatch(genres=()))
    for patch in (AlbumPatch(title="Neap", lock=True), AlbumPatch(genres=(), lock=True)):
        assert {field.outcome for field in server.update_album(album, patch).fields.values()} == {APPLIED}
        assert {field.outcome for field in server.update_album(album, patch).fields.values()} == {UNCHANGED}
    assert {entry["name"] for entry in row["Field"]} == {"title", "genre"}
    assert server.get_items(Kind.ALBUM, [album])[0].title == "Neap"


def test_a_lock_that_the_server_forgets_is_no_success(plex: PlexSimulator, server: MediaServer) -> None:
    artist = next(server.iter_artists()).ref.id

    def unlocked(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        plex.state.catalogue.find(artist)[1].pop("Field", None)
        return plain

    plex.faults.always(unlocked, path="/library/sections/2/all")
    result = server.update_artist(artist, ArtistPatch(name="Ambre", lock=True)).fields["name"]
    assert (result.outcome, "did not lock" in result.reason) == (FieldOutcome.FAILED, True)


def test_a_track_by_the_artist_of_its_album_needs_no_artist_of_its_own(
    plex: PlexSimulator, server: MediaServer
) -> None:
    track = next(server.iter_tracks())
    name = track.album_artists[0].name
    plex.forget()
    assert (
        server.update_track(track.ref.id, TrackPatch(artists=(name,))).fields["artists"].outcome is UNCHANGED
    )
    assert edits(plex) == []
    for artists, shown in ((("A Guest",), "A Guest"), ((), name)):
        result = server.update_track(track.ref.id, TrackPatch(artists=artists))
        assert result.fields["artists"].outcome is APPLIED
        assert server.get_items(Kind.TRACK, [track.ref.id])[0].artists[0].name == shown


def test_an_edit_the_server_forgets_is_no_success(plex: PlexSimulator, server: MediaServer) -> None:
    artist = next(server.iter_artists())
    plex.faults.always(status(200), path="/library/sections/2/all")
    result = server.update_artist(artist.ref.id, ArtistPatch(name="Gone"))
    assert result.fields["name"].outcome is FieldOutcome.FAILED
    assert small().artists[0] == server.get_items(Kind.ARTIST, [artist.ref.id])[0].name


def test_nothing_is_asked_that_nobody_asked_for(plex: PlexSimulator, server: MediaServer) -> None:
    artist = next(server.iter_artists()).ref.id
    for change, expected in (
        (lambda: server.update_artist(artist, ArtistPatch(name="Ambre")), ["GET", "PUT", "GET"]),
        (lambda: server.set_rating(Kind.ARTIST, artist, 50), ["GET", "PUT", "GET"]),
        (lambda: server.update_artist(artist, ArtistPatch(name="Ambre")), ["GET"]),
    ):
        plex.forget()
        change()
        assert [request.method for request in plex.requests] == expected
        assert {request.headers.get("x-plex-token") for request in plex.requests} == {plex.token}
