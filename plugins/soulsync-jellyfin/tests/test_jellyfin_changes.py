"""What changed: tokens, what was saved since, and what the KodiSyncQueue plugin noted. And scans."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soulsync_engine.errors import NotAllowedError, UnavailableError
from soulsync_engine.mirror import SyncMode
from soulsync_engine.models import EVERYTHING, Kind, ScanPhase, Scope
from soulsync_engine.testing.scenarios import Scenario, shared, small
from soulsync_jellyfin.simulator import EMBY_4_9, JELLYFIN_10_11, Credentials, JellyfinSimulator, Personality
from soulsync_jellyfin.simulator.state import Noted

both = pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
EDITED = small().with_tracks(replace(small().tracks[0], title="Dawn, Again"))


def asked(simulator: JellyfinSimulator) -> int:
    return len([request for request in simulator.requests if request.method == "GET"])


@both
def test_an_unchanged_library_is_known_in_three_requests(
    simulate, server_of, tmp_path: Path, personality: Personality
) -> None:
    simulator = simulate(personality=personality)
    server = server_of(simulator)
    from soulsync_engine.mirror import Mirror
    from soulsync_engine.sync import sync_server

    mirror = Mirror.open(f"sqlite:///{(tmp_path / 'm.db').as_posix()}")
    assert sync_server(server, mirror).mode is SyncMode.FULL
    simulator.forget()
    assert sync_server(server, mirror).mode is SyncMode.UNCHANGED
    assert len(simulator.requests) <= 3
    simulator.change(EDITED)
    report = sync_server(server, mirror)
    assert report.mode is SyncMode.DELTA
    assert report.kinds[Kind.TRACK].changed == 1
    mirror.close()


def test_an_edit_of_an_artist_alone_moves_the_token(simulate, client_of) -> None:
    """Artists are in no list of saved items that a user may ask for."""
    simulator = simulate()
    client = client_of(simulator)
    before = client.change_token(EVERYTHING)
    catalogue = simulator.state.catalogue
    artist = catalogue.items[catalogue.artist_id("Tidal Kites")]
    artist.overview = "From the coast."
    catalogue.touched(artist, simulator.state.now())
    assert client.change_token(EVERYTHING) != before
    assert "From the coast." in {
        item.biography for item in client.list_changed(Kind.ARTIST, EVERYTHING, before, None, 100).items
    }


def test_plays_and_favourites_move_no_token_and_the_server_is_said_to_be_so(simulate, client_of) -> None:
    simulator = simulate()
    client = client_of(simulator)
    assert "favourites" in client.connect().notes[0]
    before = client.change_token(EVERYTHING)
    track = client.list_tracks(EVERYTHING, None, 1).items[0].ref.id
    client.set_favorite(Kind.TRACK, track, True)
    client.report_play(track, datetime(2024, 1, 1, tzinfo=UTC))
    assert client.change_token(EVERYTHING) == before


def test_a_token_begins_five_minutes_early_by_the_servers_clock(simulate, client_of) -> None:
    simulator = simulate()
    simulator.state.catalogue.scan(EDITED, now=simulator.state.now() - timedelta(minutes=4))
    client = client_of(simulator)
    token = client.change_token(EVERYTHING)
    since = datetime.fromisoformat(token.split()[1][:26] + "+00:00")
    early = client.transport.clock - since
    assert timedelta(minutes=4, seconds=58) < early < timedelta(minutes=5, seconds=2)
    changed = client.list_changed(Kind.TRACK, EVERYTHING, token, None, 100)
    assert [item.title for item in changed.items] == ["Dawn, Again"]


def test_a_token_never_repeats_while_more_is_saved_than_can_be_looked_at(simulate, client_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    catalogue = simulator.state.catalogue
    catalogue.generate(tracks=600, albums=20, artists=5)
    for entry in catalogue.items.values():
        entry.saved = simulator.state.now()
    catalogue.version += 1
    client = client_of(simulator)
    client.connect()
    simulator.forget()
    first = client.change_token(EVERYTHING)
    assert len(simulator.requests) <= 3
    assert client.change_token(EVERYTHING) != first
    for entry in catalogue.items.values():
        entry.saved -= timedelta(hours=1)
    catalogue.version += 1
    at_rest = client.change_token(EVERYTHING)
    assert client.change_token(EVERYTHING) == at_rest


def test_a_token_survives_a_data_folder_that_cannot_be_written(simulate, client_of, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    client = client_of(simulate(), data_dir=blocked / "below")
    assert client.change_token(EVERYTHING).startswith("saved ")


class TestSyncQueue:
    @both
    def test_what_the_plugin_noted_is_listed_too(self, simulate, client_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        client = client_of(simulator)
        token = client.change_token(EVERYTHING)
        loved = client.list_tracks(EVERYTHING, None, 5).items[4].ref.id
        simulator.state.sync_queue = Noted(removed=["4711"])
        client.set_favorite(Kind.TRACK, loved, True)
        first = client.list_changed(Kind.TRACK, EVERYTHING, token, None, 100)
        assert first.removed == ("4711",)
        last = client.list_changed(Kind.TRACK, EVERYTHING, token, first.next_cursor, 100)
        assert [item.ref.id for item in (*first.items, *last.items)] == [loved]
        assert last.items[0].favorite is True
        assert (last.removed, last.next_cursor) == ((), None)

    def test_the_plugin_is_asked_at_the_first_page_and_at_the_last(self, simulate, server_of) -> None:
        simulator = simulate()
        simulator.state.sync_queue = Noted()
        server = server_of(simulator, max_concurrency=1)
        token = server.change_token()
        simulator.change(small().with_tracks(*(replace(each, genres=("New",)) for each in small().tracks)))
        server.set_favorite(Kind.TRACK, server.list_ids(Kind.TRACK).items[0], True)
        simulator.forget()
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = server.list_changed(Kind.TRACK, since=token, cursor=cursor, limit=4)
            seen.extend(item.ref.id for item in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert (len(seen), len(set(seen))) == (18, 17)
        assert len([each for each in simulator.requests if each.path.endswith("GetItems")]) == 3

    @both
    def test_a_plugin_that_has_forgotten_reports_no_removals(
        self, simulate, client_of, personality: Personality
    ) -> None:
        simulator = simulate(personality=personality)
        client = client_of(simulator)
        token = client.change_token(EVERYTHING)
        simulator.state.sync_queue = Noted(since=simulator.state.now() + timedelta(days=1))
        assert client.list_changed(Kind.TRACK, EVERYTHING, token, None, 100).removed is None

    @both
    def test_a_server_without_it_is_asked_once(self, simulate, client_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        client = client_of(simulator)
        token = client.change_token(EVERYTHING)
        for _ in range(3):
            assert client.list_changed(Kind.TRACK, EVERYTHING, token, None, 100).removed is None
        assert len([r for r in simulator.requests if "SyncQueue" in r.path]) == 1


def test_the_newest_of_several_libraries_come_first(simulate, server_of) -> None:
    simulator = simulate(shared())
    server = server_of(simulator)
    newest = list(server.list_recently_added(Kind.ALBUM, limit=100).items)
    times = [item.added for item in newest]
    assert len(newest) == 4
    assert times == sorted(times, reverse=True)
    pages = server.list_recently_added(Kind.ALBUM, limit=3)
    assert pages.items == tuple(newest[:3])
    assert server.list_recently_added(Kind.ALBUM, cursor=pages.next_cursor, limit=3).items == tuple(
        newest[3:]
    )


class TestScans:
    @both
    def test_the_chosen_library_is_scanned_and_no_other(
        self, simulate, server_of, personality: Personality
    ) -> None:
        simulator = simulate(shared(), personality)
        simulator.state.catalogue.add_library("Music Videos", collection_type="musicvideos")
        server = server_of(simulator)
        chosen = server.list_libraries()[1]
        state = server.trigger_scan(scope=Scope(libraries=(chosen.id,)))
        assert (state.phase, state.progress) == (ScanPhase.RUNNING, 0.5)
        assert [library for library, left in simulator.state.refreshing.items() if left] == [chosen.id]
        while server.scan_state().phase is ScanPhase.RUNNING:
            pass
        assert server.scan_state().phase is ScanPhase.IDLE

    @both
    def test_the_task_is_found_by_its_key(self, simulate, server_of, personality: Personality) -> None:
        """Another task of the simulated server runs all the time and is called "Library"; the scan's name is German."""
        server = server_of(simulate(personality=personality))
        assert server.scan_state().phase is ScanPhase.IDLE
        assert server.scan_state().last_finished is not None
        state = server.trigger_scan()
        assert state.phase is ScanPhase.RUNNING
        assert 0 < (state.progress or 0) < 1

    @both
    def test_paths_are_scanned_by_themselves(self, simulate, server_of, personality: Personality) -> None:
        simulator = simulate(personality=personality)
        server_of(simulator).trigger_scan(paths=("/media/Music/New", "/media/Music/Other #1"))
        assert simulator.state.updated_paths == ["/media/Music/New", "/media/Music/Other #1"]
        assert simulator.state.scan_polls == 0

    @both
    def test_who_may_not_see_tasks_does_not_know(self, simulate, server_of, personality: Personality) -> None:
        server = server_of(simulate(personality=personality), Credentials.USER_TOKEN)
        assert server.scan_state().phase is ScanPhase.UNKNOWN
        with pytest.raises(UnavailableError):
            server.is_library_scanning()
        with pytest.raises(NotAllowedError):
            server.trigger_scan()
