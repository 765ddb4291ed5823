"""Reading a large Plex library: requests, and `iter_tracks()` against plexapi's own `searchTracks()`, on one server, in
one run.

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
from typing import TYPE_CHECKING

from measuring import Row, peak_mb, run_json

if TYPE_CHECKING:
    from soulsync_engine import MediaServerEngine

ARTISTS, ALBUMS_EACH, TRACKS_EACH = 5_000, 2, 10
TRACKS = ARTISTS * ALBUMS_EACH * TRACKS_EACH
SPEED, MEMORY = 15.0, 5.0
BUDGETS = {1000: 120, 2000: 65}
UNCHANGED, ONCE_506 = 3, 12


def rows() -> list[Row]:
    """Requests, speed and memory."""
    script = Path(__file__)
    with _server(ARTISTS, ALBUMS_EACH, TRACKS_EACH) as address:
        counted = {size: run_json(script, "requests", address, str(size))["requests"] for size in BUDGETS}
        for side in ("ours", "theirs"):
            run_json(script, side, address)
        ours = [run_json(script, "ours", address) for _ in range(3)]
        theirs = min((run_json(script, "theirs", address) for _ in range(2)), key=_seconds)
    with _server(25, 3, 4) as address:
        synced = run_json(script, "synced", address)
    best = min(ours, key=_seconds)
    faster = theirs["seconds"] / best["seconds"]
    smaller = theirs["mb"] / max(answer["mb"] for answer in ours)
    return [
        *(
            Row(
                f"Plex: requests for {TRACKS:,} tracks with albums and artists, in pages of {size:,}",
                f"<= {budget}",
                f"{counted[size]:.0f}",
                counted[size] <= budget,
            )
            for size, budget in BUDGETS.items()
        ),
        Row(
            "Plex: requests of a sync of 300 tracks",
            f"<= {ONCE_506}",
            f"{synced['first']:.0f}",
            synced["first"] <= ONCE_506,
        ),
        Row(
            "Plex: requests to know that nothing changed, connecting included",
            f"<= {UNCHANGED}",
            f"{synced['again']:.0f}",
            synced["again"] <= UNCHANGED,
        ),
        Row(
            f"Plex: iter_tracks() of {TRACKS:,} tracks against plexapi's searchTracks()",
            f">= {SPEED:.0f}x",
            f"{faster:.0f}x ({best['seconds']:.1f} s against {theirs['seconds']:.1f} s)",
            faster >= SPEED,
        ),
        Row(
            "Plex: memory of the same",
            f"<= 1/{MEMORY:.0f}",
            f"1/{smaller:.0f} ({theirs['mb'] / smaller:.0f} MB against {theirs['mb']:.0f} MB)",
            smaller >= MEMORY,
        ),
    ]


def _seconds(answer: dict[str, float]) -> float:
    return answer["seconds"]


@contextmanager
def _engine(address: str, folder: str) -> Iterator[MediaServerEngine]:
    import soulsync_plex.client  # noqa: F401
    from soulsync_engine import MediaServerEngine
    from soulsync_plex.simulator import TOKEN

    config = {
        "server": {"active": "home"},
        "servers": {"home": {"backend": "plex", "base_url": address, "token": TOKEN}},
        "engine": {"data_dir": folder},
        "mirror": {"url": f"sqlite:///{folder}/mirror.db"},
    }
    with MediaServerEngine(config) as engine:
        yield engine


def _count(engine: MediaServerEngine) -> float:
    client = engine.server("home")._session()._client
    return float(client.requests)  # type: ignore[attr-defined]


def ours(address: str) -> dict[str, float]:
    """Every track, as a host reads them."""
    with tempfile.TemporaryDirectory() as folder, _engine(address, folder) as engine:
        engine.server("home").connect()
        before, began = peak_mb(), time.perf_counter()
        count = sum(1 for _ in engine.iter_tracks())
        seconds = time.perf_counter() - began
    assert count == TRACKS, count
    return {"seconds": seconds, "mb": peak_mb() - before}


def requests(address: str, size: str) -> dict[str, float]:
    """How many requests tracks, albums and artists take in pages of that size, connecting included."""
    with tempfile.TemporaryDirectory() as folder, _engine(address, folder) as engine:
        listings = (engine.iter_tracks, engine.iter_albums, engine.iter_artists)
        counts = [sum(1 for _ in listing(page_size=int(size))) for listing in listings]
        assert counts == [TRACKS, ARTISTS * ALBUMS_EACH, ARTISTS], counts
        return {"requests": _count(engine)}


def synced(address: str) -> dict[str, float]:
    """How many requests the first sync of a small library takes, and the next one, by an engine of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with _engine(address, folder) as engine:
            engine.sync()
            first = _count(engine)
        with _engine(address, folder) as engine:
            assert engine.sync().mode == "unchanged"
            return {"first": first, "again": _count(engine)}


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


def serve(*sizes: int) -> None:
    """Serve a library of so many artists, albums of each and tracks of those, until the input ends."""
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
        simulator.state.catalogue.generate(*sizes)
        print(simulator.base_url, flush=True)
        sys.stdin.read()


@contextmanager
def _server(*sizes: int) -> Iterator[str]:
    command = [sys.executable, __file__, "serve", *(str(size) for size in sizes)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


if __name__ == "__main__":
    measures = {"ours": ours, "theirs": theirs, "requests": requests, "synced": synced}
    if sys.argv[1:2] == ["serve"]:
        serve(*(int(size) for size in sys.argv[2:]))
    elif sys.argv[1:]:
        print(json.dumps(measures[sys.argv[1]](*sys.argv[2:])))
    else:
        for row in rows():
            print(f"{row.what}: {row.measured} (bar {row.bar}, reached: {row.verdict})")
