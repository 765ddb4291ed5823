"""Measures what docs/performance.md reports: `nox -s bench`, or `nox -s bench -- --files 2000 --no-peers`."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
from datetime import date
from pathlib import Path

import jellyfin
import mirror
import navidrome
import peers
import plex
import scan
import startup
from measuring import Row, fast_folder

from soulsync_engine.testing.audio.collection import generate_library

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=20_000, help="files in the made-up library")
    options.add_argument(
        "--peer-files", type=int, default=4000, help="files that the other programs read, too"
    )
    options.add_argument("--tracks", type=int, default=100_000, help="tracks on a simulated server")
    options.add_argument("--mirrored", type=int, default=1_000_000, help="tracks in the large mirror")
    options.add_argument("--no-peers", action="store_true", help="leave out the other programs")
    options.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soulsync-bench-", dir=fast_folder()))
    # Every process has its modules compiled, as an installation has them.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    try:
        library = folder / "library"
        generate_library(library, chosen.files)
        table = startup.rows() + scan.rows(library, chosen.files)
        if not chosen.no_peers:
            shared = folder / "shared"
            generate_library(shared, chosen.peer_files)
            table += peers.rows(shared, chosen.peer_files, folder / "environments")
        table += mirror.rows(chosen.mirrored)
        table += navidrome.rows(chosen.tracks, peers=not chosen.no_peers)
        if not chosen.no_peers:
            # These two compare with other people's clients alone.
            table += jellyfin.rows() + plex.rows()
    finally:
        shutil.rmtree(folder)
    text = render(table, chosen.files)
    print(text)
    if chosen.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def render(table: list[Row], files: int) -> str:
    """The table in Markdown, with what it was measured on."""
    lines = ["| what | bar | measured | reached |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.bar} | {row.measured} | {row.verdict} |" for row in table]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    return "\n".join([*lines, "", f"{machine}; {files:,} files; {date.today():%Y-%m-%d}."])


if __name__ == "__main__":
    main()
