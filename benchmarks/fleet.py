"""Many servers into one mirror: how the time of `engine.sync_all()` depends on the executor and the database.

`python benchmarks/fleet.py [--postgres postgresql://...]` prints the table of docs/operators/scale.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

import generated
from measuring import fast_folder

from soulsync_engine import MediaServerEngine
from soulsync_engine.discovery import in_process
from soulsync_engine.sync import SyncReport

SERVERS = 8


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tracks", type=int, default=20_000, help="tracks of each server")
    options.add_argument("--wait", type=float, default=0.1, help="seconds that a page takes to come")
    options.add_argument("--postgres", help="the address of an empty database")
    chosen = options.parse_args()
    what = f"{SERVERS} servers of {chosen.tracks:,} tracks, {chosen.wait:g} s for a page of 1,000"
    print(f"{what}, {os.cpu_count()} cores\n")
    print("| executor | database | seconds | tracks a second | all of it again, unchanged |")
    print("|---|---|---|---|---|")
    for name, workers in (("thread", 1), ("thread", 4), ("process", 2), ("process", 4)):
        with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
            line(name, workers, "SQLite", f"sqlite:///{folder}/mirror.db", folder, chosen)
    if chosen.postgres:
        for name, workers in (("thread", 4), ("process", 2), ("process", 4)):
            with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
                line(name, workers, "PostgreSQL", chosen.postgres, folder, chosen)


def line(name: str, workers: int, database: str, url: str, folder: str, chosen: argparse.Namespace) -> None:
    """One line of the table. The servers are others than those of the lines before."""
    prefix = f"{name}{workers}-{database}"
    settings = {"backend": "generated", "tracks": chosen.tracks, "wait_seconds": chosen.wait}
    config = {
        "servers": {f"{prefix}-{number}": settings for number in range(SERVERS)},
        "mirror": {"url": url},
        "engine": {"data_dir": folder},
    }
    with (
        MediaServerEngine(config, records=in_process(generated.backend)) as engine,
        executor(name, workers) as pool,
    ):
        engine.mirror.counts()
        first = _timed(engine, pool, full=False)
        again = _timed(engine, pool, full=True)
        stored = sum(engine.mirror.counts(server).tracks for server in config["servers"])
        assert stored == SERVERS * chosen.tracks, stored
    speed = SERVERS * chosen.tracks / first
    print(
        f"| {workers} {name}{'es' * (name == 'process')}{'s' * (name == 'thread' and workers > 1)} | {database} "
        f"| {first:.1f} | {speed:,.0f} | {again:.1f} s |",
        flush=True,
    )


@contextmanager
def executor(name: str, workers: int) -> Iterator[Executor]:
    """Workers that have started already."""
    kind: Executor
    if name == "thread":
        kind = ThreadPoolExecutor(workers)
    else:
        kind = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    with kind:
        list(kind.map(time.sleep, [0.5] * workers))
        yield kind


def _timed(engine: MediaServerEngine, pool: Executor, *, full: bool) -> float:
    began = time.perf_counter()
    ended = engine.sync_all(pool, full=full, wait_seconds=60)
    failed = [outcome for outcome in ended.values() if not isinstance(outcome, SyncReport)]
    assert not failed, failed
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
