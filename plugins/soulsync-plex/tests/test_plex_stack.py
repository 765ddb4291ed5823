"""plexapi's calls and ours go one way: the engine's transport, with its certificates, its bounds and its silence."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import requests.adapters

from soulsync_engine.errors import ConfigurationError, SoulSyncError, UnavailableError
from soulsync_engine.http import AnswerTooLargeError, UnreadableAnswerError
from soulsync_engine.models import ArtistPatch, Kind, MediaBytes
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER
from soulsync_engine.testing.simulator import Answer, html_page, huge, reset, status
from soulsync_plex.client import PlexClient
from soulsync_plex.simulator import TOKEN, PlexSimulator, PlexTvSimulator

Connect = Callable[..., MediaServer]
ClientOf = Callable[[MediaServer], PlexClient]


@pytest.fixture
def no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `requests` would open a connection of its own for, fails."""

    def send(*args: object, **kwargs: object) -> None:
        raise AssertionError("requests went out by itself")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)


@pytest.mark.usefixtures("no_other_way")
def test_every_request_is_counted_by_one_transport_and_shows_its_token_in_a_header(
    plex: PlexSimulator,
    connect: Connect,
    client_of: ClientOf,
    exercise: Callable[[MediaServer], None],
) -> None:
    with PlexTvSimulator(token=TOKEN) as plextv:
        server = connect(plex, account_url=plextv.base_url)
        exercise(server)
        assert len(plextv.requests) == 2
    assert len(plex.requests) > 50
    assert client_of(server).requests == len(plex.requests)
    for request in plex.requests:
        assert request.headers["x-plex-token"] == TOKEN
        assert request.headers["user-agent"].startswith("soulsync-engine/")
        assert request.headers["x-plex-product"] == "soulsync-engine"
        assert TOKEN not in request.raw_path
        assert not any(TOKEN in value for _, value in request.query)


def test_an_object_of_plexapi_asks_nothing_by_itself(
    plex: PlexSimulator, server: MediaServer, client_of: ClientOf
) -> None:
    client = client_of(server)
    ids = {
        Kind.ARTIST: next(server.iter_artists()).ref.id,
        Kind.ALBUM: next(server.iter_albums()).ref.id,
        Kind.TRACK: next(server.iter_tracks()).ref.id,
    }
    for kind, id in ids.items():
        row = client._row(kind, id)
        plex.forget()
        item = client._plex_item(kind, row)
        # Each of these reloads the whole item where plexapi is left to itself.
        assert (item.summary, item.userRating, item.guid, item.genres, item.fields) == (
            None,
            None,
            None,
            [],
            [],
        )
        assert plex.requests == ()


Edit = Callable[[MediaServer], object]

EDITS: dict[str, tuple[str, Edit]] = {
    "edit": ("/library/sections/*/all", lambda server: server.update_artist("1001", ArtistPatch(name="New"))),
    "rate": ("/:/rate", lambda server: server.set_rating(Kind.ARTIST, "1001", 50)),
    "poster": (
        "/library/metadata/*/posters",
        lambda server: server.set_image(Kind.ARTIST, "1001", MediaBytes(data=COVER, mime_type="image/png")),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_plexapi_sends_fails_as_everything_else_does(
    plex: PlexSimulator, connect: Connect, caplog: pytest.LogCaptureFixture, edit: str
) -> None:
    caplog.set_level(logging.DEBUG)
    path, act = EDITS[edit]
    server = connect(plex, retries=1)
    server.connect()
    elsewhere = {"Location": "http://localhost:1/elsewhere"}
    bomb = b'<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;">]><MediaContainer title="&c;"/>'
    for effect, error in (
        (status(500, body=TOKEN.encode()), UnavailableError),
        (reset(), UnavailableError),
        (html_page(), UnreadableAnswerError),
        (huge(80 * 1024 * 1024), AnswerTooLargeError),
        (lambda _: Answer(body=bomb, content_type="text/xml"), UnreadableAnswerError),
        (lambda _: Answer(status=307, headers=elsewhere), ConfigurationError),
    ):
        plex.forget()
        plex.faults.always(effect, path=path)
        with pytest.raises(error) as caught:
            act(server)
        plex.faults.clear()
        assert isinstance(caught.value, SoulSyncError)
        assert TOKEN not in f"{caught.value} {caught.value!r}"
        if edit != "poster":
            # What changes something is sent once, whatever `retries` says.
            assert [request.method for request in plex.requests].count("PUT") == 1
    assert TOKEN not in caplog.text


def test_the_certificate_of_the_settings_is_wanted_for_edits_too(
    running_tls: tuple[PlexSimulator, str], connect: Connect, client_of: ClientOf
) -> None:
    plex, authority = running_tls
    trusting = connect(plex, verify=authority)
    artist = next(trusting.iter_artists()).ref.id
    assert trusting.update_artist(artist, ArtistPatch(name="Ambre")).fields["name"].outcome == "applied"
    # Opened, and not connected: it could not.
    stranger = connect(plex)._session()._client
    assert isinstance(stranger, PlexClient)
    row = client_of(trusting)._row(Kind.ARTIST, artist)
    plex.forget()
    with pytest.raises(ConfigurationError, match="not trusted"):
        stranger._plex_item(Kind.ARTIST, row).editTitle("Seen by a stranger")
    assert plex.requests == ()
