"""Servers that any process can open: what they hold is in a file, and what happens on the way can be ordered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.discovery import in_process
from soulsync_engine.plugin import BackendSpec

# Written to a folder of the test's own: an editable copy of it is what workers import.
MODULE = '''
"""A server in a folder. A file `die` in it kills whoever reads its third page, once."""

import os
import signal
import time
from pathlib import Path

from soulsync_engine.models import (
    Album, Artist, ItemRef, Kind, Library, Page, PagingLimits, SearchResult, ServerInfo, Track,
)
from soulsync_engine.plugin import BackendSettings, MediaServerClient, UnavailableError


class Settings(BackendSettings):
    folder: str
    tracks: int = 40


class Client(MediaServerClient):
    limits = PagingLimits(max_page_size=5)

    def __init__(self, context):
        super().__init__(context)
        self.folder, self.tracks = Path(context.settings.folder), context.settings.tracks

    def connect(self):
        return ServerInfo(product="Folder", version="1")

    def list_libraries(self):
        return (Library(id="1", name="Music"),)

    def list_tracks(self, scope, cursor, limit):
        return self._page(Kind.TRACK, self.tracks, cursor, limit)

    def list_albums(self, scope, cursor, limit):
        return self._page(Kind.ALBUM, self.tracks // 10, cursor, limit)

    def list_artists(self, scope, cursor, limit):
        return self._page(Kind.ARTIST, 2, cursor, limit)

    def get_items(self, kind, ids):
        return ()

    def search(self, query, kinds, scope, limit):
        return SearchResult()

    def _page(self, kind, total, cursor, limit):
        start = int(cursor or 0)
        self._happen(kind, start)
        with (self.folder / "read").open("a") as log:
            log.write(f"{os.getpid()} {kind} {start}\\\\n")
        time.sleep(0.01)
        end = min(start + limit, total)
        make = {Kind.TRACK: Track, Kind.ALBUM: Album, Kind.ARTIST: Artist}[kind]
        name = "name" if kind is Kind.ARTIST else "title"
        items = tuple(
            make(ref=ItemRef(self.server, kind, str(n)), library_id="1", **{name: f"{kind} {n} of {self.server}"})
            for n in range(start, end)
        )
        return Page(items=items, next_cursor=str(end) if end < total else None, total=total)

    def _happen(self, kind, start):
        if (self.folder / "down").exists():
            raise UnavailableError("The folder is away.")
        if kind is Kind.TRACK and start == 15:
            try:
                (self.folder / "die").unlink()
            except FileNotFoundError:
                return
            os.kill(os.getpid(), signal.SIGKILL)
'''

SPEC = BackendSpec(
    name="folder", title="Folder", contract=1, client="fleet_folder:Client", settings="fleet_folder:Settings"
)


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend, importable here and in the processes that are started from here."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "fleet_folder.py").write_text(MODULE.replace("\\\\n", "\\n"))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The folders of five servers."""
    made = {f"server{number}": tmp_path / f"server{number}" for number in range(5)}
    for folder in made.values():
        folder.mkdir()
    return made


@pytest.fixture
def engine_at(folders: dict[str, Path], tmp_path: Path) -> Iterator[Callable[[str], MediaServerEngine]]:
    """Opens an engine with all of them and a mirror at an address."""
    opened: list[MediaServerEngine] = []

    def open_engine(url: str) -> MediaServerEngine:
        config: dict[str, object] = {
            "servers": {name: {"backend": "folder", "folder": str(at)} for name, at in folders.items()},
            "mirror": {"url": url},
            "engine": {"data_dir": str(tmp_path / "data")},
        }
        engine = MediaServerEngine(json.loads(json.dumps(config)), records=in_process(SPEC))
        opened.append(engine)
        return engine

    yield open_engine
    for engine in opened:
        engine.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'mirror.sqlite3'}"
