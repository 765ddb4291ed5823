"""Other programs that read a folder of tagged files into a database, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import scan
from measuring import Row, environment, run_json


def rows(library: Path, files: int, environments: Path) -> list[Row]:
    """Our cold scan against beets and supysonic, in this run on the same files."""
    with tempfile.TemporaryDirectory(dir=library.parent) as data:
        ours = run_json(Path(scan.__file__), "cold", str(library), data)["seconds"]
    table = []
    for name, measure in (("beets import -A", beets_seconds), ("supysonic folder scan", supysonic_seconds)):
        theirs = measure(library, environments)
        table.append(
            Row(
                f"cold scan + mirror of {files:,} files against {name}",
                ">= 10x",
                f"{theirs / ours:.0f}x ({files / theirs:,.0f} files/s there)",
                theirs / ours >= 10,
            )
        )
    return table


def beets_seconds(library: Path, environments: Path) -> float:
    """`beet import -A`: as is, quiet, nothing copied or written."""
    binaries = environment(environments / "beets", "beets")
    with tempfile.TemporaryDirectory(dir=library.parent) as home:
        config = Path(home, "config.yaml")
        config.write_text(
            f"directory: {library}\nlibrary: {home}/library.db\nimport: {{copy: no, write: no}}\n"
        )
        return _timed(
            [str(binaries / "beet"), "-c", str(config), "import", "-A", "-q", "-C", "-W", str(library)],
            {"BEETSDIR": home},
        )


def supysonic_seconds(library: Path, environments: Path) -> float:
    """`supysonic-cli folder scan`, its database on the same disk as ours."""
    binaries = environment(environments / "supysonic", "supysonic", "setuptools<81")
    with tempfile.TemporaryDirectory(dir=library.parent) as home:
        folder = Path(home, ".config", "supysonic")
        folder.mkdir(parents=True)
        (folder / "supysonic.conf").write_text(
            f"[base]\ndatabase_uri = sqlite:///{home}/supysonic.db\n"
            f"[webapp]\ncache_dir = {home}/cache\nlog_file = {home}/log\n"
            f"[daemon]\nsocket = {home}/socket\nrun_watcher = false\n"
        )
        cli, environ = str(binaries / "supysonic-cli"), {"HOME": home, "XDG_CONFIG_HOME": f"{home}/.config"}
        _timed([cli, "folder", "add", "Music", str(library)], environ)
        return _timed([cli, "folder", "scan", "Music", "-f", "--foreground"], environ)


def _timed(command: list[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start
