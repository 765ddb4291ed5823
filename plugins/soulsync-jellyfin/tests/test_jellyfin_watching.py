"""Hints that something changed: the websocket, and the bodies of webhooks."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from threading import Timer

import pytest

from soulsync_engine.errors import AuthenticationError, UnavailableError
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    JellyfinSimulator,
    Personality,
)


def soon(simulator: JellyfinSimulator, *messages: str) -> None:
    """Say these once somebody listens."""

    def say() -> None:
        deadline = time.monotonic() + 5
        while not simulator.state.listeners and time.monotonic() < deadline:
            time.sleep(0.01)
        for message in messages:
            simulator.tell(message)

    Timer(0, say).start()


@pytest.mark.parametrize("personality", [JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name)
def test_a_change_of_the_library_ends_the_wait(simulate, client_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    client = client_of(simulator)
    soon(
        simulator,
        '{"MessageType": "ForceKeepAlive", "Data": 60}',
        "no JSON at all",
        '{"MessageType": "LibraryChanged", "Data": {"ItemsAdded": ["1"]}}',
    )
    started = time.monotonic()
    hint = client.watch(10.0)
    assert hint.changed is True
    assert "library" in hint.detail
    assert time.monotonic() - started < 8
    request = next(request for request in simulator.requests if request.path.endswith("socket"))
    # Emby's websocket reads the token from its address, and from nowhere else.
    assert [name for name, _ in request.query] == (["api_key", "deviceId"] if personality.emby else [])


@pytest.mark.parametrize("personality", [JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name)
def test_no_credentials_get_into_anybodys_log_or_error(
    simulate, client_of, personality: Personality, caplog: pytest.LogCaptureFixture
) -> None:
    simulator = simulate(personality=personality)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    client = client_of(simulator)
    soon(simulator, '{"MessageType": "LibraryChanged"}')
    assert client.watch(10.0).changed
    key = "wrong-5f1c"
    with pytest.raises(AuthenticationError) as refused:
        client_of(simulator, api_key=key).watch(1.0)
    lost = client_of(simulator)
    simulator.stop()
    with pytest.raises(UnavailableError) as unreachable:
        lost.watch(1.0)
    for secret in (key, simulator.state.accounts.api_key):
        assert secret not in caplog.text
        for caught in (refused.value, unreachable.value):
            chain = [caught, caught.__cause__, caught.__context__]
            assert not [each for each in chain if secret in repr(each)]


def test_a_play_is_a_hint_too(simulate, client_of) -> None:
    simulator = simulate()
    soon(simulator, '{"MessageType": "UserDataChanged", "Data": {}}')
    assert "favourites" in client_of(simulator).watch(10.0).detail


@pytest.mark.parametrize("personality", [JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name)
def test_a_sign_in_that_expired_is_renewed_for_the_websocket(
    simulate, client_of, personality: Personality
) -> None:
    simulator = simulate(personality=personality)
    client = client_of(simulator, Credentials.PASSWORD)
    client.connect()
    simulator.state.accounts.revoke()
    soon(simulator, '{"MessageType": "LibraryChanged"}')
    assert client.watch(10.0).changed


def test_silence_is_no_change(simulate, client_of) -> None:
    simulator = simulate()
    started = time.monotonic()
    assert client_of(simulator).watch(0.3).changed is False
    assert 0.2 < time.monotonic() - started < 3


def test_a_websocket_that_is_refused_is_a_typed_error(simulate, client_of) -> None:
    simulator = simulate(personality=JELLYFIN_10_11)
    with pytest.raises(AuthenticationError):
        client_of(simulator, api_key="wrong-5f1c").watch(1.0)
    client = client_of(simulator)
    simulator.stop()
    with pytest.raises(UnavailableError):
        client.watch(1.0)


PLUGIN = {
    "ServerId": "58f180d8d2b34927bcfd73eee400ffad",
    "ServerName": "attic",
    "ServerVersion": "10.11.11",
    "ItemId": "54918f75ee8f6c8b8dc5efd680644f29",
}


@pytest.mark.parametrize(
    ("body", "changed", "detail"),
    [
        ({**PLUGIN, "NotificationType": "ItemAdded", "ItemType": "Audio", "Name": "Moon"}, True, "Moon"),
        (
            {**PLUGIN, "NotificationType": "ItemDeleted", "ItemType": "MusicAlbum", "Name": "Neap"},
            True,
            "Neap",
        ),
        ({**PLUGIN, "NotificationType": "UserDataSaved", "ItemType": "Audio", "Name": "Moon"}, True, "Moon"),
        (
            {**PLUGIN, "NotificationType": "ItemAdded", "ItemType": "Movie", "Name": "Dune"},
            False,
            "ItemAdded",
        ),
        ({**PLUGIN, "NotificationType": "PlaybackStart", "ItemType": "Audio"}, False, "PlaybackStart"),
        ({"Event": "library.new", "Item": {"Id": "1", "Type": "Audio", "Name": "Moon"}}, True, "Moon"),
        (
            {"Event": "library.deleted", "Item": {"Id": "1", "Type": "Movie", "Name": "Dune"}},
            False,
            "library",
        ),
        (
            {"Event": "playback.start", "Item": {"Id": "1", "Type": "Audio", "Name": "Moon"}},
            False,
            "playback",
        ),
    ],
)
def test_webhooks_are_read(
    simulate, client_of: Callable[..., object], body: dict[str, object], changed: bool, detail: str
) -> None:
    simulator = simulate()
    hint = client_of(simulator).parse_webhook({}, json.dumps(body).encode())
    assert hint.changed is changed
    assert detail in hint.detail
    assert simulator.requests == ()
