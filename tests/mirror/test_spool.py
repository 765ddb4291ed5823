"""Pages that were fetched ahead of being stored: kept, stored by the next sync, and never those of something else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from soulsync_engine.errors import (
    ContractViolationError,
    IncompleteSweepError,
    LeaseLostError,
    MirrorError,
    StalledError,
    UnavailableError,
)
from soulsync_engine.mirror import Mirror, SyncState
from soulsync_engine.mirror.bookkeeping import leases
from soulsync_engine.models import ArtistCredit, Kind, Problem, Scope
from soulsync_engine.policy import SyncPolicy


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Only a mirror in a file has any."""
    return sqlite_url


def spooled(mirror: Mirror) -> list[Path]:
    return sorted(Path(mirror.database.shown).parent.glob("*-spool*/*"))


def read(shelf) -> Counter[str]:
    return Counter(call for call in shelf.calls if call in ("list_tracks", "list_albums", "list_artists"))


WHOLE = Counter({"list_tracks": 4, "list_albums": 4, "list_artists": 4})


def wait_for(condition) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


class Host:
    """Ends the sync, as Ctrl-C does, once so many pages of tracks have been asked for."""

    def __init__(self, shelf, pages: int) -> None:
        self.shelf = shelf
        self.pages = pages

    def __call__(self, progress) -> None:
        if progress.phase != "tracks" or not progress.done:
            return
        wait_for(lambda: read(self.shelf)["list_tracks"] >= self.pages)
        raise KeyboardInterrupt


@pytest.fixture
def interrupted(make_shelf, serve, mirror, sync):
    """A shelf and its server, whose sync was ended when one page was stored and all the others of tracks had come."""
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    shelf.hook = lambda name, number, page: slow(page) if name == "list_tracks" else page
    with pytest.raises(KeyboardInterrupt):
        sync(server, mirror, on_progress=Host(shelf, 4))
    shelf.hook = None
    shelf.calls = []
    return shelf, server


def slow(page):
    # Hosts are told of progress ten times a second at most.
    time.sleep(0.12)
    return page


def check_whole(mirror: Mirror) -> None:
    assert sorted(track.ref.id for track in mirror.iter_tracks()) == sorted(map(str, range(12)))
    assert mirror.counts().albums == mirror.counts().artists == 12
    added = [change.uid for change in mirror.changes()]
    assert len(added) == len(set(added)) == 36


def test_pages_that_were_fetched_and_not_stored_are_not_fetched_again(interrupted, mirror, sync):
    shelf, server = interrupted
    assert 0 < mirror.counts().tracks < 12
    assert len(spooled(mirror)) >= 1
    report = sync(server, mirror)
    assert report.state is SyncState.COMPLETE
    assert "an unfinished sync is gone on with" in report.reason
    # The last page is not kept, since nothing is asked for behind it before it is stored.
    assert read(shelf) == WHOLE - Counter({"list_tracks": 3})
    check_whole(mirror)
    assert spooled(mirror) == []
    assert not list(Path(mirror.database.shown).parent.glob("*-spool*"))


@contextmanager
def nothing_can_be_stored(mirror: Mirror) -> Iterator[None]:
    """Fail whatever stores a track."""
    # Another name each time: a connection may remember the last one.
    name = f"refuse_{time.monotonic_ns()}"
    with mirror.database.writing() as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE INSERT ON tracks BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    with pytest.raises(MirrorError, match="refused"):
        yield
    with mirror.database.writing() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def test_they_are_gone_on_with_even_when_no_page_was_stored(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    with nothing_can_be_stored(mirror):
        sync(server, mirror)
    assert mirror.counts().tracks == 0
    assert spooled(mirror)[0].name.endswith("track-1")
    kept, shelf.calls = len(spooled(mirror)), []
    report = sync(server, mirror)
    assert "an unfinished sync is gone on with" in report.reason
    assert read(shelf) == WHOLE - Counter({"list_tracks": kept})
    check_whole(mirror)


def test_pages_of_another_state_of_the_server_are_forgotten(make_shelf, serve, mirror, sync, clients):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf, clients["telling"])
    shelf.hook = lambda name, number, page: slow(page) if name == "list_tracks" else page
    with pytest.raises(KeyboardInterrupt):
        sync(server, mirror, on_progress=Host(shelf, 4))
    assert spooled(mirror)
    shelf.hook, shelf.calls, shelf.token = None, [], "t1"
    for number in range(12):
        shelf.put(shelf.track(str(number), f"Newer {number}"))
    sync(server, mirror)
    assert read(shelf) == WHOLE
    assert len(mirror.search("newer", limit=99)) == 12
    assert spooled(mirror) == []


