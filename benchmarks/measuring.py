"""Running a piece of Python in a fresh interpreter and reading off what it cost."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the bar it must reach, what came out."""

    what: str
    bar: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "**no**", None: "-"}[self.reached]


def run_json(script: Path, *arguments: str, python: str = sys.executable) -> dict[str, float]:
    """What a script prints as its last line, a JSON object of numbers."""
    done = subprocess.run(
        [python, str(script), *arguments], check=True, stdout=subprocess.PIPE, text=True, cwd=script.parent
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def environment(folder: Path, *requirements: str) -> Path:
    """The folder of programs of an environment with these packages, made when it is not there."""
    binaries = folder / "bin"
    if not binaries.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(binaries / "pip"), "install", "--quiet", *requirements], check=True)
    return binaries


def fast_folder() -> str | None:
    """Memory-backed storage where there is some, so that the disk of the day does not decide."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def cpu_ms(command: Sequence[str], repeat: int = 11) -> float:
    """The median CPU time of a command, in milliseconds, its children included."""
    return statistics.median(_cpu_once(command) for _ in range(repeat)) * 1000


def wall_ms(command: Sequence[str], environ: Mapping[str, str] | None = None, repeat: int = 11) -> float:
    """The median wall time of a command, in milliseconds."""

    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(environ or {})})
        return time.perf_counter() - start

    return statistics.median(once() for _ in range(repeat)) * 1000


def best_of(function: Callable[[], float], repeat: int) -> float:
    """The smallest of several measurements: what the machine can do when nothing else disturbs it."""
    return min(function() for _ in range(repeat))


def peak_mb() -> float:
    """The largest resident size this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cpu_once(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
