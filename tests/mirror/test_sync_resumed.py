"""A sync that broke off goes on where it was, as long as that is safe; and none waits for ever."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from soulsync_engine.errors import StalledError, UnavailableError
from soulsync_engine.mirror import SyncMode, SyncState
from soulsync_engine.models import Kind
from soulsync_engine.policy import SyncPolicy

pytestmark = pytest.mark.costly

WAYS = pytest.mark.parametrize("way", ["plain", "telling", "detailed"])


def breaking(operation: str, number: int):
    def hook(name, page_number, page):
        if (name, page_number) == (operation, number):
            raise UnavailableError("The server is gone.")
        return page

    return hook


@WAYS
@pytest.mark.parametrize("operation", ["list_tracks", "list_albums", "list_artists"])
@pytest.mark.parametrize("page", range(4))
def test_no_page_that_was_stored_is_read_again(
    make_shelf, serve, mirror, sync, clients, way, operation, page
):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf, clients[way])
    shelf.hook = breaking(operation, page)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    shelf.hook = None
    report = sync(server, mirror)
    assert report.state is SyncState.COMPLETE
    nothing_stored = (operation, page) == ("list_tracks", 0)
    assert ("an unfinished sync is gone on with" in report.reason) != nothing_stored
    read = Counter(call for call in shelf.calls if call.startswith("list_") and call != "list_libraries")
    # The page that failed was asked for twice, and no other.
    assert read == Counter({"list_tracks": 4, "list_albums": 4, "list_artists": 4}) + Counter([operation])
    assert [report.kinds[kind].seen for kind in report.kinds] == [12, 12, 12]
    assert mirror.counts().tracks == mirror.counts().albums == mirror.counts().artists == 12


def test_a_delta_goes_on_where_it_was(make_shelf, serve, mirror, sync, clients):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf, clients["detailed"])
    sync(server, mirror)
    shelf.token, shelf.changed = "t1", []
    shelf.put(*(shelf.track(str(number), f"Newer {number}") for number in range(12)), shelf.track("new"))
    shelf.calls, shelf.hook = [], breaking("list_ids", 2)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    shelf.hook, shelf.calls = None, []
    report = sync(server, mirror)
    assert (report.mode, report.state) == (SyncMode.DELTA, SyncState.COMPLETE)
    assert "list_changed" not in shelf.calls
    assert shelf.calls.count("list_ids") == 3 + 8
    assert mirror.counts().tracks == 13
    assert len(mirror.search("newer", limit=99)) == 12


def test_what_changed_meanwhile_is_a_reason_to_begin_anew(make_shelf, serve, mirror, sync, clients):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf, clients["telling"])
    shelf.hook = breaking("list_albums", 1)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    shelf.hook, shelf.token, shelf.calls = None, "t1", []
    shelf.put(shelf.track("0", "Other"))
    assert sync(server, mirror).state is SyncState.COMPLETE
    assert shelf.calls.count("list_tracks") == 4
    assert len(mirror.search("other")) == 1


def test_pages_that_do_not_fit_those_of_before_are_read_from_the_beginning(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    shelf.hook = breaking("list_tracks", 2)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    # One of those already read is gone, so what follows has moved up, and one would be passed over.
    del shelf.items[Kind.TRACK, "0"]
    shelf.hook, shelf.calls = None, []
    report = sync(server, mirror)
    assert report.state is SyncState.COMPLETE
    assert "does not go on" in report.reason
    assert report.kinds[Kind.TRACK].removed == 1
    assert sorted(track.ref.id for track in mirror.iter_tracks()) == sorted(map(str, range(1, 12)))


def test_an_unfinished_sync_of_long_ago_is_not_gone_on_with(make_shelf, serve, mirror, sync):
    from sqlalchemy import update

    from soulsync_engine.mirror.bookkeeping import sync_runs

    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    shelf.hook = breaking("list_albums", 0)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    with mirror.database.writing() as connection:
        connection.execute(update(sync_runs).values(started=sync_runs.c.started - 25 * 3_600_000_000))
    shelf.hook, shelf.calls = None, []
    sync(server, mirror)
    assert shelf.calls.count("list_tracks") == 4


def test_a_rehearsal_neither_goes_on_nor_spoils_what_can_be_gone_on_with(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    shelf.hook = breaking("list_albums", 1)
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    shelf.hook = None
    assert sync(server, mirror, dry_run=True).kinds[Kind.TRACK].seen == 12
    shelf.calls = []
    sync(server, mirror)
    assert "list_tracks" not in shelf.calls


@WAYS
def test_a_server_that_falls_silent_ends_the_sync_with_an_error(
    make_shelf, serve, mirror, sync, clients, way
):
    shelf = make_shelf(page_size=3).stock(12)
    silent, asked = threading.Event(), []

    def hook(name, number, page):
        asked.append(name)
        if (name, number) == ("list_tracks", 2):
            assert silent.wait(20)
        return page

    shelf.hook = hook
    server = serve(shelf, clients[way])
    started = time.monotonic()
    impatient = SyncPolicy(grace_sweeps=1, stall_seconds=0.3)
    with pytest.raises(StalledError, match=r"has sent nothing for 0\.3 seconds"):
        sync(server, mirror, policy=impatient)
    assert time.monotonic() - started < 10
    assert mirror.last_sync("music").state is SyncState.FAILED
    assert mirror.counts().tracks == 6
    silent.set()
    # The page that came too late is not followed by another one.
    time.sleep(0.3)
    assert len(asked) == 3
    assert sync(server, mirror).state is SyncState.COMPLETE


def test_cancelling_does_not_wait_for_the_page(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    cancel, late = threading.Event(), threading.Event()

    def hook(name, number, page):
        if (name, number) == ("list_tracks", 2):
            cancel.set()
            assert late.wait(20)
        return page

    shelf.hook = hook
    started = time.monotonic()
    report = sync(serve(shelf), mirror, cancel=cancel)
    assert time.monotonic() - started < 10
    late.set()
    assert report.state is SyncState.INTERRUPTED
    assert mirror.counts().tracks == 6


def test_a_wait_that_is_longer_than_a_lease_of_old_does_not_lose_it(make_shelf, serve, mirror, sync):
    # A lease outlives the longest silence that is allowed.
    shelf = make_shelf(page_size=3).stock(12)
    shelf.hook = lambda name, number, page: time.sleep(0.05) or page
    report = sync(serve(shelf), mirror, policy=SyncPolicy(stall_seconds=1))
    assert report.state is SyncState.COMPLETE
