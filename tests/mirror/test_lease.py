"""One sync of a server at a time, whoever runs it and wherever, and not for longer than it lives."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from soulsync_engine.errors import ConflictError, LeaseLostError, MirrorError
from soulsync_engine.mirror import SyncState
from soulsync_engine.mirror.bookkeeping import leases
from soulsync_engine.mirror.lease import Holder, Lease, is_alive
from soulsync_engine.mirror.runs import enter_server

SECOND = 1_000_000


@pytest.fixture
def number(mirror) -> int:
    with mirror.database.writing() as connection:
        return enter_server(connection, "music")


def lease(mirror, number: int, seconds: float = 60) -> Lease:
    return Lease(mirror.database, server="music", number=number, seconds=seconds)


def rows(mirror) -> list[object]:
    with mirror.database.reading() as connection:
        return connection.execute(select(leases)).all()


def pretend(mirror, **values: object) -> None:
    """Change what is stored of who holds the lease."""
    with mirror.database.writing() as connection:
        connection.execute(update(leases).values(**values))


def held_by(**values: object) -> str:
    holder = {"number": "1", "machine": "elsewhere", "process": 1, "started": "1", **values}
    return json.dumps(holder)


def test_a_lease_keeps_others_away_until_it_is_let_go(mirror, number):
    with lease(mirror, number).held():
        with pytest.raises(ConflictError, match="running already") as caught, lease(mirror, number).held():
            pass
        assert 50 < caught.value.retry_after <= 60
    assert rows(mirror) == []
    with lease(mirror, number).held():
        pass


def test_a_lease_whose_end_cannot_be_entered_keeps_nobody_away(mirror, number):
    if mirror.database.dialect.name != "sqlite":
        pytest.skip("the trigger that stands for a full disk is SQLite's")
    refusing = "BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'refused'); END"
    with (
        pytest.raises(MirrorError, match="refused"),
        lease(mirror, number).held(),
        mirror.database.writing() as connection,
    ):
        connection.exec_driver_sql(f"CREATE TRIGGER refuse {refusing}")
    with mirror.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER refuse")
    assert len(rows(mirror)) == 1
    with lease(mirror, number).held():
        assert len(rows(mirror)) == 1
    assert rows(mirror) == []


def test_a_lease_of_another_machine_ends_with_its_time(mirror, number):
    with lease(mirror, number, 60).held():
        pretend(mirror, holder=held_by())
        with pytest.raises(ConflictError), lease(mirror, number).held():
            pass
        pretend(mirror, expires=1)
        with lease(mirror, number).held():
            assert len(rows(mirror)) == 1


def test_a_lease_of_a_dead_process_ends_with_it(mirror, number):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    with lease(mirror, number).held():
        ours = msgspec.json.decode(rows(mirror)[0].holder, type=Holder)
        pretend(mirror, holder=held_by(machine=ours.machine, process=int(ended.stdout), started=ours.started))
        with lease(mirror, number).held():
            pass


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs /proc to tell processes of one number apart"
)
def test_a_later_process_of_the_same_number_is_not_the_holder(mirror, number):
    with lease(mirror, number).held():
        ours = msgspec.json.decode(rows(mirror)[0].holder, type=Holder)
        another = held_by(machine=ours.machine, process=ours.process, started="long ago")
        pretend(mirror, holder=another)
        with lease(mirror, number).held():
            assert rows(mirror)[0].holder != another


def test_a_lease_from_before_the_clock_was_set_back_holds_no_longer_than_its_length():
    now, length = 10_000 * SECOND, 60 * SECOND
    assert is_alive(held_by(), now - SECOND, now - SECOND + length, now=now)
    ahead = now + 3600 * SECOND
    assert not is_alive(held_by(), ahead, ahead + length, now=now)


def test_whoever_lost_the_lease_writes_nothing_more(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=2).stock(10)

    def hook(operation, number, page):
        if (operation, number) == ("list_tracks", 2):
            # This sync was asleep for so long that another one took over.
            while mirror.counts().tracks < 4:
                time.sleep(0.01)
            pretend(mirror, holder=held_by())
        return page

    shelf.hook = hook
    with pytest.raises(LeaseLostError, match="has taken over"):
        sync(serve(shelf), mirror)
    assert mirror.counts().tracks == 4
    assert len(rows(mirror)) == 1
    pretend(mirror, expires=1)
    shelf.hook = None
    sync(serve(shelf), mirror)
    assert mirror.counts().tracks == 10


def test_of_two_syncs_at_once_one_is_refused_and_the_other_completes(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=2).stock(10)
    reading, go_on = threading.Event(), threading.Event()

    def hook(operation, number, page):
        reading.set()
        assert go_on.wait(20)
        return page

    shelf.hook = hook
    ended = []
    first = threading.Thread(target=lambda: ended.append(sync(serve(shelf), mirror)))
    first.start()
    assert reading.wait(20)
    assert mirror.last_sync("music").state is SyncState.RUNNING
    with pytest.raises(ConflictError, match="running already"):
        sync(serve(make_shelf(page_size=2).stock(10)), mirror)
    with pytest.raises(ConflictError, match="running"):
        mirror.forget_server("music")
    go_on.set()
    first.join()
    assert ended[0].state is SyncState.COMPLETE
    assert mirror.counts().tracks == 10


def test_syncs_of_different_servers_run_at_once(make_shelf, serve, mirror, sync):
    barrier = threading.Barrier(2, timeout=20)
    shelves = [make_shelf(name=name, page_size=5).stock(10) for name in ("one", "two")]

    def meet(operation, number, page):
        if (operation, number) == ("list_tracks", 1):
            barrier.wait()
        return page

    threads = []
    for shelf in shelves:
        shelf.hook = meet
        threads.append(threading.Thread(target=sync, args=(serve(shelf), mirror)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mirror.counts("one") == mirror.counts("two")
    seqs = [change.seq for change in mirror.changes()]
    assert seqs == list(range(1, 61))
