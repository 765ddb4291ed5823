"""What a new process asks first: a server that was greeted before is greeted by the first question of a probe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.errors import AuthenticationError, ConfigurationError, UnavailableError
from soulsync_engine.models import EVERYTHING
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import Answer, empty, refuse, status
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    JellyfinSimulator,
    Personality,
)

every = pytest.mark.parametrize(
    "personality", [JELLYFIN_10_9, JELLYFIN_10_11, JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name
)


def paths(simulator: JellyfinSimulator) -> list[str]:
    return [request.path for request in simulator.requests]


def settings_of(simulator: JellyfinSimulator, credentials: Credentials) -> dict[str, object]:
    """The same credentials for several processes; the simulator hands out another token each time."""
    return {"username": "", **simulator.settings(credentials)}


@every
@pytest.mark.parametrize(
    "credentials",
    [Credentials.ADMIN_KEY, Credentials.ADMIN_TOKEN, Credentials.USER_TOKEN],
    ids=lambda each: each.name,
)
def test_that_nothing_changed_is_known_in_three_requests_with_connecting(
    simulate, server_of, personality: Personality, credentials: Credentials
) -> None:
    simulator = simulate(personality=personality)
    settings = settings_of(simulator, credentials)
    token = server_of(simulator, **settings).change_token()
    for _ in range(2):
        simulator.forget()
        assert server_of(simulator, **settings).change_token() == token
        assert len(simulator.requests) <= 3


def test_with_a_password_it_is_one_more_to_sign_in(simulate, server_of) -> None:
    simulator = simulate()
    token = server_of(simulator, Credentials.PASSWORD).change_token()
    simulator.forget()
    assert server_of(simulator, Credentials.PASSWORD).change_token() == token
    assert paths(simulator)[0] == "/Users/AuthenticateByName"
    assert len(simulator.requests) <= 4


CHANGES = {
    "edited": small().with_tracks(replace(small().tracks[0], title="Dawn, Again")),
    "removed": replace(small(), tracks=small().tracks[1:]),
    "added": replace(small(), tracks=(*small().tracks, replace(small().tracks[0], file="new.flac"))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_meanwhile_is_seen_all_the_same(simulate, server_of, change: str) -> None:
    simulator = simulate()
    token = server_of(simulator).change_token()
    simulator.change(CHANGES[change])
    assert server_of(simulator).change_token() != token


def test_the_count_of_the_greeting_is_used_once(simulate, client_of) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    client = client_of(simulator)
    client.connect()
    before = client.change_token(EVERYTHING)
    simulator.change(CHANGES["removed"])
    assert client.change_token(EVERYTHING) != before


def test_what_is_remembered_is_said_to_be_and_asked_for_before_anything_else_rests_on_it(
    simulate, client_of
) -> None:
    simulator = simulate(personality=JELLYFIN_10_11)
    client_of(simulator).connect()
    simulator.upgrade(JELLYFIN_12)
    client = client_of(simulator)
    simulator.forget()
    info = client.connect()
    assert (info.product, info.version, info.user) == ("Jellyfin", "10.11.11", "anna")
    assert paths(simulator) == ["/Items"]
    assert "Name and version are those of" in info.notes[1]
    client.list_tracks(EVERYTHING, None, 5)
    assert paths(simulator)[1:3] == ["/System/Info", "/Users"]
    again = client.connect()
    assert (again.version, len(again.notes)) == ("12.0.0", 1)
    # The next process knows the new version.
    assert client_of(simulator).connect().version == "12.0.0"


def test_a_user_that_was_renamed_or_deleted_meanwhile_is_told(simulate, client_of) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    accounts = simulator.state.accounts
    anna = accounts.named("anna")
    anna.name = "johanna"
    renamed = client_of(simulator)
    renamed.connect()
    with pytest.raises(ConfigurationError, match="no user 'anna'"):
        renamed.list_tracks(EVERYTHING, None, 5)
    accounts.users.pop(anna.id)
    with pytest.raises(ConfigurationError, match="no user 'anna'"):
        client_of(simulator).connect()


def test_credentials_that_were_revoked_meanwhile_are_refused(simulate, client_of) -> None:
    simulator = simulate()
    settings = settings_of(simulator, Credentials.USER_TOKEN)
    client_of(simulator, **settings).connect()
    simulator.forget()
    simulator.state.accounts.revoke()
    with pytest.raises(AuthenticationError):
        client_of(simulator, **settings).connect()
    assert paths(simulator) == ["/Items"]


@pytest.mark.parametrize("fault", [refuse(), empty(), lambda exchange: Answer(body=b"{}")])
def test_a_server_that_does_not_answer_well_is_unavailable_and_not_forgotten(
    simulate, client_of, fault
) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    simulator.faults.always(fault)
    with pytest.raises(UnavailableError):
        client_of(simulator).connect()
    simulator.faults.clear()
    simulator.listen()
    simulator.forget()
    assert client_of(simulator).connect().user == "anna"
    assert paths(simulator) == ["/Items"]


def test_other_settings_are_greeted_for_themselves(simulate, client_of) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    other = client_of(simulator, username="ben")
    simulator.forget()
    assert other.connect().user == "ben"
    assert paths(simulator) == ["/System/Info", "/Users"]


@pytest.mark.parametrize("kept", [b"", b"no JSON", b'{"greeting": 5}', b"\xff\xfe"])
def test_a_damaged_memory_costs_requests_and_nothing_else(simulate, client_of, tmp_path, kept: bytes) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    file: Path = tmp_path / "data" / "known.json"
    file.write_bytes(kept)
    assert client_of(simulator).connect().user == "anna"
    simulator.forget()
    assert client_of(simulator).connect().user == "anna"
    assert paths(simulator) == ["/Items"]


@pytest.mark.parametrize("credentials", list(Credentials), ids=lambda each: each.name)
def test_no_secret_is_kept(simulate, client_of, tmp_path, credentials: Credentials) -> None:
    simulator = simulate()
    settings = settings_of(simulator, credentials)
    client = client_of(simulator, **settings)
    client.connect()
    client.change_token(EVERYTHING)
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"anna" in written or b"ben" in written
    for name in ("api_key", "password"):
        secret = str(settings.get(name, "-unset-"))
        assert secret.encode() not in written
        assert quote(secret).encode() not in written


@pytest.mark.parametrize(
    ("backend", "personality", "message"),
    [
        ("jellyfin", EMBY_4_9, "This is a server of the kind Emby, not Jellyfin"),
        ("emby", JELLYFIN_10_11, "This is a server of the kind Jellyfin, not Emby"),
        ("emby", JELLYFIN_12, "This is a server of the kind Jellyfin, not Emby"),
    ],
    ids=lambda each: str(getattr(each, "name", each)),
)
def test_the_other_kind_of_server_is_told_and_no_credentials_are_blamed(
    simulate, tmp_path: Path, backend: str, personality: Personality, message: str
) -> None:
    simulator = simulate(personality=personality)
    attic = {"backend": backend, **settings_of(simulator, Credentials.ADMIN_KEY)}
    config = {"servers": {"attic": attic}, "engine": {"data_dir": str(tmp_path)}}
    with (
        MediaServerEngine(config, plugins=GlobalPlugins()) as engine,
        pytest.raises(ConfigurationError, match=message) as error,
    ):
        engine.server("attic").connect()
    other = "emby" if backend == "jellyfin" else "jellyfin"
    assert error.value.next_step == f"Use the backend {other} for it."


@every
def test_a_server_of_neither_kind_is_told(simulate, server_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    simulator.faults.always(status(404), path="/System/*")
    with pytest.raises(ConfigurationError, match=r"No (Jellyfin|Emby) server answers at this address"):
        server_of(simulator).connect()


@every
def test_what_a_proxy_refuses_is_not_taken_for_another_kind(
    simulate, server_of, personality: Personality
) -> None:
    simulator = simulate(personality=personality)
    simulator.faults.always(status(401), path="/System/*")
    with pytest.raises(AuthenticationError):
        server_of(simulator).connect()
