"""Which way a sync goes, and what it tells."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import inspect

from soulsync_engine.errors import ConflictError
from soulsync_engine.mirror import ChangeType, SyncMode, SyncState
from soulsync_engine.models import Album, Artist, Kind, Library, Problem, Scope
from soulsync_engine.sync import SyncPhase


def feed(mirror, since=0):
    return [(change.type.value, change.ref.id) for change in mirror.changes(since)]


@pytest.fixture
def stocked(shelf):
    shelf.put(*(shelf.track(str(number)) for number in range(7)))
    shelf.changed.clear()
    return shelf


def test_the_first_sync_is_full_and_reports_everything(stocked, serve, mirror, sync):
    report = sync(serve(stocked), mirror)
    assert (report.mode, report.state, report.dry_run) == (SyncMode.FULL, SyncState.COMPLETE, False)
    counts = report.kinds[Kind.TRACK]
    assert (counts.seen, counts.added, counts.unchanged) == (7, 7, 0)
    assert report.last_seq == mirror.last_seq() == 7
    run = mirror.last_sync("music")
    assert (run.state, run.mode, run.kinds) == (SyncState.COMPLETE, SyncMode.FULL, report.kinds)
    assert run.started <= run.finished


def test_a_server_that_cannot_tell_is_read_again_without_a_change(stocked, serve, mirror, sync):
    server = serve(stocked)
    sync(server, mirror)
    report = sync(server, mirror)
    assert report.mode is SyncMode.FULL
    assert report.kinds[Kind.TRACK].unchanged == 7
    assert mirror.last_seq() == 7


def test_an_equal_token_ends_the_sync_after_one_request_and_writes_nothing(
    stocked, serve, mirror, clients, sync
):
    server = serve(stocked, clients["telling"])
    sync(server, mirror)
    run = mirror.last_sync("music")
    stocked.calls.clear()
    report = sync(server, mirror)
    assert (report.mode, stocked.calls) == (SyncMode.UNCHANGED, ["change_token"])
    assert mirror.last_sync("music") == run
    assert sync(server, mirror, full=True).mode is SyncMode.FULL


def test_the_token_is_taken_before_the_listing(stocked, serve, mirror, clients, sync):
    def hook(operation, number, page):
        stocked.token = "t1"
        return page

    server = serve(stocked, clients["telling"])
    stocked.hook = hook
    sync(server, mirror)
    assert sync(server, mirror).mode is SyncMode.FULL


def test_a_token_holds_for_its_scope_only(stocked, serve, mirror, clients, sync):
    server = serve(stocked, clients["telling"])
    sync(server, mirror)
    assert sync(server, mirror, scope=Scope(libraries=("L1",))).mode is SyncMode.FULL
    assert sync(server, mirror, scope=Scope(libraries=("L1",))).mode is SyncMode.UNCHANGED


def test_a_delta_reads_what_changed_and_sweeps_ids(stocked, serve, mirror, clients, sync):
    server = serve(stocked, clients["detailed"])
    sync(server, mirror)
    stocked.put(stocked.track("1", "New"), stocked.track("new"))
    stocked.drop(stocked.track("2"))
    stocked.token = "t1"
    stocked.calls.clear()
    report = sync(server, mirror)
    assert report.mode is SyncMode.DELTA
    assert not {"list_tracks", "list_albums", "list_artists", "get_items"} & set(stocked.calls)
    counts = report.kinds[Kind.TRACK]
    assert (counts.seen, counts.added, counts.changed, counts.removed, counts.unchanged) == (7, 1, 1, 1, 5)
    assert feed(mirror, 7) == [("changed", "1"), ("added", "new"), ("removed", "2")]
    assert sync(server, mirror).mode is SyncMode.UNCHANGED


def test_an_item_that_the_delta_passed_over_is_found_by_its_id(stocked, serve, mirror, clients, sync):
    server = serve(stocked, clients["detailed"])
    sync(server, mirror)
    stocked.drop(stocked.track("2"))
    stocked.token = "t1"
    sync(server, mirror)
    stocked.put(stocked.track("2"), *(stocked.track(f"new{number}") for number in range(5)))
    stocked.changed.clear()
    stocked.token = "t2"
    report = sync(server, mirror)
    assert report.mode is SyncMode.DELTA
    assert (report.kinds[Kind.TRACK].added, report.kinds[Kind.TRACK].restored) == (5, 1)
    assert mirror.counts().tracks == 12


def test_a_token_that_is_too_old_leads_to_a_full_sync(stocked, serve, mirror, clients, sync):
    server = serve(stocked, clients["detailed"])
    stocked.token = "forgotten"
    sync(server, mirror)
    stocked.token = "t1"
    stocked.drop(stocked.track("3"))
    report = sync(server, mirror)
    assert report.mode is SyncMode.FULL
    assert "too old" in report.reason
    assert feed(mirror, 7) == [("removed", "3")]
    assert mirror.last_sync("music").mode is SyncMode.FULL


@pytest.mark.parametrize("client", ["plain", "detailed"])
def test_a_dry_run_tells_what_a_sync_then_does_and_writes_nothing(
    stocked, serve, mirror, clients, client, sync
):
    server = serve(stocked, clients[client])
    assert sync(server, mirror, dry_run=True).kinds[Kind.TRACK].added == 7
    assert (mirror.counts().tracks, mirror.last_sync("music")) == (0, None)
    sync(server, mirror)
    run = mirror.last_sync("music")
    stocked.drop(stocked.track("2"))
    stocked.put(stocked.track("1", "New"), stocked.track("3", path="/new"), stocked.track("new"))
    stocked.token = "t1"
    stored = _everything(mirror)
    rehearsed = sync(server, mirror, dry_run=True)
    assert rehearsed.dry_run
    assert _everything(mirror) == stored
    assert (mirror.last_seq(), mirror.last_sync("music")) == (7, run)
    done = sync(server, mirror)
    assert (done.mode, done.kinds) == (rehearsed.mode, rehearsed.kinds)


def _everything(mirror):
    with mirror.database.reading() as connection:
        names = inspect(connection).get_table_names()
        return {name: connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in names}


def test_a_changed_path_alone_is_a_move(stocked, serve, mirror, sync):
    stocked.put(stocked.track("1", path="/a"), stocked.track("2", path="/b"))
    server = serve(stocked)
    sync(server, mirror)
    stocked.put(stocked.track("1", path="/z"), stocked.track("2", "Other", path="/y"))
    sync(server, mirror)
    moved, changed = mirror.changes(7)
    assert (moved.type, moved.fields) == (ChangeType.MOVED, ("path",))
    assert (changed.type, changed.fields) == (ChangeType.CHANGED, ("path", "title"))


def test_a_sync_of_one_library_leaves_the_others_alone(shelf, serve, mirror, sync):
    shelf.libraries = (Library(id="L1", name="One"), Library(id="L2", name="Two"))
    shelf.put(
        shelf.track("1"),
        shelf.track("2"),
        shelf.track("3", library_id="L2"),
        shelf.track("4", library_id=None),
    )
    server = serve(shelf)
    sync(server, mirror)
    shelf.drop(*[shelf.track(id) for id in ("1", "3", "4")])
    sync(server, mirror, scope=Scope(libraries=("L1",)))
    assert [track.ref.id for track in mirror.iter_tracks()] == ["2", "3", "4"]
    sync(server, mirror)
    assert [track.ref.id for track in mirror.iter_tracks()] == ["2"]


def test_libraries_follow_the_server(stocked, serve, mirror, sync):
    server = serve(stocked)
    sync(server, mirror)
    stocked.libraries = (Library(id="L2", name="Two"), Library(id="L1", name="Renamed"))
    sync(server, mirror)
    assert mirror.libraries("music") == stocked.libraries
    stocked.libraries = stocked.libraries[1:]
    sync(server, mirror)
    assert mirror.libraries("music") == stocked.libraries
    assert mirror.counts().libraries == 1


def test_progress_goes_through_the_phases_in_order(stocked, serve, mirror, sync):
    told = []
    sync(serve(stocked), mirror, on_progress=told.append)
    phases = list(dict.fromkeys(entry.phase for entry in told))
    assert phases == [
        SyncPhase.PROBE,
        SyncPhase.TRACKS,
        SyncPhase.ALBUMS,
        SyncPhase.ARTISTS,
        SyncPhase.REMOVE,
        SyncPhase.INDEX,
    ]
    last = [entry for entry in told if entry.phase is SyncPhase.TRACKS][-1]
    assert (last.server, last.done, last.total, last.eta_seconds) == ("music", 7, 7, 0)
    assert last.rate > 0


def test_progress_counts_the_same_in_every_phase(make_shelf, serve, mirror, clients, sync):
    shelf = make_shelf(page_size=50)
    shelf.put(
        *(shelf.track(str(number)) for number in range(20)),
        *(Album(ref=shelf.ref(Kind.ALBUM, str(number)), title="A") for number in range(5)),
        *(Artist(ref=shelf.ref(Kind.ARTIST, str(number)), name="A") for number in range(2)),
    )
    shelf.problems = [Problem(kind=Kind.TRACK, reason="no right to read it", id="20")]
    server = serve(shelf, clients["detailed"])
    first, second = [], []
    sync(server, mirror, on_progress=first.append)
    ended = {entry.phase: (entry.done, entry.total) for entry in first}
    assert ended[SyncPhase.TRACKS] == (21, 21)
    assert (ended[SyncPhase.ALBUMS], ended[SyncPhase.ARTISTS]) == ((5, 5), (2, 2))
    shelf.token = "t1"
    shelf.drop(shelf.track("0"), shelf.items[Kind.ALBUM, "0"])

    def hook(operation, number, page):
        # Longer than progress is silent.
        time.sleep(0.11)
        return page

    shelf.hook = hook
    sync(server, mirror, on_progress=second.append)
    swept = [(entry.done, entry.total) for entry in second if entry.phase is SyncPhase.SWEEP]
    assert swept == [(0, None), (20, 27), (24, 26), (26, 26), (26, 26)]


def test_cancelling_stops_at_the_next_page_and_keeps_what_came(stocked, serve, mirror, clients, sync):
    server = serve(stocked, clients["telling"])
    sync(server, mirror)
    stocked.put(stocked.track("0", "New"))
    stocked.drop(stocked.track("6"))
    stocked.token = "t1"
    cancel = threading.Event()

    def hook(operation, number, page):
        if number == 1:
            cancel.set()
        return page

    stocked.hook, stocked.calls = hook, []
    report = sync(server, mirror, cancel=cancel)
    assert report.state is mirror.last_sync("music").state is SyncState.INTERRUPTED
    assert stocked.calls.count("list_tracks") == 2
    assert feed(mirror, 7) == [("changed", "0")]
    stocked.hook = None
    assert sync(server, mirror).mode is SyncMode.FULL
    assert feed(mirror, 8) == [("removed", "6")]
    assert [hit.item.title for hit in mirror.search("new")] == ["New"]


def test_a_second_sync_of_one_server_is_refused_while_the_first_runs(stocked, serve, mirror, sync):
    server = serve(stocked)
    refused = []

    def hook(operation, number, page):
        with pytest.raises(ConflictError, match="running already"):
            sync(server, mirror)
        refused.append(number)
        return page

    stocked.hook = hook
    sync(server, mirror)
    assert refused
    stocked.hook = None
    assert sync(server, mirror).state is SyncState.COMPLETE


def test_the_feed_is_read_by_server_and_in_parts(make_shelf, serve, mirror, sync):
    for name in ("one", "two"):
        shelf = make_shelf(name=name)
        shelf.put(*(shelf.track(str(number)) for number in range(3)))
        sync(serve(shelf), mirror)
    assert [change.seq for change in mirror.changes()] == [1, 2, 3, 4, 5, 6]
    assert [change.seq for change in mirror.changes(server="two")] == [4, 5, 6]
    assert [change.seq for change in mirror.changes(1, limit=2)] == [2, 3]
    assert [change.seq for change in mirror.changes(server="none")] == []
    first = next(mirror.changes())
    assert mirror.get(first.uid).item == make_shelf(name="one").track("0")
    assert (first.ref.server, first.title, first.kind) == ("one", "Title 0", Kind.TRACK)


def test_titles_in_the_feed_are_cut(shelf, serve, mirror, sync):
    shelf.put(replace(shelf.track("1"), title="x" * 10_000))
    sync(serve(shelf), mirror)
    assert [change.title for change in mirror.changes()] == ["x" * 200]
