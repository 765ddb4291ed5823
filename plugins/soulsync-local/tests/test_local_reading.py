"""Who reads the tags: the host's executor, processes of our own, or this thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import UnavailableError
from soulsync_engine.testing.audio import generate_library
from soulsync_local.reading import WORTH_PROCESSES

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]

MANY = WORTH_PROCESSES + 100


@pytest.fixture(scope="session")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is worth processes."""
    root = tmp_path_factory.mktemp("big") / "music"
    generate_library(root, MANY)
    # Files written a moment ago would be read again, which some tests here count.
    for file in root.rglob("*.*"):
        os.utime(file, (1_600_000_000, 1_600_000_000))
    return root


def test_a_pool_of_threads_gives_what_this_thread_gives(
    open_client: Open, shelf: Shelf, tmp_path: Path
) -> None:
    for number in range(30):
        shelf.album(f"A/{number}")
    here = open_client(here=True).tracks()
    with ThreadPoolExecutor(4) as threads:
        assert open_client(data=tmp_path / "threads", executor=threads).tracks() == here
    assert len(here) == 90


def test_a_pool_of_processes_gives_what_this_thread_gives(
    open_client: Open, shelf: Shelf, tmp_path: Path
) -> None:
    for number in range(30):
        shelf.album(f"A/{number}")
    shelf.put("bad.mp3", data=b"bad")
    here = open_client(here=True)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        there = open_client(data=tmp_path / "processes", executor=processes)
        assert there.all(there.list_tracks) == here.all(here.list_tracks)


def test_processes_of_our_own_give_what_this_thread_gives(
    open_client: Open, big: Path, tmp_path: Path
) -> None:
    here = open_client(big, here=True).tracks(limit=1000)
    own = open_client(big, data=tmp_path / "own", workers=2, own=True)
    assert own.tracks(limit=50) == here
    assert len(here) == MANY


SCRIPT = """
import json, logging, sys, threading
print("main ran", file=sys.stderr)
from pathlib import Path
from soulsync_engine.contract import ServerContext
from soulsync_engine.models import EVERYTHING
from soulsync_local.client import LocalClient
from soulsync_local.settings import LocalSettings

client = LocalClient(
    ServerContext(
        server="music",
        settings=LocalSettings(path=Path(sys.argv[1]), workers=2),
        data_dir=Path(sys.argv[2]),
        log=logging.getLogger("x"),
    )
)
cursor, count = None, 0
while True:
    page = client.list_tracks(EVERYTHING, cursor, 100)
    count += len(page.items)
    cursor = page.next_cursor
    print(count, flush=True)
    if cursor is None:
        break
    AFTER_PAGE
client.close()
print(json.dumps({"count": count, "threads": threading.active_count()}))
"""


def start(folder: Path, music: Path, after_page: str = "pass") -> subprocess.Popen[str]:
    script = folder / "host.py"
    script.write_text(SCRIPT.replace("AFTER_PAGE", after_page))
    # Without an `if __name__ == "__main__"`, as people write scripts.
    return subprocess.Popen(
        [sys.executable, str(script), str(music), str(folder / "script data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


def alive(session: int) -> list[str]:
    """The processes of a session that are still there."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def gone(session: int) -> bool:
    deadline = time.monotonic() + 20
    while alive(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_script_without_a_guard_runs_once(big: Path, tmp_path: Path) -> None:
    process = start(tmp_path, big)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["count"] == MANY
    assert err.count("main ran") == 1


AHEAD = """
import logging, sys
from pathlib import Path
from soulsync_engine.contract import ServerContext
from soulsync_engine.models import EVERYTHING
from soulsync_local.client import LocalClient
from soulsync_local.settings import LocalSettings

music, opened = Path(sys.argv[1]), []
settings = LocalSettings(path=music, workers=2)
client = LocalClient(
    ServerContext(server="music", settings=settings, data_dir=Path(sys.argv[2]), log=logging.getLogger("x"))
)
files = {str(path) for path in music.rglob("*.*")}
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str | bytes):
        name = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
        opened.append(name in files)
sys.addaudithook(watch)
client.change_token(EVERYTHING)
LISTING
client.close()
print(sum(opened))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize(
    "listing", ["client.list_tracks(EVERYTHING, None, 1000)", "pass"], ids=["used", "not used"]
)
def test_processes_that_were_started_ahead_do_the_reading_and_end(
    big: Path, tmp_path: Path, listing: str
) -> None:
    command = [sys.executable, "-c", AHEAD.replace("LISTING", listing), str(big), str(tmp_path / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.split() == ["0"], "this process opened files that others were to read"
    assert gone(process.pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize(
    "after_page", ["import time; time.sleep(30)", "pass"], ids=["between pages", "reading"]
)
def test_an_interrupted_scan_leaves_no_process_and_what_it_read(
    open_client: Open, big: Path, tmp_path: Path, after_page: str
) -> None:
    process = start(tmp_path, big, after_page=after_page)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "100"
    # As a terminal does it: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert gone(process.pid)
    # The host says that it was interrupted, and nobody else says anything.
    assert err.count("Traceback") == 1, err
    assert err.rstrip().endswith("KeyboardInterrupt"), err
    later = open_client(big, data=tmp_path / "script data")
    assert len(later.tracks(limit=1000)) == MANY
    assert len(later.recorder.take()) <= MANY - 100


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
def test_a_killed_host_leaves_no_process(big: Path, tmp_path: Path) -> None:
    process = start(tmp_path, big, after_page="import time; time.sleep(30)")
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "100"
    process.kill()
    process.communicate(timeout=60)
    assert gone(process.pid)


class Dying(Executor):
    """A pool whose processes die after some tasks."""

    def __init__(self, tasks: int, *, at_submit: bool = False) -> None:
        self.left = tasks
        self.at_submit = at_submit

    def submit(self, task: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:
        future: Future[object] = Future()
        self.left -= 1
        if self.left >= 0:
            future.set_result(task(*args, **kwargs))
        elif self.at_submit:
            raise BrokenProcessPool("somebody killed a worker")
        else:
            future.set_exception(BrokenProcessPool("somebody killed a worker"))
        return future


@pytest.mark.parametrize("at_submit", [False, True])
@pytest.mark.parametrize("tasks", [0, 1])
def test_when_workers_die_this_thread_goes_on(
    open_client: Open, shelf: Shelf, tasks: int, at_submit: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(80):
        shelf.album(f"A/{number:02}")
    client = open_client(executor=Dying(tasks, at_submit=at_submit))
    assert [track.title for track in client.tracks()] == ["One", "Two", "Three"] * 80
    assert "died" in caplog.text


def test_a_worker_that_is_killed_does_not_stop_the_scan(open_client: Open, big: Path, tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        processes.submit(len, "").result()
        (worker,) = processes._processes
        os.kill(worker, signal.SIGKILL)
        client = open_client(big, data=tmp_path / "killed", executor=processes)
        assert len(client.tracks(limit=1000)) == MANY


def test_an_executor_that_was_closed_is_told_apart(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    client = open_client(executor=threads)
    with pytest.raises(UnavailableError, match="takes no more work"):
        client.tracks()


def test_a_listing_that_failed_can_be_started_again(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")

    class Failing(Executor):
        failing = True

        def submit(self, task: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:
            future: Future[object] = Future()
            if self.failing:
                future.set_exception(MemoryError())
            else:
                future.set_result(task(*args, **kwargs))
            return future

    executor = Failing()
    client = open_client(executor=executor)
    with pytest.raises(MemoryError):
        client.tracks()
    executor.failing = False
    assert len(client.tracks()) == 3
