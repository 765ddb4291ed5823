"""Hints that something changed: the websocket, events where it does not get through, and webhooks."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from soulsync_engine.errors import ConfigurationError, NotAllowedError, UnavailableError
from soulsync_engine.models import ChangeHint
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import Answer, Exchange, html_page, reset, status
from soulsync_engine.testing.simulator.messages import Ending
from soulsync_plex.simulator import CURRENT, TOKEN, PlexSimulator

Connect = Callable[..., MediaServer]

SOCKET, EVENTS = "/:/websockets/notifications", "/:/eventsource/notifications"
LONG = 8.0


def watched(server: MediaServer, happening: Callable[[], object]) -> tuple[ChangeHint, float]:
    """What a watch brings while something happens, and how long it took."""
    server.connect()
    timer = threading.Timer(0.3, happening)
    began = time.monotonic()
    timer.start()
    hint = server.watch(LONG)
    timer.join()
    return hint, time.monotonic() - began


def change(plex: PlexSimulator) -> Callable[[], None]:
    return lambda: plex.change(small().without([small().tracks[0]]))


def asked(plex: PlexSimulator) -> list[str]:
    return [request.path for request in plex.requests if request.path in (SOCKET, EVENTS)]


def says(*messages: object) -> Callable[[Exchange], Answer]:
    """A websocket that says these, and then nothing until the client goes."""

    def effect(exchange: Exchange) -> Answer:
        key = exchange.request.headers["sec-websocket-key"]

        def frames() -> Iterator[bytes]:
            for message in messages:
                text = message if isinstance(message, bytes) else msgspec.json.encode(message)
                yield Frame(Opcode.TEXT, text).serialize(mask=False)
            time.sleep(0.6)

        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept_key(key),
        }
        return Answer(
            status=101,
            body=frames,
            content_type=None,
            headers=headers,
            declared_length=0,
            ending=Ending.CLOSE,
        )

    return effect


def entry(**fields: object) -> dict[str, object]:
    known = {"identifier": "com.plexapp.plugins.library", "sectionID": "2", **fields}
    return {"NotificationContainer": {"type": "timeline", "size": 1, "TimelineEntry": [known]}}


def test_a_change_wakes_whoever_watches_the_websocket(
    plex: PlexSimulator, server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hint, seconds = watched(server, change(plex))
    assert hint == ChangeHint(changed=True, detail="an item was processed")
    assert seconds < LONG / 2
    assert asked(plex) == [SOCKET]
    (request,) = [request for request in plex.requests if request.path == SOCKET]
    assert request.headers["x-plex-token"] == TOKEN
    assert request.query == ()
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "effect",
    [status(404), status(400), status(200), html_page(), reset()],
    ids=["404", "400", "200", "page", "reset"],
)
def test_where_no_websocket_gets_through_events_are_heard_and_it_is_not_tried_again(
    plex: PlexSimulator, server: MediaServer, effect: Callable[[Exchange], Answer]
) -> None:
    plex.faults.always(effect, path=SOCKET)
    hint, seconds = watched(server, change(plex))
    assert hint.changed is True
    assert seconds < LONG / 2
    assert server.watch(0.1).changed is False
    assert asked(plex) == [SOCKET, EVENTS, EVENTS]


def test_a_server_without_a_websocket_is_watched_all_the_same(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    plex = running(small(), personality=replace(CURRENT, has_websocket=False))
    hint, _ = watched(connect(plex), change(plex))
    assert hint.changed is True


def test_what_is_said_of_films_or_by_nobody_is_no_hint(plex: PlexSimulator, server: MediaServer) -> None:
    playing = {"NotificationContainer": {"type": "playing", "size": 1, "PlaySessionStateNotification": [{}]}}
    messages = (
        b"no JSON",
        b"[" * 5000,
        b"null",
        playing,
        entry(type=1, state=5),
        entry(type=10, state=1),
        entry(type=10, state=5, identifier="com.plexapp.system"),
        scan("started"),
    )
    server.connect()
    plex.faults.always(says(*messages), path=SOCKET)
    assert server.watch(0.4).changed is False


def scan(event: str) -> dict[str, object]:
    activity = {"uuid": "u", "type": "library.update.section", "title": "Scanning", "progress": 100}
    told = {"event": event, "uuid": "u", "Activity": activity}
    return {"NotificationContainer": {"type": "activity", "size": 1, "ActivityNotification": [told]}}


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        (entry(type=9, state=5), "an item was processed"),
        (entry(type="8", state="9"), "an item was deleted"),
        (scan("ended"), "a scan ended"),
    ],
)
def test_what_is_said_of_music_is_a_hint(
    plex: PlexSimulator, server: MediaServer, message: object, detail: str
) -> None:
    server.connect()
    plex.faults.always(says(message), path=SOCKET)
    assert server.watch(LONG) == ChangeHint(changed=True, detail=detail)


def test_a_server_that_ends_its_notifications_is_not_taken_for_a_silent_one(
    plex: PlexSimulator, server: MediaServer
) -> None:
    with pytest.raises(UnavailableError, match="ended its notifications"):
        watched(server, lambda: (plex.end_notifications(), time.sleep(0.3), plex.end_notifications()))
    assert asked(plex) == [SOCKET, EVENTS]


def test_watching_a_server_that_refuses_is_an_error_not_silence(
    plex: PlexSimulator, server: MediaServer
) -> None:
    server.connect()
    for path in (SOCKET, EVENTS):
        plex.faults.always(status(403), path=path)
        with pytest.raises(NotAllowedError):
            server.watch(0.2)
        plex.faults.clear()
        plex.faults.always(status(404), path=SOCKET)
    plex.faults.clear()
    plex.refuse()
    with pytest.raises(UnavailableError):
        server.watch(0.2)
    # It was away, which says nothing of its websocket.
    plex.listen()
    plex.forget()
    assert server.watch(0.1).changed is False
    assert asked(plex) == [SOCKET]


def test_the_certificate_of_the_settings_is_wanted_here_too(
    running_tls: tuple[PlexSimulator, str], connect: Connect
) -> None:
    plex, authority = running_tls
    hint, _ = watched(connect(plex, verify=authority), change(plex))
    assert hint.changed is True
    stranger = connect(plex)
    with pytest.raises(ConfigurationError, match="not trusted"):
        stranger._session()._client.watch(0.2)
    assert asked(plex) == [SOCKET]


def webhook(event: str, section: str = "artist") -> tuple[dict[str, str], bytes]:
    payload = json.dumps({"event": event, "Metadata": {"librarySectionType": section, "title": "Dawn"}})
    body = (
        '--x\r\nContent-Disposition: form-data; name="payload"\r\nContent-Type: application/json\r\n\r\n'
        f'{payload}\r\n--x\r\nContent-Disposition: form-data; name="thumb"; filename="t.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--x--\r\n"
    )
    return {"Content-Type": "multipart/form-data; boundary=x"}, body.encode("latin-1")


@pytest.mark.parametrize(
    ("event", "section", "changed"),
    [
        ("library.new", "artist", True),
        ("media.rate", "artist", True),
        ("media.scrobble", "artist", True),
        ("library.new", "movie", False),
        ("media.pause", "artist", False),
    ],
)
def test_webhooks_are_hints(server: MediaServer, event: str, section: str, changed: bool) -> None:
    headers, body = webhook(event, section)
    assert server.parse_webhook(headers, body).changed is changed


def test_a_webhook_with_a_forged_boundary_does_no_harm(server: MediaServer) -> None:
    for boundary in ("", "y", 'x"\r\nX-Injected: 1', "x" * 10_000):
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        assert server.parse_webhook(headers, webhook("library.new")[1]).changed is False
