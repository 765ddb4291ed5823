"""Deltas that are believed only on proof, and tracks that are found again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.errors import ConflictError, UnsupportedError
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.changes import ADDED
from soulsync_engine.testing.scenarios import Scenario, shared, small
from soulsync_engine.testing.simulator import Answer, Exchange
from soulsync_plex.simulator import CURRENT, OLD, REKEYING, SEVERAL, TIMES, Personality, PlexSimulator

DEAF = replace(CURRENT, name="deaf", ignores=TIMES)
DEAF_ON_ONE_EAR = replace(CURRENT, name="deaf on one ear", ignores=("addedAt",))

ROPE = next(track for track in ADDED.tracks if track.title == "Rope")


def changed_titles(server: MediaServer, token: str) -> list[str]:
    page = server.list_changed(Kind.TRACK, since=token, limit=100)
    titles = [item.title for item in page.items]
    while page.next_cursor:
        page = server.list_changed(Kind.TRACK, since=token, cursor=page.next_cursor, limit=100)
        titles += [item.title for item in page.items]
    return titles


@pytest.fixture
def aged(running: Callable[..., PlexSimulator]) -> PlexSimulator:
    """A server whose library is some hours old, so that the overlap of a delta does not reach it."""
    simulator = running(small())
    simulator.state.catalogue.load(Scenario(name="gone", tracks=()))
    simulator.state.catalogue._clock += 100_000
    simulator.change(small())
    simulator.state.catalogue._clock += 100_000
    return simulator


def test_a_delta_lists_what_was_added_and_edited_and_little_else(
    aged: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    server = connect(aged)
    token = server.change_token()
    first = small().tracks[0]
    aged.change(small().with_tracks(ROPE, replace(first, title="Dawn, Again")))
    server = connect(aged)
    listed = changed_titles(server, token)
    # Everything that is as old as the mark is listed as well: a second is the finest that the server tells.
    assert {"Rope", "Dawn, Again"} <= set(listed)
    newer = server.change_token()
    aged.state.catalogue._clock += 100_000
    aged.change(small().with_tracks(ROPE, first))
    assert changed_titles(connect(aged), newer).count("Dawn") == 1
    assert len(changed_titles(connect(aged), newer)) < len(small().tracks)


def test_a_delta_is_of_all_libraries(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    simulator = running(small(), personality=SEVERAL)
    token = connect(simulator).change_token()
    edited = [replace(track, title=f"{track.title}, Again") for track in small().tracks[::5]]
    simulator.change(small().with_tracks(*edited))
    server = connect(simulator)
    listed = server.list_changed(Kind.TRACK, since=token, limit=100)
    assert {track.title for track in edited} <= {track.title for track in listed.items}
    assert len({item.library_id for item in listed.items}) == 2


def test_a_scan_that_finds_nothing_leaves_the_token_as_it_is(
    plex: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    token = connect(plex).change_token()
    plex.change(small())
    assert connect(plex).change_token() == token


def test_a_delta_in_small_pages_lists_nothing_twice(
    aged: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    token = connect(aged).change_token()
    aged.state.catalogue._clock += 100_000
    aged.change(
        small().with_tracks(ROPE, *(replace(track, title=f"{track.title}!") for track in small().tracks[:3]))
    )
    server = connect(aged)
    listed: list[str] = []
    cursor: str | None = None
    while True:
        page = server.list_changed(Kind.TRACK, since=token, cursor=cursor, limit=1)
        listed += [item.ref.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(listed) == len(set(listed))
    whole = server.list_changed(Kind.TRACK, since=token, limit=100).items
    assert {item.ref.id for item in whole} == set(listed)
    assert {"Rope", "Dawn!"} <= {item.title for item in whole}


def test_without_a_count_of_changes_no_two_tokens_are_the_same(
    plex: PlexSimulator, server: MediaServer
) -> None:
    def uncounted(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        assert isinstance(plain.body, bytes)
        return replace(plain, body=re.sub(rb'"contentChangedAt":\d+,?', b"", plain.body))

    plex.faults.always(uncounted, path="/library/sections")
    token = server.change_token()
    # Nothing of the last track's removal shows in the times of the others.
    plex.change(small().without(small().tracks[:1]))
    assert server.change_token() != token
    assert server.list_changed(Kind.TRACK, since=token, limit=100).removed is None


def test_an_item_from_the_future_hides_nothing(
    aged: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    first = next(connect(aged).iter_tracks()).ref.id
    aged.state.catalogue.find(first)[1]["updatedAt"] = 4_000_000_000
    token = connect(aged).change_token()
    aged.change(small().with_tracks(ROPE))
    assert "Rope" in changed_titles(connect(aged), token)


@pytest.mark.parametrize("personality", [DEAF, DEAF_ON_ONE_EAR], ids=lambda each: each.name)
def test_a_server_that_ignores_times_is_found_out(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer], personality: Personality
) -> None:
    simulator = running(small(), personality=personality)
    simulator.state.catalogue._clock += 100_000
    simulator.change(small().with_tracks(ROPE))
    server = connect(simulator)
    token = server.change_token()
    with pytest.raises(ConflictError, match=r"cannot tell what changed: it (ignores|listed)"):
        changed_titles(server, token)


def test_a_server_that_refuses_filters_by_time_is_read_in_full(
    plex: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    def refuses(exchange: Exchange) -> Answer:
        filtered = any(name.startswith("updatedAt") for name, _ in exchange.request.query)
        return Answer(status=400) if filtered else exchange.produce()

    server = connect(plex)
    token = server.change_token()
    plex.faults.always(refuses)
    with pytest.raises(ConflictError, match="refuses filters"):
        server.list_changed(Kind.TRACK, since=token)


def test_a_sync_of_such_a_server_misses_nothing(
    running: Callable[..., PlexSimulator], engine_of: Callable[..., MediaServerEngine]
) -> None:
    simulator = running(small(), personality=DEAF)
    engine = engine_of(simulator)
    engine.sync()
    simulator.change(small().with_tracks(ROPE))
    engine.sync()
    assert "Rope" in {track.title for track in engine.mirror.iter_tracks("home")}


def test_an_old_server_offers_no_deltas_and_says_what_would(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    server = connect(running(small(), personality=OLD))
    token = server.change_token()
    with pytest.raises(UnsupportedError, match="JSON"):
        server.list_changed(Kind.TRACK, since=token)


def test_a_token_of_other_libraries_is_a_conflict(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    server = connect(running(shared()))
    one = server.list_libraries()[0].id
    token = server.change_token(Scope(libraries=(one,)))
    with pytest.raises(ConflictError, match="other libraries"):
        server.list_changed(Kind.TRACK, since=token)


def test_recently_added_of_two_libraries_are_merged_and_paged(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    simulator = running(shared())
    newest = replace(ROPE, file="Tidal Kites/Newer/01.flac", album="Newer", library="Other")
    simulator.change(shared().with_tracks(ROPE))
    simulator.change(shared().with_tracks(ROPE, newest))
    server = connect(simulator)
    page = server.list_recently_added(Kind.ALBUM, limit=2)
    assert [album.title for album in page.items] == ["Newer", "Spring"]
    rest = server.list_recently_added(Kind.ALBUM, cursor=page.next_cursor, limit=100)
    assert len(rest.items) == len(shared().albums)
    assert rest.next_cursor is None
    assert [album.title for album in server.get_recently_added_albums(3)][:2] == ["Newer", "Spring"]


def test_a_library_made_anew_keeps_every_uid(
    plex: PlexSimulator, engine_of: Callable[..., MediaServerEngine]
) -> None:
    engine = engine_of(plex)
    engine.sync()
    before = {
        hit.item.title: hit.uid
        for title in ("Dawn", "Shore", "Power")
        for hit in engine.mirror.search(title, kinds={Kind.TRACK})
    }
    plex.state.catalogue.rekey()
    engine.sync(full=True)
    after = {
        hit.item.title: hit.uid
        for title in ("Dawn", "Shore", "Power")
        for hit in engine.mirror.search(title, kinds={Kind.TRACK})
    }
    assert len(before) == 3
    assert after == before
    assert engine.mirror.counts("home").tracks == len(small().tracks)


def test_what_a_mirror_finds_a_file_again_by_survives_new_keys(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    simulator = running(small(), personality=REKEYING)
    known = {track.path: track for track in connect(simulator).iter_tracks()}
    simulator.change(small().with_tracks(ROPE))
    now = {track.path: track for track in connect(simulator).iter_tracks()}
    assert known.keys() < now.keys()
    for path, track in known.items():
        assert now[path].ref != track.ref
        assert now[path].musicbrainz == track.musicbrainz
        assert (now[path].title, now[path].album, now[path].duration_ms) == (
            track.title,
            track.album,
            track.duration_ms,
        )


def test_a_delta_lists_what_has_new_keys(
    running: Callable[..., PlexSimulator], engine_of: Callable[..., MediaServerEngine]
) -> None:
    simulator = running(small(), personality=REKEYING)
    engine = engine_of(simulator)
    engine.sync()
    simulator.change(small().with_tracks(ROPE))
    assert engine.sync().mode == "delta"
    there = {track.ref.id for track in engine.iter_tracks()}
    assert {track.ref.id for track in engine.mirror.iter_tracks("home")} == there
