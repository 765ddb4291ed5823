"""A folder of tagged files: the first scan into the mirror, and the rescan of what did not change.

Run as a script it is one measurement in a process of its own: `scan.py cold|mutagen|rescan LIBRARY DATA`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from measuring import Row, best_of, peak_mb, run_json

REPEAT = 3


def rows(library: Path, files: int) -> list[Row]:
    """The rows of the table, all measured in this run on the same files."""
    runs: list[tuple[float, dict[str, float]]] = []
    for _ in range(REPEAT):
        with tempfile.TemporaryDirectory(dir=library.parent) as data:
            floor = run_json(Path(__file__), "mutagen", str(library), data)["seconds"]
            cold = run_json(Path(__file__), "cold", str(library), data)
            runs.append((floor / cold["seconds"], cold))
    ratio, cold = sorted(runs, key=lambda run: run[0])[REPEAT // 2]
    peak = max(run["peak_mb"] for _, run in runs)
    with tempfile.TemporaryDirectory(dir=library.parent) as data:
        again = run_json(Path(__file__), "rescan", str(library), data)
    slower = again["seconds"] / again["floor_seconds"]
    return [
        Row(
            f"cold scan + mirror of {files:,} files against a single-process `mutagen.File` loop (median of {REPEAT})",
            ">= 2.0x",
            f"{ratio:.2f}x ({files / cold['seconds']:,.0f} files/s)",
            ratio >= 2.0,
        ),
        Row("peak memory of that scan, main process", "<= 150 MB", f"{peak:.0f} MB", peak <= 150),
        Row(
            "rescan + sync with nothing changed against `os.scandir` + `stat`",
            "<= 5x",
            f"{slower:.1f}x ({again['seconds'] * 1000:.0f} ms)",
            slower <= 5,
        ),
        Row("files opened by that rescan", "0", f"{again['opened']:.0f}", again["opened"] == 0),
    ]


def cold(library: Path, data: Path) -> dict[str, float]:
    """The first sync of a library nobody has seen yet."""
    from soulsync_engine import MediaServerEngine

    with MediaServerEngine(_config(library, data)) as engine:
        engine.ensure_connection()
        engine.mirror.counts()
        start = time.perf_counter()
        report = engine.sync()
        seconds = time.perf_counter() - start
        tracks = engine.mirror.counts().tracks
    if report.problems:
        raise SystemExit(f"the scan reported problems: {report.problems[:3]}")
    return {"seconds": seconds, "tracks": tracks, "peak_mb": peak_mb()}


def mutagen_loop(library: Path) -> dict[str, float]:
    """The floor: every file through mutagen, one after the other, nothing stored."""
    import mutagen

    start = time.perf_counter()
    files = 0
    for folder, _, names in os.walk(library):
        for name in names:
            mutagen.File(os.path.join(folder, name))
            files += 1
    return {"seconds": time.perf_counter() - start, "files": files}


def rescan(library: Path, data: Path) -> dict[str, float]:
    """A sync that finds nothing to do, against a bare walk, and the audio files it opened."""
    from soulsync_engine import MediaServerEngine

    opened = 0
    prefix = str(library)

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal opened
        path = os.fsdecode(arguments[0]) if event == "open" and isinstance(arguments[0], str | bytes) else ""
        opened += path.startswith(prefix) and not os.path.isdir(path)

    with MediaServerEngine(_config(library, data)) as engine:
        engine.sync()
        engine.sync()
        sys.addaudithook(count)

        def once() -> float:
            start = time.perf_counter()
            report = engine.sync()
            if report.mode != "unchanged":
                raise SystemExit(f"the rescan found something: {report.reason}")
            return time.perf_counter() - start

        seconds = best_of(once, 5)
    return {"seconds": seconds, "floor_seconds": best_of(lambda: _walk(prefix), 5), "opened": opened}


def _walk(root: str) -> float:
    start = time.perf_counter()
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
    return time.perf_counter() - start


def _config(library: Path, data: Path) -> dict[str, object]:
    return {
        "servers": {"music": {"backend": "local", "path": str(library)}},
        "engine": {"data_dir": str(data)},
    }


if __name__ == "__main__":
    what, library_argument, data_argument = sys.argv[1:]
    library_path, data_path = Path(library_argument), Path(data_argument)
    if what == "cold":
        print(json.dumps(cold(library_path, data_path)))
    elif what == "mutagen":
        print(json.dumps(mutagen_loop(library_path)))
    else:
        print(json.dumps(rescan(library_path, data_path)))
