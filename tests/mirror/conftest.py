"""A shelf of items that a test arranges as it likes, behind the real border of a media server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from soulsync_engine.capabilities import grade_class
from soulsync_engine.config import ServerConfig
from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.discovery import BackendRecord
from soulsync_engine.errors import ConflictError
from soulsync_engine.loading import LoadedBackend
from soulsync_engine.mirror import Mirror
from soulsync_engine.models import (
    Album,
    Artist,
    ChangedPage,
    Item,
    ItemRef,
    Kind,
    Library,
    Page,
    PagingLimits,
    Problem,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.policy import SyncPolicy
from soulsync_engine.server import MediaServer
from soulsync_engine.session import Session
from soulsync_engine.settings import BackendSettings
from soulsync_engine.spec import BackendSpec
from soulsync_engine.sync import SyncReport, sync_server

Hook = Callable[[str, Page[object]], Page[object]]


@dataclass
class Shelf:
    """What the server holds. `hook` may change or refuse a page; it gets the operation and its number from 0."""

    name: str = "music"
    page_size: int = 3
    libraries: tuple[Library, ...] = (Library(id="L1", name="Music", paths=("/music",)),)
    items: dict[tuple[Kind, str], Item] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    proof: str | None = None
    token: str = "t0"
    changed: list[tuple[Kind, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    hook: Callable[[str, int, Page], Page] | None = None

    def put(self, *items: Item) -> None:
        for item in items:
            self.items[item.ref.kind, item.ref.id] = item
            self.changed.append((item.ref.kind, item.ref.id))

    def stock(self, count: int) -> Shelf:
        """So many songs, albums and artists."""
        for number in map(str, range(count)):
            self.put(
                self.track(number, f"Song {number}"),
                Album(ref=self.ref(Kind.ALBUM, number), title=f"Album {number}"),
                Artist(ref=self.ref(Kind.ARTIST, number), name=f"Artist {number}"),
            )
        return self

    def drop(self, *items: Item) -> None:
        for item in items:
            del self.items[item.ref.kind, item.ref.id]

    def ref(self, kind: Kind, id: str) -> ItemRef:
        return ItemRef(self.name, kind, id)

    def track(self, id: str, title: str = "", **values: object) -> Track:
        values.setdefault("library_id", "L1")
        return Track(ref=self.ref(Kind.TRACK, id), title=title or f"Title {id}", **values)

    def of(self, kind: Kind, scope: Scope) -> list[Item]:
        return [
            item
            for (of, _), item in self.items.items()
            if of is kind and (scope.libraries is None or item.library_id in scope.libraries)
        ]

    def page(self, operation: str, kind: Kind, values: list, cursor: str | None, limit: int) -> Page:
        number = sum(call == operation for call in self.calls)
        self.calls.append(operation)
        problems = [problem for problem in self.problems if problem.kind is kind]
        start = int(cursor or 0)
        end = start + limit
        page = Page(
            items=tuple(values[start:end]),
            next_cursor=str(end) if end < len(values) else None,
            total=len(values) + len(problems),
            problems=tuple(problems) if start == 0 else (),
            empty_proof=self.proof,
        )
        return page if self.hook is None else self.hook(operation, number, page)


class Plain(MediaServerClient):
    """Offers what every backend has to, and no more."""

    shelf: Shelf

    def __init__(self, context: ServerContext) -> None:
        self.limits = PagingLimits(max_page_size=self.shelf.page_size)

    def connect(self) -> ServerInfo:
        return ServerInfo(product="Shelf", version="1")

    def list_libraries(self) -> tuple[Library, ...]:
        self.shelf.calls.append("list_libraries")
        return self.shelf.libraries

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page:
        return self._page("list_artists", Kind.ARTIST, scope, cursor, limit)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page:
        return self._page("list_albums", Kind.ALBUM, scope, cursor, limit)

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page:
        return self._page("list_tracks", Kind.TRACK, scope, cursor, limit)

    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page:
        ids = [item.ref.id for item in self.shelf.of(kind, scope)]
        return self.shelf.page("list_ids", kind, ids, cursor, limit)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        self.shelf.calls.append("get_items")
        return tuple(self.shelf.items[kind, id] for id in ids if (kind, id) in self.shelf.items)

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        return SearchResult()

    def _page(self, operation: str, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page:
        return self.shelf.page(operation, kind, self.shelf.of(kind, scope), cursor, limit)


class Telling(Plain):
    """Can tell whether anything changed."""

    def change_token(self, scope: Scope) -> str:
        self.shelf.calls.append("change_token")
        return self.shelf.token


class Detailed(Telling):
    """Can tell what changed since the last look; knows no token but the last one."""

    known: tuple[str, ...] = ("t0", "t1")

    def list_changed(self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int) -> Page:
        if since not in self.known:
            raise ConflictError("The token is too old.")
        wanted = {id for of, id in self.shelf.changed if of is kind}
        items = [item for item in self.shelf.of(kind, scope) if item.ref.id in wanted]
        page = self.shelf.page("list_changed", kind, items, cursor, limit)
        return ChangedPage(items=page.items, next_cursor=page.next_cursor, total=None)


Serve = Callable[..., MediaServer]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Makes a media server of a shelf and a client class."""

    def serve(shelf: Shelf, client: type[Plain] = Plain) -> MediaServer:
        own = type(client.__name__, (client,), {"shelf": shelf})
        spec = BackendSpec(name="shelf", title="Shelf", contract=1, client="none:None", settings="none:None")
        backend = LoadedBackend(
            record=BackendRecord(name="shelf", distribution="shelf", version="1", value="none:None"),
            spec=spec,
            client_class=own,
            settings_class=BackendSettings,
            capabilities=grade_class(MediaServerClient, own),
        )
        return MediaServer(
            ServerConfig(name=shelf.name, backend="shelf"),
            lambda config: Session(config, backend, data_dir=tmp_path, plugins=GlobalPlugins()),
        )

    return serve


@pytest.fixture
def clients() -> dict[str, type[Plain]]:
    return {"plain": Plain, "telling": Telling, "detailed": Detailed}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def make_shelf() -> type[Shelf]:
    return Shelf


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a mirror that has been made and not used: copying it is faster than making another one."""
    file = tmp_path_factory.mktemp("blank") / "mirror.sqlite3"
    Mirror.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, blank: Path) -> str:
    shutil.copy(blank, tmp_path / "mirror.sqlite3")
    return f"sqlite:///{tmp_path / 'mirror.sqlite3'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long in PostgreSQL, too, to the session that repeats tests."""
    for item in items:
        if item.get_closest_marker("costly") and "postgresql" in item.name:
            item.add_marker("repeated")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty mirror, in each database."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def mirror(url: str) -> Iterator[Mirror]:
    with Mirror.open(url) as mirror:
        yield mirror


@pytest.fixture
def sync() -> Callable[..., SyncReport]:
    """A sync after which what is gone is removed, all of it, unless the test has another policy."""
    return partial(sync_server, policy=SyncPolicy(grace_sweeps=1, confirm_above=1.0))
