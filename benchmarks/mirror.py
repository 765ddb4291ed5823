"""The mirror and the sync: large libraries, made up as they are read, and the simulated Navidrome 20 ms away.

Run as a script it is one measurement in a process of its own: `mirror.py size 100000`. Reading the mirror is measured
in another process than filling it, as hosts that read do it.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing, nullcontext
from pathlib import Path

from measuring import Row, fast_folder, peak_mb, run_json

SMALL, MEDIUM, LARGE = 10_000, 100_000, 1_000_000
TABLES = (
    "tracks",
    "albums",
    "artists",
    "credits",
    "native_ids",
    "changes",
    "tracks_search",
    "albums_search",
    "artists_search",
)
BARE, GROWTH, AGAIN, FEED, SEARCH_MS, MEMORY_MB, REMOTE = 0.4, 1.3, 3.0, 200_000, 15.0, 250.0, 1.5
QUERIES = 300


def rows(large: int = LARGE) -> list[Row]:
    """The rows of the table."""
    script = Path(__file__)
    small = min((run_json(script, "size", str(SMALL)) for _ in range(3)), key=lambda one: one["store"])
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        big = run_json(script, "size", str(large), folder)
        reads = run_json(script, "reads", str(large), folder)
    ratio = big["bare"] / big["store"]
    growth = big["store"] / large / (small["store"] / SMALL)
    again = big["store"] / big["again"]
    remote = min((run_json(script, "remote", str(MEDIUM)) for _ in range(3)), key=lambda one: one["sync"])
    slower = remote["sync"] / remote["fetch"]
    return [
        Row(
            f"mirror: full sync of {large:,} generated tracks against `sqlite3.executemany` of the same rows",
            f">= {BARE}x",
            f"{ratio:.2f}x ({big['store']:.0f} s against {big['bare']:.0f} s)",
            ratio >= BARE,
        ),
        Row(
            "mirror: memory of that above the interpreter",
            f"<= {MEMORY_MB:.0f} MB",
            f"{big['mb']:.0f} MB",
            big["mb"] <= MEMORY_MB,
        ),
        Row(
            f"mirror: cost of a track, {large:,} tracks against {SMALL:,}",
            f"<= {GROWTH}x",
            f"{growth:.2f}x ({big['store'] / large * 1e6:.0f} us)",
            growth <= GROWTH,
        ),
        Row(
            f"mirror: reading {large:,} tracks again with nothing changed, against the first sync",
            f">= {AGAIN:.0f}x faster",
            f"{again:.1f}x ({big['again']:.0f} s)",
            again >= AGAIN,
        ),
        Row(
            "mirror: change feed, 100,000 changes",
            f">= {FEED:,}/s",
            f"{reads['feed']:,.0f}/s",
            reads["feed"] >= FEED,
        ),
        Row(
            f"mirror: search in {large:,} tracks, p95 of {QUERIES} queries",
            f"<= {SEARCH_MS:.0f} ms",
            f"{reads['p95']:.1f} ms (median {reads['p50']:.1f} ms)",
            reads["p95"] <= SEARCH_MS,
        ),
        Row(
            f"mirror: full sync of {MEDIUM:,} tracks from a simulator at 20 ms, against reading the same pages",
            f"<= {REMOTE}x",
            f"{slower:.2f}x ({remote['sync']:.1f} s against {remote['fetch']:.1f} s; several pages at a time, "
            f"which a sync does not ask for, take {remote['ahead']:.1f} s)",
            slower <= REMOTE,
        ),
    ]


def size(tracks: int, kept: str | None = None) -> dict[str, float]:
    """Filling a mirror with so many tracks, in a folder that stays if one is `kept`. Making them up is taken off."""
    from generated import engine_of

    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        with engine_of(tracks, folder, token="t") as first:
            first.ensure_connection()
            first.mirror.counts()
            made = _timed(lambda: _read_all(first))
            before = peak_mb()
            sync = _timed(first.sync)
            mb = peak_mb() - before
        with engine_of(tracks, folder, token="u") as second:
            second.ensure_connection()
            made_again = _timed(lambda: _read_all(second))
            again = _timed(second.sync)
        bare = _bare(Path(folder))
    return {"store": sync - made, "again": again - made_again, "bare": bare, "mb": mb}


def reads(tracks: int, folder: str) -> dict[str, float]:
    """Reading the mirror that `size` left in a folder."""
    from generated import engine_of, sample_queries

    with engine_of(tracks, folder, token="u") as engine:
        latencies = [
            _timed(lambda query=query: engine.mirror.search(query, limit=20)) * 1000
            for query in sample_queries(QUERIES, tracks)
        ]
        feed = _changes_a_second(engine.mirror)
    centiles = statistics.quantiles(latencies, n=20)
    return {"feed": feed, "p50": centiles[9], "p95": centiles[18]}


def remote(tracks: int) -> dict[str, float]:
    """A sync from the simulated Navidrome, and the same pages read and decoded without storing them."""
    import navidrome

    from soulsync_engine import MediaServerEngine

    with navidrome._server(tracks) as server, tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        config = navidrome._config(server.address, folder, native=True)
        with MediaServerEngine(config) as engine:
            engine.ensure_connection()
            _read_all(engine)
            ahead = _timed(lambda: _read_all(engine))
        # As a sync reads them, one page at a time under way, so that being killed costs one page.
        config["servers"]["home"]["max_concurrency"] = 1
        with MediaServerEngine(config) as engine:
            engine.ensure_connection()
            engine.mirror.counts()
            fetch = _timed(lambda: _read_all(engine))
            sync = _timed(engine.sync)
            assert engine.mirror.counts().tracks == tracks
    return {"ahead": ahead, "fetch": fetch, "sync": sync}


def _read_all(engine) -> None:  # type: ignore[no-untyped-def]
    for items in (engine.iter_tracks(), engine.iter_albums(), engine.iter_artists()):
        for _ in items:
            pass


def _changes_a_second(mirror) -> float:  # type: ignore[no-untyped-def]
    count = 0
    began = time.perf_counter()
    for _ in mirror.changes(limit=100_000):
        count += 1
    return count / (time.perf_counter() - began)


def _bare(folder: Path) -> float:
    """The seconds that it takes to put the rows of the finished mirror into tables of the same form, and no more."""
    source = sqlite3.connect(folder / "mirror.db")
    target = sqlite3.connect(folder / "bare.db", isolation_level=None)
    seconds = 0.0
    with closing(source), closing(target):
        for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -16000"):
            target.execute(f"PRAGMA {pragma}")
        shapes = source.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
            "AND name NOT LIKE '%_search_%'"
        ).fetchall()
        for (shape,) in shapes:
            target.execute(shape)
        for table in TABLES:
            columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
            if table.endswith("_search"):
                columns.insert(0, "rowid")
            names, places = ", ".join(columns), ", ".join("?" * len(columns))
            # In the order in which they came, as the mirror had to write them.
            order = " ORDER BY uid" if table == "native_ids" else ""
            found = source.execute(f"SELECT {names} FROM {table}{order}")
            while part := found.fetchmany(5000):
                began = time.perf_counter()
                target.execute("BEGIN")
                target.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", part)
                target.execute("COMMIT")
                seconds += time.perf_counter() - began
    return seconds


def _timed(function) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


if __name__ == "__main__":
    measures = {"size": size, "reads": reads, "remote": remote}
    print(json.dumps(measures[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])))