def test_pages_of_another_mirror_are_not_stored(interrupted, mirror, sync, url, blank):
    shelf, server = interrupted
    assert spooled(mirror)
    mirror.close()
    for left in Path(mirror.database.shown).parent.glob("mirror.sqlite3*"):
        if left.is_file():
            left.unlink()
    shutil.copy(blank, mirror.database.shown)
    with Mirror.open(url) as other:
        # It has an unfinished sync of its own, with the same number.
        shelf.hook = lambda name, number, page: gone() if (name, number) == ("list_tracks", 1) else page
        with pytest.raises(UnavailableError):
            sync(server, other)
        shelf.hook, shelf.calls = None, []
        sync(server, other)
        assert read(shelf) == WHOLE - Counter(["list_tracks"])
        check_whole(other)


def gone():
    raise UnavailableError("The server is gone.")


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "removed", "foreign"])
def test_a_page_that_is_not_whole_is_fetched_again(interrupted, mirror, sync, damage):
    _, server = interrupted
    (first,) = [file for file in spooled(mirror) if file.name.endswith("track-2")]
    kept = bytearray(first.read_bytes())
    if damage == "flipped":
        kept[len(kept) // 2] ^= 4
    elif damage == "cut":
        del kept[-10:]
    elif damage == "emptied":
        kept.clear()
    elif damage == "foreign":
        kept[:] = b"\x00\x00\x00\x00"
    if damage == "removed":
        first.unlink()
    else:
        first.write_bytes(kept)
    assert sync(server, mirror).state is SyncState.COMPLETE
    check_whole(mirror)
    assert spooled(mirror) == []


def test_a_rehearsal_leaves_them(interrupted, mirror, sync):
    _, server = interrupted
    before = [file.read_bytes() for file in spooled(mirror)]
    sync(server, mirror, dry_run=True)
    assert [file.read_bytes() for file in spooled(mirror)] == before


def test_they_go_with_the_server(interrupted, mirror):
    assert spooled(mirror)
    mirror.forget_server("music")
    assert not list(Path(mirror.database.shown).parent.glob("*-spool*"))


def test_a_page_that_comes_too_late_is_not_kept(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    late, came = threading.Event(), threading.Event()

    def hook(name, number, page):
        if (name, number) == ("list_tracks", 1):
            assert late.wait(20)
            came.set()
        return page

    shelf.hook = hook
    with pytest.raises(StalledError):
        sync(serve(shelf), mirror, policy=SyncPolicy(stall_seconds=0.3))
    late.set()
    assert came.wait(20)
    time.sleep(0.1)
    assert spooled(mirror) == []


def test_cancelled_it_stores_what_has_come(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    cancel = threading.Event()

    def on_progress(progress) -> None:
        if progress.phase == "tracks" and progress.done:
            wait_for(lambda: read(shelf)["list_tracks"] >= 3)
            cancel.set()

    shelf.hook = lambda name, number, page: slow(page)
    report = sync(serve(shelf), mirror, cancel=cancel, on_progress=on_progress)
    assert report.state is SyncState.INTERRUPTED
    shelf.hook, shelf.calls = None, []
    sync(serve(shelf), mirror)
    assert read(shelf)["list_tracks"] <= 2
    check_whole(mirror)


def test_every_value_comes_back_as_it_was(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    odd = shelf.track("1", "A\0B \udcff", path="/m\udcfc/1.mp3", genres=("Rock", "ロック"), favorite=True)
    shelf.put(odd)
    shelf.problems = [Problem(kind=Kind.TRACK, id="x", reason="'\udcff' is damaged")]
    server = serve(shelf)
    with nothing_can_be_stored(mirror):
        sync(server, mirror)
    shelf.items[Kind.TRACK, "1"] = shelf.track("1", "not asked for again")
    report = sync(server, mirror)
    assert report.state is SyncState.COMPLETE
    assert [problem.id for problem in report.problems] == ["x"]
    assert {track.ref.id: track for track in mirror.iter_tracks()}["1"] == odd
    check_whole(mirror)


@pytest.fixture
def stored_together(mirror):
    """Makes a hook: the first page of tracks is not stored before all have come, and the others go together."""
    other = sqlite3.connect(mirror.database.shown, isolation_level=None, check_same_thread=False)

    def hook_with(change):
        def hook(name, number, page):
            if (name, number) == ("list_tracks", 0):
                other.execute("BEGIN IMMEDIATE")
            if name == "list_tracks" and page.next_cursor is None:
                other.execute("ROLLBACK")
            return change(name, number, page)

        return hook

    with closing(other):
        yield hook_with


def test_pages_that_came_together_are_stored_together(make_shelf, serve, mirror, sync, stored_together):
    shelf = make_shelf(page_size=3).stock(12)
    shelf.hook = stored_together(lambda name, number, page: page)
    report = sync(serve(shelf), mirror)
    assert report.kinds[Kind.TRACK].added == 12
    check_whole(mirror)


def test_of_pages_that_came_together_those_before_the_one_at_fault_are_stored(
    make_shelf, serve, mirror, sync, stored_together
):
    shelf = make_shelf(page_size=3).stock(12)

    def change(name, number, page):
        if (name, number) == ("list_tracks", 3):
            return replace(page, items=(shelf.track("0"), *page.items[1:]))
        return page

    shelf.hook = stored_together(change)
    with pytest.raises(IncompleteSweepError, match="one id twice"):
        sync(serve(shelf), mirror)
    assert mirror.counts().tracks == 9
    shelf.hook = None
    assert sync(serve(shelf), mirror).state is SyncState.COMPLETE
    check_whole(mirror)


@pytest.mark.parametrize("first", ["problem", "item"])
def test_an_id_that_is_unreadable_on_one_page_and_an_item_on_the_next_proves_nothing(
    make_shelf, serve, mirror, sync, stored_together, first
):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    sync(server, mirror)
    unreadable = Problem(kind=Kind.TRACK, id="4", reason="damaged")

    def change(name, number, page):
        if name != "list_tracks":
            return page
        # In the place of 8, 4 is told of twice: the total is right, and 8 was passed over.
        if first == "problem" and number == 1:
            return replace(page, items=(page.items[0], page.items[2]), problems=(unreadable,))
        if first == "problem" and number == 2:
            return replace(page, items=(*page.items[:2], shelf.track("4")))
        if first == "item" and number == 2:
            return replace(page, items=page.items[:2], problems=(unreadable,))
        return page

    for hook in (change, stored_together(change)):
        shelf.hook, shelf.calls = hook, []
        with pytest.raises(IncompleteSweepError, match="one id twice"):
            sync(server, mirror)
    shelf.hook = None
    sync(server, mirror)
    assert mirror.counts().tracks == 12


def test_files_behind_a_gap_are_not_taken_up_later(interrupted, mirror, sync):
    shelf, server = interrupted
    for file in spooled(mirror):
        if file.name.endswith("track-2"):
            file.write_bytes(b"damaged")
    # The next one gets as far as that page, which has other boundaries now.
    shelf.page_size = 2
    shelf.hook = lambda name, number, page: gone() if (name, number) == ("list_tracks", 1) else page
    with pytest.raises(UnavailableError):
        sync(server, mirror)
    assert [file for file in spooled(mirror) if file.name.endswith("track-3")] == []
    shelf.hook = None
    sync(server, mirror)
    check_whole(mirror)


def test_a_page_that_could_not_be_stored_twice_is_fetched_again(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    for _ in range(2):
        with nothing_can_be_stored(mirror):
            sync(server, mirror)
    assert spooled(mirror) == []
    shelf.calls = []
    sync(server, mirror)
    assert read(shelf) == WHOLE
    check_whole(mirror)


@pytest.mark.parametrize(
    "value", [{"album": 5}, {"year": [1]}, {"artists": (ArtistCredit(name=None),)}, {"codec": UUID(int=1)}]
)
def test_a_value_that_no_field_can_have_is_the_backends_fault_and_heals(
    make_shelf, serve, mirror, sync, value
):
    shelf = make_shelf(page_size=3).stock(12)
    shelf.put(shelf.track("4", "Song 4", **value))
    server = serve(shelf)
    for _ in range(2):
        with pytest.raises(ContractViolationError, match="cannot be stored"):
            sync(server, mirror)
    shelf.put(shelf.track("4", "Song 4"))
    sync(server, mirror)
    check_whole(mirror)


def test_pages_of_one_scope_are_none_of_another(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=3).stock(12)
    server = serve(shelf)
    with nothing_can_be_stored(mirror):
        sync(server, mirror, scope=Scope(libraries=("L1",)))
    kept = spooled(mirror)
    assert kept
    shelf.calls = []
    sync(server, mirror)
    assert read(shelf) == WHOLE
    assert spooled(mirror) == kept
    # After a day nobody goes on from them.
    for file in kept:
        os.utime(file, (time.time() - 25 * 3600,) * 2)
    sync(server, mirror, full=True)
    assert not list(Path(mirror.database.shown).parent.glob("*-spool*"))


def test_who_lost_the_lease_leaves_the_pages_of_the_other_alone(interrupted, mirror, sync):
    shelf, server = interrupted
    theirs = {}

    def hook(name, number, page):
        if (name, number) == ("list_tracks", 0):
            # This sync was asleep, and another one took over, and has a page there by now.
            folder = next(Path(mirror.database.shown).parent.glob("*-spool*"))
            theirs[folder / "theirs-track-9"] = b"theirs"
            for file, body in theirs.items():
                file.write_bytes(body)
            with mirror.database.writing() as connection:
                connection.execute(update(leases).values(holder="another"))
        return page

    shelf.hook = hook
    with pytest.raises(LeaseLostError):
        sync(server, mirror)
    assert all(file.read_bytes() == body for file, body in theirs.items())


@pytest.mark.parametrize("deed", ["move_server", "rebuild"])
def test_they_are_of_no_use_after(interrupted, mirror, deed):
    assert spooled(mirror)
    if deed == "move_server":
        mirror.move_server("music", "elsewhere")
    else:
        mirror.rebuild("music")
    assert not list(Path(mirror.database.shown).parent.glob("*-spool*"))


def test_a_folder_that_cannot_be_made_is_told_of_with_a_next_step(make_shelf, serve, mirror, sync):
    place = Path(mirror.database.shown).with_name("mirror.sqlite3-spool1")
    place.write_text("something else")
    shelf = make_shelf(page_size=3).stock(12)
    with pytest.raises(MirrorError, match="where pages wait to be stored") as caught:
        sync(serve(shelf), mirror)
    assert "remove the folder" in caught.value.next_step
    assert place.read_text() == "something else"
    place.unlink()
    assert sync(serve(shelf), mirror).state is SyncState.COMPLETE
    check_whole(mirror)
