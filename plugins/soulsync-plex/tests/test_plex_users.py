"""Who may use the server, and that nobody looks at it with another one's eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.errors import (
    IncompleteSweepError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
)
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import shared as two_libraries
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import html_page, status
from soulsync_plex.simulator import MACHINE_ID, TOKEN, ListedUser, PlexSimulator, PlexTvSimulator

Connect = Callable[..., MediaServer]


@pytest.fixture
def plextv() -> Iterator[PlexTvSimulator]:
    """The plex.tv of the server's owner, who shares the server and another one."""
    with PlexTvSimulator(token=TOKEN) as simulator:
        simulator.users.extend(
            (
                ListedUser(id=2, name="Ben", shares=(MACHINE_ID,), home=True),
                ListedUser(id=3, name="Cleo", shares=("another", MACHINE_ID)),
                ListedUser(id=4, name="Dan", shares=("another",)),
                ListedUser(id=5, name="Eve", shares=(MACHINE_ID,), pending=True),
            )
        )
        yield simulator


def named(server: MediaServer) -> list[tuple[str, str, bool | None]]:
    return [(user.id, user.name, user.admin) for user in server.list_users()]


def test_users_are_the_owner_and_whoever_this_server_is_shared_with(
    plex: PlexSimulator, plextv: PlexTvSimulator, connect: Connect
) -> None:
    # The server remembers somebody whose rights were withdrawn, and does not know Cleo, who never came.
    plex.add_account("Ben", "token-of-ben")
    plex.add_account("Former friend", "token-of-the-former")
    server = connect(plex, account_url=plextv.base_url)
    assert named(server) == [("1", "ada", True), ("2", "Ben", False), ("3", "Cleo", False)]
    assert {request.headers["x-plex-token"] for request in plextv.requests} == {TOKEN}


@pytest.mark.parametrize("effect", [status(401), status(500), html_page()], ids=["401", "500", "page"])
def test_without_plex_tv_they_are_those_that_the_server_remembers_and_a_line_says_so(
    plex: PlexSimulator,
    plextv: PlexTvSimulator,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    effect: Callable[..., object],
) -> None:
    plex.add_account("ben", "token-of-ben")
    plextv.faults.always(effect)  # type: ignore[arg-type]
    server = connect(plex, account_url=plextv.base_url)
    assert named(server) == [("1", "ada", True), ("2", "ben", False)]
    assert "those that it remembers" in caplog.text
    assert TOKEN not in caplog.text


def test_only_the_owner_may_know_the_users(
    plex: PlexSimulator, plextv: PlexTvSimulator, connect: Connect
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben", account_url=plextv.base_url)
    with pytest.raises(NotAllowedError):
        guest.list_users()
    assert plextv.requests == ()


READS: dict[str, Callable[[MediaServer, Scope], object]] = {
    "artists": lambda server, scope: server.list_artists(scope),
    "tracks": lambda server, scope: server.list_tracks(scope),
    "ids": lambda server, scope: server.list_ids(Kind.ALBUM, scope=scope),
    "search": lambda server, scope: server.search("Dawn", scope=scope),
    "counts": lambda server, scope: server.list_play_counts(scope),
    "token": lambda server, scope: server.change_token(scope),
    "recently added": lambda server, scope: server.list_recently_added(Kind.ALBUM, scope),
    "scan": lambda server, scope: server.trigger_scan(scope),
}


@pytest.mark.parametrize("read", READS)
def test_a_token_does_not_look_with_another_accounts_eyes(
    plex: PlexSimulator, server: MediaServer, connect: Connect, read: str
) -> None:
    plex.add_account("ben", "token-of-ben", sections=[])
    for user in ("ben", "2"):
        with pytest.raises(NotAllowedError, match="one account"):
            READS[read](server, Scope(user=user))
    with pytest.raises(NotFoundError, match="nobody"):
        READS[read](server, Scope(user="nobody"))
    with pytest.raises(NotAllowedError, match="owner"):
        READS[read](connect(plex, token="token-of-ben"), Scope(user="ada"))
    READS[read](server, Scope(user="ada"))


def test_counts_and_ratings_are_the_tokens_own(
    plex: PlexSimulator, server: MediaServer, connect: Connect
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    track = server.list_tracks(limit=1).items[0].ref.id
    guest.report_play(track, datetime.now(UTC))
    guest.set_rating(Kind.TRACK, track, 80)
    assert guest.get_track_play_counts() == {track: 1}
    assert server.get_track_play_counts() == {}
    assert server.get_items(Kind.TRACK, [track])[0].rating is None


def withdraw(plex: PlexSimulator, *sections: str) -> None:
    """Leave the account of the token, which may not be the owner's, with these sections."""
    plex.state.accounts[1] = replace(plex.state.accounts[1], sections=frozenset(sections))


def test_who_is_shown_no_library_any_more_loses_nothing_from_the_mirror(
    plex: PlexSimulator, engine_of: Callable[..., MediaServerEngine]
) -> None:
    plex.add_account("ben", "token-of-ben")
    engine = engine_of(plex, token="token-of-ben")
    engine.sync()
    before = engine.mirror.counts("home").tracks
    withdraw(plex)
    with pytest.raises(NotFoundError, match="may not see it"):
        engine.list_tracks()
    page = engine.list_tracks()
    assert (page.items, page.total, page.empty_proof) == ((), 0, None)
    for full in (False, True):
        with pytest.raises(IncompleteSweepError):
            engine.sync(full=full)
    assert engine.mirror.counts("home").tracks == before == len(small().tracks)


def test_a_right_withdrawn_while_a_sweep_runs_ends_it(
    running: Callable[..., PlexSimulator], engine_of: Callable[..., MediaServerEngine]
) -> None:
    plex = running(two_libraries())
    plex.add_account("ben", "token-of-ben")
    engine = engine_of(plex, token="token-of-ben", max_concurrency=1)
    engine.sync()
    tracks = engine.iter_tracks(page_size=2)
    next(tracks)
    withdraw(plex, "2")
    with pytest.raises(NotFoundError, match="may not see it any more"):
        list(tracks)
    assert engine.mirror.counts("home").tracks == len(two_libraries().tracks)


def test_what_the_owner_alone_may_do_is_refused_to_others_with_the_reason(
    plex: PlexSimulator, connect: Connect
) -> None:
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    for forbidden in (guest.list_users, guest.trigger_scan):
        with pytest.raises(SoulSyncError) as caught:
            forbidden()
        assert isinstance(caught.value, NotAllowedError)
        assert caught.value.next_step
