"""Files that the disk has changed, and disks that are full: one clear error, and nothing that was there is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import event

from soulsync_engine.errors import MirrorError
from soulsync_engine.mirror import Mirror, SyncState

FLIPS = 60


@pytest.fixture
def url(sqlite_url):
    """Only a file can be damaged by a bit, or be too large for its disk."""
    return sqlite_url


def test_of_a_flipped_bit_nothing_comes_but_an_error_of_the_mirror(make_shelf, serve, url, sync):
    shelf = make_shelf(page_size=50).stock(30)
    shelf.put(*(shelf.track(str(number), f"Söng {number}", genres=("Rock", "Pop")) for number in range(30)))
    with Mirror.open(url) as mirror:
        sync(serve(shelf), mirror)
    file = Path(url.removeprefix("sqlite:///"))
    good, chance, outcomes = file.read_bytes(), random.Random(5), Counter()
    for _ in range(FLIPS):
        content = bytearray(good)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        for name in ("", "-wal", "-shm"):
            file.with_name(file.name + name).unlink(missing_ok=True)
        file.write_bytes(content)
        try:
            with Mirror.open(url) as mirror:
                list(mirror.iter_tracks())
                list(mirror.changes())
                mirror.search("song")
                sync(serve(shelf), mirror, full=True)
        except MirrorError:
            outcomes["error"] += 1
        else:
            outcomes["fine"] += 1
    # A bit in a text or in an empty part of a page is noticed by nobody.
    assert min(outcomes["error"], outcomes["fine"]) >= 1, outcomes


def test_a_disk_that_is_full_in_the_middle_costs_a_page_and_no_more(make_shelf, serve, url, sync):
    shelf = make_shelf(page_size=100).stock(1000)
    with Mirror.open(url) as mirror:
        pages = full_after(mirror, more=40)
        with pytest.raises(MirrorError, match="full") as caught:
            sync(serve(shelf), mirror)
        assert caught.value.next_step == "Free some space on the disk and run it again."
        kept = [track.ref.id for track in mirror.iter_tracks()]
        assert 0 < len(kept) < 1000
        assert len(kept) % 100 == 0, "whole pages, or nothing of them"
        assert mirror.last_sync("music").state in (SyncState.FAILED, SyncState.INTERRUPTED)
        event.remove(mirror.database.engine, "connect", pages)
        mirror.database.engine.dispose()
        report = sync(serve(shelf), mirror)
        assert report.state is SyncState.COMPLETE
        assert mirror.counts().tracks == 1000
        added = [change.uid for change in mirror.changes()]
        assert len(added) == len(set(added)) == 3000


def full_after(mirror, *, more):
    """Let the database grow by so many pages, as a disk that is nearly full does."""
    with mirror.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def limit(connection, _entry):
        connection.execute(f"PRAGMA max_page_count = {pages + more}")

    mirror.database.engine.dispose()
    event.listen(mirror.database.engine, "connect", limit)
    return limit


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of a process")
def test_a_file_that_may_not_grow_is_the_same_in_a_process_of_its_own(tmp_path, url):
    code = (
        "import resource, signal, sys\n"
        f"sys.path.insert(0, {str(__file__).rpartition('/')[0]!r})\n"
        "import conftest\n"
        "from pathlib import Path\n"
        "from soulsync_engine.errors import MirrorError\n"
        "from soulsync_engine.mirror import Mirror\n"
        "from soulsync_engine.sync import sync_server\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"shelf = conftest.Shelf(page_size=100).stock(1000)\n"
        f"server = conftest.serve.__wrapped__(Path({str(tmp_path)!r}))(shelf)\n"
        f"with Mirror.open({url!r}) as mirror:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))\n"
        "    try:\n"
        "        sync_server(server, mirror)\n"
        "    except MirrorError as error:\n"
        "        print(error)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    kept = mirror.counts().tracks\n"
        "    sync_server(server, mirror)\n"
        "    print(kept, mirror.counts().tracks, len({change.uid for change in mirror.changes()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    message, numbers = done.stdout.splitlines()
    kept, tracks, added = map(int, numbers.split())
    assert "disk" in message
    assert kept < tracks == 1000
    assert added == 3000
