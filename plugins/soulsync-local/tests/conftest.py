"""Folders of real audio files, and clients that look at them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

from soulsync_engine.contract import ServerContext
from soulsync_engine.models import EVERYTHING, Album, Artist, Page, Problem, Scope, Track
from soulsync_engine.testing.audio import AudioFormat, Tags, write_audio
from soulsync_local.client import LocalClient
from soulsync_local.settings import LocalSettings


class Shelf:
    """A folder of audio files. What is put there was written long ago, unless told otherwise."""

    LONG_AGO = 1_600_000_000

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(
        self, name: str | bytes, *, at: float = LONG_AGO, data: bytes | None = None, **tags: object
    ) -> Path:
        """Write a file with these tags; with none at all, a file without tags. `data` are its bytes instead."""
        path = self.root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is not None:
            path.write_bytes(data)
        else:
            write_audio(path, AudioFormat(path.suffix[1:].lower()), Tags(**tags) if tags else None)
        os.utime(path, (at, at))
        return path

    def album(
        self, folder: str, titles: str = "One Two Three", *, artist: str | None = None, **tags: object
    ) -> None:
        """Write an album of one artist, named after the folder's first part unless given."""
        for number, title in enumerate(titles.split(), start=1):
            self.put(
                f"{folder}/{number:02} {title}.flac",
                title=title,
                artists=(artist or folder.partition("/")[0],),
                album=folder.rpartition("/")[2],
                track=number,
                **tags,
            )


class Recorder(Executor):
    """An executor that does the work at once and remembers which files were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def submit(self, task: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:
        (paths,) = args
        self.read.extend(os.path.basename(os.fsdecode(path)) for path in paths)
        future: Future[object] = Future()
        future.set_result(task(*args, **kwargs))
        return future

    def take(self) -> list[str]:
        """The names of the files read since the last time, sorted."""
        read, self.read = sorted(self.read), []
        return read


class Opened(LocalClient):
    """A client with short ways to whole listings."""

    recorder: Recorder

    def all(
        self, list_page: Callable[[Scope, str | None, int], Page], limit: int = 100, scope: Scope = EVERYTHING
    ):
        """Every item and every problem of a listing, which has to agree with its total."""
        items, problems, cursor = [], [], None
        while True:
            page = list_page(scope, cursor, limit)
            assert len(page.items) <= limit
            items += page.items
            problems += page.problems
            cursor = page.next_cursor
            if cursor is None:
                assert page.total == len(items) + len(problems)
                return items, problems

    def tracks(self, limit: int = 100) -> list[Track]:
        return self.all(self.list_tracks, limit)[0]

    def albums(self, limit: int = 100) -> list[Album]:
        return self.all(self.list_albums, limit)[0]

    def artists(self, limit: int = 100) -> list[Artist]:
        return self.all(self.list_artists, limit)[0]

    def problems(self) -> list[Problem]:
        return self.all(self.list_tracks)[1]

    def ids(self) -> dict[str, str]:
        """The ids of all tracks, by file name."""
        return {os.path.basename(track.path or ""): track.ref.id for track in self.tracks()}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "music")


@pytest.fixture
def other(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "other")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def open_client(shelf: Shelf, data_dir: Path) -> Iterator[Callable[..., Opened]]:
    """Open a client on the shelf, or on other folders; all of them share one index unless told otherwise."""
    opened: list[Opened] = []

    def open_it(
        *roots: Path,
        data: Path = data_dir,
        executor: Executor | None = None,
        here: bool = False,
        own: bool = False,
        **settings: object,
    ) -> Opened:
        recorder = Recorder()
        if here:
            settings["workers"] = 0
        made = LocalSettings(paths=roots or (shelf.root,), **settings)
        log = logging.getLogger("soulsync.test")
        client = Opened(
            ServerContext(
                server="music",
                settings=made,
                data_dir=data,
                log=log,
                executor=None if here or own else executor or recorder,
            )
        )
        client.recorder = recorder
        opened.append(client)
        return client

    yield open_it
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client: Callable[..., Opened]) -> Opened:
    return open_client()


@pytest.fixture
def bound_by_rights(tmp_path: Path) -> Iterator[None]:
    """Be a user that rights bind, also where the tests run as the superuser."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    for folder in (tmp_path, *tmp_path.rglob("*")):
        os.chown(folder, nobody, nobody)
    # The folders that pytest makes above are closed to others.
    closed = [parent for parent in tmp_path.parents if not parent.stat().st_mode & 0o001]
    modes = {parent: parent.stat().st_mode & 0o7777 for parent in closed}
    for parent in closed:
        parent.chmod(0o755)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in modes.items():
            parent.chmod(mode)
