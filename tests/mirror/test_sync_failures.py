"""What goes wrong during a sync removes nothing, and the next one makes good for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    ContractViolationError,
    IncompleteSweepError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.mirror import SyncState
from soulsync_engine.mirror.runs import Run
from soulsync_engine.mirror.seen import Seen
from soulsync_engine.mirror.settling import settle
from soulsync_engine.mirror.sweep import CompleteSweep
from soulsync_engine.models import EVERYTHING, Album, Artist, Kind, Problem
from soulsync_engine.policy import SyncPolicy

pytestmark = pytest.mark.costly


def removed(mirror):
    return [change.ref.id for change in mirror.changes() if change.type == "removed"]


@pytest.fixture
def stocked(shelf):
    for number in range(7):
        shelf.put(
            shelf.track(str(number)),
            Album(ref=shelf.ref(Kind.ALBUM, str(number)), title=f"Album {number}"),
            Artist(ref=shelf.ref(Kind.ARTIST, str(number)), name=f"Artist {number}"),
        )
    return shelf


def unavailable(page):
    raise UnavailableError("The server is gone.")


def unauthorised(page):
    raise AuthenticationError("The token has expired.")


def broken(page):
    raise RuntimeError("truncated JSON")


FAULTS = {
    "unavailable": unavailable,
    "unauthorised": unauthorised,
    "broken": broken,
    "nothing": lambda page: None,
    "short": lambda page: replace(page, items=page.items[:-1]),
    "ended": lambda page: replace(page, items=(), next_cursor=None),
    "shrunken": lambda page: replace(page, total=page.total - 1),
    "grown": lambda page: replace(page, total=page.total + 1),
    "twice": lambda page: replace(
        page, items=(page.items[0], *page.items[:-1]) if len(page.items) > 1 else ()
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", ["list_tracks", "list_albums", "list_artists"])
def test_a_fault_at_any_page_of_a_listing_removes_nothing(stocked, serve, mirror, fault, operation, sync):
    server = serve(stocked)
    sync(server, mirror)
    for item in [item for item in stocked.items.values() if item.ref.id == "3"]:
        stocked.drop(item)
    for faulty in range(2):
        stocked.calls = []
        stocked.hook = lambda name, number, page, faulty=faulty: (
            FAULTS[fault](page) if (name, number) == (operation, faulty) else page
        )
        with pytest.raises(SoulSyncError):
            sync(server, mirror)
        assert removed(mirror) == []
        run = mirror.last_sync("music")
        assert run.state is SyncState.FAILED
        assert run.error
    stocked.hook = None
    assert sync(server, mirror).state is SyncState.COMPLETE
    assert removed(mirror) == ["3", "3", "3"]


@pytest.mark.parametrize("faulty", range(8))
@pytest.mark.parametrize("fault", ["unavailable", "short", "ended", "twice", "shrunken"])
def test_a_fault_in_the_ids_removes_nothing(stocked, serve, mirror, clients, sync, fault, faulty):
    server = serve(stocked, clients["detailed"])
    sync(server, mirror)
    stocked.drop(stocked.track("3"))
    stocked.changed.clear()
    stocked.token = "t1"
    stocked.calls = []
    stocked.hook = lambda name, number, page: (
        FAULTS[fault](page) if (name, number) == ("list_ids", faulty) else page
    )
    with pytest.raises(SoulSyncError):
        sync(server, mirror)
    assert removed(mirror) == []
    stocked.hook = None
    sync(server, mirror)
    assert removed(mirror) == ["3"]


def test_one_id_on_two_pages_proves_nothing(stocked, serve, mirror, sync):
    server = serve(stocked)
    sync(server, mirror)

    def hook(name, number, page):
        # The total is right: one item was passed over, another one came twice.
        if (name, number) == ("list_tracks", 1):
            return replace(page, items=(stocked.track("0"), *page.items[1:]))
        return page

    stocked.hook, stocked.calls = hook, []
    with pytest.raises(IncompleteSweepError, match="twice"):
        sync(server, mirror)
    stocked.calls = []
    with pytest.raises(IncompleteSweepError, match="twice"):
        sync(server, mirror, dry_run=True)
    assert removed(mirror) == []


def test_what_came_before_a_failure_is_stored_and_found(stocked, serve, mirror, sync):
    stocked.hook = lambda name, number, page: (
        unavailable(page) if (name, number) == ("list_tracks", 2) else page
    )
    with pytest.raises(UnavailableError):
        sync(serve(stocked), mirror)
    assert mirror.counts().tracks == 6
    assert len(mirror.search("title")) == 6


def test_an_empty_listing_without_proof_removes_nothing(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1"), shelf.track("2"))
    sync(server, mirror)
    shelf.items.clear()
    for dry_run in (True, False):
        with pytest.raises(IncompleteSweepError, match="without evidence"):
            sync(server, mirror, dry_run=dry_run)
    assert mirror.counts().tracks == 2
    shelf.proof = "the folder was seen"
    # Once is not enough, whatever the policy.
    assert sync(server, mirror).kinds[Kind.TRACK].missing == 2
    assert mirror.counts().tracks == 2
    assert sync(server, mirror).kinds[Kind.TRACK].removed == 2
    assert mirror.counts().tracks == 0


def test_an_empty_server_and_an_empty_mirror_agree(shelf, serve, mirror, sync):
    assert sync(serve(shelf), mirror).state is SyncState.COMPLETE


def test_an_unreadable_item_with_an_id_stays(stocked, serve, mirror, sync):
    server = serve(stocked)
    sync(server, mirror)
    stocked.drop(stocked.track("2"), stocked.track("3"))
    stocked.problems = [Problem(kind=Kind.TRACK, reason="no right to read it", id="2")]
    report = sync(server, mirror)
    assert (report.state, report.problems) == (SyncState.COMPLETE, tuple(stocked.problems))
    assert removed(mirror) == ["3"]


def test_an_unreadable_item_without_an_id_keeps_its_kind_from_being_removed(
    stocked, serve, mirror, clients, sync
):
    server = serve(stocked, clients["telling"])
    sync(server, mirror)
    stocked.token = "t1"
    stocked.drop(stocked.track("3"), stocked.items[Kind.ALBUM, "3"])
    stocked.problems = [Problem(kind=Kind.TRACK, reason="damaged")]
    report = sync(server, mirror)
    assert report.state is SyncState.INCOMPLETE
    assert list(report.withheld) == [Kind.TRACK]
    assert [change.kind for change in mirror.changes() if change.type == "removed"] == [Kind.ALBUM]
    stocked.problems = []
    assert sync(server, mirror).kinds[Kind.TRACK].removed == 1


def test_nothing_but_a_sweep_can_make_the_proof():
    with pytest.raises(TypeError):
        CompleteSweep(object(), store=None, kind=Kind.TRACK, scope=EVERYTHING, seen=Seen(), empty=False)


def test_an_item_that_cannot_be_stored_leaves_the_mirror_as_it_was(stocked, serve, mirror, sync):
    stocked.page_size = 10
    server = serve(stocked)
    sync(server, mirror)
    before = list(mirror.iter_tracks()), mirror.last_seq()
    stocked.put(stocked.track("0", "New"), replace(stocked.track("odd"), title=None))
    with pytest.raises(ContractViolationError):
        sync(server, mirror)
    assert (list(mirror.iter_tracks()), mirror.last_seq()) == before
    assert mirror.last_sync("music").state is SyncState.FAILED


def test_a_sweep_of_another_store_is_refused(stocked, serve, mirror, sync):
    from soulsync_engine.mirror.store import Store
    from soulsync_engine.mirror.sweep import Sweep
    from soulsync_engine.models import Page

    sync(serve(stocked), mirror)
    with mirror.database.connected() as connection:
        store = Store(
            mirror.database,
            connection,
            server="music",
            number=1,
            run=Run(1, 0),
            scope="",
            lease=None,
            staging=True,
        )
        sweep = Sweep(object(), Kind.TRACK, EVERYTHING)
        sweep.see(Page(items=()))
        proof = sweep.complete(populated=False)
        with pytest.raises(ValueError, match="another store"), store.transaction() as writer:
            settle(store, writer, [], {Kind.TRACK: proof}, SyncPolicy())
    assert mirror.counts().tracks == 7
