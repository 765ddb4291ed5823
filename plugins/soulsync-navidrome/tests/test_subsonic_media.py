"""Pictures and sound: requests for the host where a header may hold the secret, bytes elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import ByteRange, Kind, MediaBytes, MediaRequest
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, small
from soulsync_navidrome.simulator import PASSWORD, SUBSONIC_1_12, NavidromeSimulator

Open = Callable[..., MediaServer]


def test_media_of_a_server_that_takes_headers_are_requests_that_work_without_secrets_in_them(
    open_server: Open,
) -> None:
    with NavidromeSimulator(SUBSONIC_1_12, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        track = next(track for track in server.iter_tracks() if track.title == "Dawn")
        for media in (server.stream(track.ref.id), server.image(Kind.TRACK, track.ref.id, 100)):
            assert isinstance(media, MediaRequest)
            assert PASSWORD not in media.url
            assert not {"u=", "p=", "t=", "s="} & {
                part[:2] for part in media.url.partition("?")[2].split("&")
            }
            answer = httpx.get(media.url, headers=dict(media.headers), verify=False)
            assert answer.status_code == 200
            assert "json" not in answer.headers["content-type"]
        assert server.image(Kind.TRACK, track.ref.id) == server.image(Kind.TRACK, track.ref.id), "cacheable"


def test_a_server_that_takes_tokens_never_gets_the_password_unencrypted_for_a_picture(
    open_server: Open,
) -> None:
    with NavidromeSimulator(replace(SUBSONIC_1_12, tokens=True), scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        track = next(track for track in server.iter_tracks() if track.title == "Dawn")
        assert isinstance(server.image(Kind.TRACK, track.ref.id), MediaBytes)
        assert isinstance(server.stream(track.ref.id), MediaBytes)
        for request in simulator.requests:
            assert "authorization" not in request.headers, request.path
            assert "p" not in dict((*request.query, *request.form)), request.path


def test_media_of_other_servers_are_bytes(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        track = next(track for track in server.iter_tracks() if track.title == "Dawn")
        whole = server.stream(track.ref.id)
        part = server.stream(track.ref.id, ByteRange(start=10, end=19))
        assert isinstance(whole, MediaBytes)
        assert isinstance(part, MediaBytes)
        assert part.data == whole.data[10:20]
        assert server.image(Kind.ALBUM, track.album_id or "") == MediaBytes(data=COVER, mime_type="image/png")
        with pytest.raises(NotFoundError):
            server.image(Kind.ARTIST, track.artists[0].id or "")
