"""A sync that is killed at any instant is gone on with by the next one, and nothing of it is seen twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from soulsync_engine.mirror import Mirror, SyncState
from soulsync_engine.models import Kind

pytestmark = pytest.mark.costly

HARNESS = """
import json, os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
import conftest
from soulsync_engine.mirror import Mirror, SyncState
from soulsync_engine.policy import SyncPolicy
from soulsync_engine.sync import sync_server

# Whoever runs the tests in the background may have it ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder, url, kills, number = Path({folder!r}), {url!r}, {kills}, {number!r}
policy = SyncPolicy(grace_sweeps=1, confirm_above=1.0)
fetched = os.open(folder / "fetched", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
chance = random.Random(7)

def stocked():
    shelf = conftest.Shelf(page_size=2).stock(20)
    def hook(operation, number, page):
        os.write(fetched, b"%s %s\\n" % (operation.encode(), page.items[0].ref.id.encode()))
        time.sleep(0.002)
        return page
    shelf.hook = hook
    return shelf

def child():
    with Mirror.open(url) as mirror:
        sync_server(conftest.serve.__wrapped__(folder)(stocked()), mirror, policy=policy)

killed = whole = 0
while killed < kills:
    process = os.fork()
    if not process:
        child()
        os._exit(0)
    time.sleep(chance.random() * 0.15)
    os.kill(process, number)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status) or os.WEXITSTATUS(status):
        killed += 1
    with Mirror.open(url) as mirror:
        last = mirror.last_sync("music")
        if last is not None and last.state is SyncState.COMPLETE:
            # It came to its end before, or was hit after it: have it all to do again, under other ids.
            whole += 1
            mirror.forget_server("music")
            os.write(fetched, b"anew\\n")
print(json.dumps({{"killed": killed, "whole": whole}}))
"""


def kill(folder: Path, url: str, *, kills: int, number: int) -> dict[str, int]:
    code = HARNESS.format(
        here=str(Path(__file__).parent), folder=str(folder), url=url, kills=kills, number=number
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check_pages(folder: Path, kills: int) -> None:
    """Each kill cost at most one page that was fetched again."""
    rounds = (folder / "fetched").read_text().split("anew\n")
    again = 0
    for fetched in rounds:
        pages = fetched.split("\n")[:-1]
        again += len(pages) - len(set(pages))
    assert again <= kills, (again, kills)


def test_hundreds_of_kills_cost_a_page_each_and_lose_nothing(make_shelf, serve, tmp_path, url, sync):
    kills = 100
    made = kill(tmp_path, url, kills=kills, number=9)
    assert made["killed"] == kills
    check_pages(tmp_path, kills)
    shelf = make_shelf(page_size=7).stock(20)
    with Mirror.open(url) as mirror:
        seqs = [change.seq for change in mirror.changes()]
        assert len(seqs) == sum(counts_of(mirror))
        if mirror.last_sync("music") is not None:
            assert mirror.last_sync("music").state in (SyncState.INTERRUPTED, SyncState.COMPLETE)
        sync(serve(shelf), mirror, full=True)
        assert sorted(track.ref.id for track in mirror.iter_tracks()) == sorted(map(str, range(20)))
        added = [change for change in mirror.changes() if change.kind is Kind.TRACK]
        assert len(added) == len({change.uid for change in added}) == 20
        assert [change.seq for change in mirror.changes()] == sorted(
            change.seq for change in mirror.changes()
        )
        assert len(mirror.search("song", limit=99)) == 20


def test_an_interrupt_leaves_a_mirror_that_the_next_sync_goes_on_with(serve, make_shelf, tmp_path, url, sync):
    made = kill(tmp_path, url, kills=8, number=2)
    assert made["killed"] == 8
    check_pages(tmp_path, 8)
    shelf = make_shelf(page_size=7).stock(20)
    with Mirror.open(url) as mirror:
        sync(serve(shelf), mirror, full=True)
        assert mirror.counts().tracks == 20


def counts_of(mirror: Mirror) -> list[int]:
    counts = mirror.counts()
    return [counts.tracks, counts.albums, counts.artists]
