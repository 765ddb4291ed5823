"""Nothing is removed on a doubt, nothing at once, and not much without somebody saying so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from soulsync_engine.errors import NotFoundError, UnavailableError
from soulsync_engine.mirror import ChangeType, SyncMode
from soulsync_engine.mirror.schema import native_ids
from soulsync_engine.models import Kind
from soulsync_engine.policy import SyncPolicy

pytestmark = pytest.mark.costly


def removed(mirror) -> list[str]:
    return [change.ref.id for change in mirror.changes() if change.type is ChangeType.REMOVED]


@pytest.fixture
def stocked(shelf):
    return shelf.stock(10)


def drop(shelf, *ids: str) -> None:
    for key in [key for key in shelf.items if key[1] in ids]:
        del shelf.items[key]


@pytest.mark.parametrize("way", ["plain", "telling", "detailed"])
@pytest.mark.parametrize("grace", [1, 2, 3])
def test_an_item_is_removed_after_as_many_looks_as_chosen(stocked, serve, mirror, sync, clients, way, grace):
    server = serve(stocked, clients[way])
    policy = SyncPolicy(grace_sweeps=grace)
    sync(server, mirror, policy=policy)
    drop(stocked, "3")
    stocked.token = "t1"
    for look in range(1, grace):
        report = sync(server, mirror, policy=policy)
        assert [report.kinds[kind].missing for kind in report.kinds] == [1, 1, 1], look
        assert removed(mirror) == []
        assert mirror.counts().tracks == 10
        assert len(mirror.search("song 3")) == 1
    assert sync(server, mirror, policy=policy).kinds[Kind.TRACK].removed == 1
    assert removed(mirror) == ["3", "3", "3"]
    assert mirror.search("song 3") == ()


def test_an_item_that_is_there_again_was_never_gone(stocked, serve, mirror, sync):
    server = serve(stocked)
    careful = SyncPolicy(grace_sweeps=2)
    sync(server, mirror, policy=careful)
    for _ in range(4):
        kept = dict(stocked.items)
        drop(stocked, "3")
        assert sync(server, mirror, policy=careful).kinds[Kind.TRACK].missing == 1
        stocked.items = kept
        assert sync(server, mirror, policy=careful).kinds[Kind.TRACK].missing == 0
    assert [change.type for change in mirror.changes()] == [ChangeType.ADDED] * 30


def test_an_item_is_removed_only_after_the_hours_chosen(stocked, serve, mirror, sync):
    server = serve(stocked)
    policy = SyncPolicy(grace_sweeps=1, grace_hours=2)
    sync(server, mirror, policy=policy)
    drop(stocked, "3")
    for _ in range(3):
        assert sync(server, mirror, policy=policy).kinds[Kind.TRACK].missing == 1
    pass_hours(mirror, 3)
    assert sync(server, mirror, policy=policy).kinds[Kind.TRACK].removed == 1


def test_a_clock_that_is_set_back_makes_no_wait_endless(stocked, serve, mirror, sync):
    server = serve(stocked)
    policy = SyncPolicy(grace_sweeps=1, grace_hours=2)
    sync(server, mirror, policy=policy)
    drop(stocked, "3")
    sync(server, mirror, policy=policy)
    pass_hours(mirror, -50)
    assert sync(server, mirror, policy=policy).kinds[Kind.TRACK].removed == 1


def pass_hours(mirror, hours: float) -> None:
    with mirror.database.writing() as connection:
        earlier = native_ids.c.missing_since - round(timedelta(hours=hours) / timedelta(microseconds=1))
        connection.execute(
            update(native_ids).where(native_ids.c.missing_since.is_not(None)).values(missing_since=earlier)
        )


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_a_large_removal_asks_first_however_small_the_library(make_shelf, serve, mirror, sync, count):
    shelf = make_shelf(page_size=40).stock(count + 1)
    server = serve(shelf)
    policy = SyncPolicy(grace_sweeps=1, confirm_above=0.25)
    sync(server, mirror, policy=policy)
    drop(shelf, *map(str, range(count // 2 + 1)))
    report = sync(server, mirror, policy=policy)
    number = count // 2 + 1
    assert report.held == dict.fromkeys(report.kinds, number)
    assert removed(mirror) == []
    assert mirror.counts().tracks == count + 1
    assert sync(server, mirror, policy=policy, confirm="remove-something").held == report.held
    done = sync(server, mirror, policy=policy, confirm=report.confirmation)
    assert (done.held, done.confirmation) == ({}, None)
    assert len(removed(mirror)) == 3 * number


def test_a_confirmation_is_for_what_it_was_asked_for(stocked, serve, mirror, sync):
    server = serve(stocked)
    policy = SyncPolicy(grace_sweeps=1, confirm_above=0.25)
    sync(server, mirror, policy=policy)
    drop(stocked, "1", "2", "3", "4")
    asked = sync(server, mirror, policy=policy)
    drop(stocked, "5")
    more = sync(server, mirror, policy=policy, confirm=asked.confirmation)
    assert removed(mirror) == []
    assert more.confirmation not in (None, asked.confirmation)


@pytest.mark.parametrize("way", ["telling", "detailed"])
def test_a_confirmation_needs_no_second_reading(stocked, serve, mirror, sync, clients, way):
    server = serve(stocked, clients[way])
    policy = SyncPolicy(grace_sweeps=1, confirm_above=0.25)
    sync(server, mirror, policy=policy)
    drop(stocked, "1", "2", "3", "4")
    stocked.token = "t1"
    asked = sync(server, mirror, policy=policy)
    stocked.calls = []
    report = sync(server, mirror, policy=policy, confirm=asked.confirmation)
    assert stocked.calls == ["change_token"]
    assert (report.mode, report.kinds[Kind.TRACK].removed) == (SyncMode.UNCHANGED, 4)
    last, sequence = mirror.last_sync("music"), mirror.last_seq()
    sync(server, mirror, policy=policy)
    assert (mirror.last_sync("music"), mirror.last_seq()) == (last, sequence)


def test_a_library_that_vanished_is_an_error_and_its_rows_stay(stocked, serve, mirror, sync):
    server = serve(stocked)
    sync(server, mirror)

    def vanished(name, number, page):
        raise NotFoundError("There is no library 'L1' any more.")

    stocked.hook = vanished
    for dry_run in (True, False):
        with pytest.raises(NotFoundError, match="no library 'L1'"):
            sync(server, mirror, dry_run=dry_run)
    assert mirror.counts().tracks == 10
    assert removed(mirror) == []


def test_a_sweep_is_left_out_for_as_long_as_chosen(stocked, serve, mirror, sync, clients):
    server = serve(stocked, clients["detailed"])
    seldom = SyncPolicy(grace_sweeps=1, sweep_hours=24)
    sync(server, mirror, policy=seldom)
    drop(stocked, "3")
    stocked.changed, stocked.token, stocked.calls = [], "t1", []
    stocked.put(stocked.track("5", "Newer"))
    report = sync(server, mirror, policy=seldom)
    assert "list_ids" not in stocked.calls
    assert (report.kinds[Kind.TRACK].changed, report.kinds[Kind.TRACK].removed) == (1, 0)
    # Nothing changed since, and still something is gone: that is looked for when it is time.
    assert sync(server, mirror, policy=seldom).mode is SyncMode.UNCHANGED
    report = sync(server, mirror, policy=SyncPolicy(grace_sweeps=1))
    assert (report.mode, report.kinds[Kind.TRACK].removed) == (SyncMode.DELTA, 1)
    assert sync(server, mirror, policy=SyncPolicy(grace_sweeps=1)).mode is SyncMode.UNCHANGED


def test_new_ids_are_a_reason_to_look_for_what_is_gone(stocked, serve, mirror, sync, clients):
    server = serve(stocked, clients["detailed"])
    seldom = SyncPolicy(grace_sweeps=1, sweep_hours=24)
    stocked.put(stocked.track("5", "Rope", path="/rope"))
    sync(server, mirror, policy=seldom)
    drop(stocked, "5")
    stocked.changed, stocked.token = [], "t1"
    stocked.put(stocked.track("55", "Rope", path="/rope"))
    report = sync(server, mirror, policy=seldom)
    assert report.kinds[Kind.TRACK].remapped == 1


def test_a_failed_sync_counts_as_no_look(stocked, serve, mirror, sync):
    server = serve(stocked)
    careful = SyncPolicy(grace_sweeps=2)
    sync(server, mirror, policy=careful)
    drop(stocked, "3")
    sync(server, mirror, policy=careful)

    def broken(name, number, page):
        raise UnavailableError("The server is gone.")

    for _ in range(3):
        stocked.hook = broken
        with pytest.raises(UnavailableError):
            sync(server, mirror, policy=careful)
    assert removed(mirror) == []
    stocked.hook = None
    assert sync(server, mirror, policy=careful).kinds[Kind.TRACK].removed == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"grace_sweeps": 0},
        {"grace_hours": -1},
        {"confirm_above": 1.5},
        {"stall_seconds": 0},
        {"sweep_hours": -1},
        {"keep_changes_days": -1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        SyncPolicy(**wrong)
