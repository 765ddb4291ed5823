"""What each test of the kit works with: the backend under test, seeded servers, open connections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.config.model import ServerConfig
from soulsync_engine.config.secrets import secret_fields
from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.loading import LoadedBackend, load
from soulsync_engine.mirror import Mirror
from soulsync_engine.models import Album, Artist, Item, Kind, Library, Page, PagingLimits, Scope, Track
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.session import Session
from soulsync_engine.testing.scenarios import Scenario

if TYPE_CHECKING:
    from soulsync_engine.discovery import BackendRecord
    from soulsync_engine.testing.conformance.harness import Harness

SERVER = "kit"
"""The configured name of the server under test."""

ITEM_KINDS = (Kind.ARTIST, Kind.ALBUM, Kind.TRACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A server that holds a scenario: how to reach it, and the folder that was given for making it."""

    scenario: Scenario
    settings: Mapping[str, object] = field(repr=False)
    folder: Path


class Kit:
    """The backend under test. Everything opened here is closed when the test ends."""

    def __init__(
        self, author: Harness, record: BackendRecord, folder: Path, request: pytest.FixtureRequest
    ) -> None:
        self.author = author
        self.record = record
        self._folder = folder
        self._request = request
        self._open = ExitStack()
        self._own = 0

    @property
    def loaded(self) -> LoadedBackend:
        """The backend's classes, imported and checked."""
        return load(self.record)

    def seed(self, scenario: Scenario, *, own: bool = False) -> Seed:
        """A server with this content. Tests that write ask for one of their `own`, the others share."""
        shared = self.author.seeds
        if own:
            self._own += 1
            return self._seeded(scenario, self._folder / f"own-{self._own}")
        if scenario.name not in shared:
            shared[scenario.name] = self._seeded(scenario, self._folder / "shared")
        return shared[scenario.name]

    def server(self, scenario: Scenario, *, own: bool = False) -> MediaServer:
        """A connected server with this content, as a host opens it."""
        seed = self.seed(scenario, own=own)
        return self.connected(self.open(seed.settings, seed.folder))

    def connected(self, server: MediaServer) -> MediaServer:
        """The server once it answered; what it says of itself goes into the report."""
        info = server.connect()
        self._request.node.user_properties.append(
            ("soulsync_server", f"{info.product} {info.version}".strip())
        )
        return server

    def engine(self, settings: Mapping[str, object], folder: Path) -> MediaServerEngine:
        """An engine with these settings and nothing of the user's own: no plugins, no variables, no files."""
        config = {
            "server": {"active": SERVER},
            "servers": {SERVER: {"backend": self.record.name, **settings}},
            "mirror": {"url": f"sqlite:///{(folder / 'mirror.db').as_posix()}"},
            "engine": {"data_dir": str(folder / "data")},
        }
        engine = MediaServerEngine(config, records=[self.record], plugins=GlobalPlugins())
        return self._open.enter_context(engine)

    def open(self, settings: Mapping[str, object], folder: Path) -> MediaServer:
        """A server with these settings, as a host opens it; no request has been made."""
        return self.engine(settings, folder).server(SERVER)

    def small_pages(
        self, seed: Seed, limit: int, *, name: str, settings: Mapping[str, object]
    ) -> MediaServer:
        """A server of which listings are read in pages of at most `limit` items; no request has been made.

        It goes by this name, and has these settings beside those of the seed. Close it.
        """
        loaded = self.loaded
        config = ServerConfig(name=name, backend=self.record.name, settings={**seed.settings, **settings})

        def opened(config: ServerConfig) -> Session:
            return Session(config, loaded, data_dir=seed.folder / "data", plugins=GlobalPlugins())

        return _SmallPages(config, opened, limit)

    def mirror(self, folder: Path) -> Mirror:
        """An empty mirror in this folder."""
        return self._open.enter_context(Mirror.open(f"sqlite:///{(folder / 'mirror.db').as_posix()}"))

    def client(self, seed: Seed) -> MediaServerClient:
        """The backend's client itself, without the engine around it."""
        loaded = self.loaded
        context = ServerContext(
            server=SERVER,
            settings=loaded.settings_class.model_validate(dict(seed.settings)),
            data_dir=seed.folder / "data" / "servers" / SERVER,
            log=logging.getLogger(f"soulsync_engine.testing.{self.record.name}"),
        )
        client = loaded.client_class(context)
        self._open.callback(client.close)
        return client

    def unreachable(self, scenario: Scenario) -> MediaServer:
        """A server whose machine, service or folder is gone."""
        seed = self.seed(scenario, own=True)
        return self.open(self.author.make_unreachable(seed.settings, seed.folder), seed.folder)

    def rejected(self, scenario: Scenario) -> tuple[MediaServer, list[str]]:
        """A server that refuses the credentials, and the secrets it was given."""
        seed = self.seed(scenario, own=True)
        fields = secret_fields(self.loaded.settings_class)
        if not fields:
            pytest.skip("the backend has no credentials")
        settings = dict(self.author.reject_credentials(seed.settings, seed.folder))
        return self.open(settings, seed.folder), [
            str(settings[name]) for name in fields if settings.get(name)
        ]

    def change(self, seed: Seed, after: Scenario) -> Seed:
        """Let the server hold other content, through the author's hook."""
        self.author.change_library(seed.settings, seed.scenario, after, seed.folder)
        return Seed(scenario=after, settings=seed.settings, folder=seed.folder)

    def library(self, server: MediaServer, name: str) -> Library:
        """The library of the server that holds the scenario's library of that name."""
        libraries = server.list_libraries()
        for library in libraries:
            if library.name == name or any(Path(path).name == name for path in library.paths):
                return library
        shown = ", ".join(library.name for library in libraries) or "none"
        return pytest.fail(f"the server shows no library called {name!r} (it shows: {shown})")

    def close(self) -> None:
        """Close what the test opened."""
        self._open.close()

    def _seeded(self, scenario: Scenario, parent: Path) -> Seed:
        folder = parent / scenario.name
        folder.mkdir(parents=True)
        return Seed(scenario=scenario, settings=self.author.make_settings(scenario, folder), folder=folder)


class _SmallPages(MediaServer):
    """A server that is asked for small pages, so that few items make many of them."""

    def __init__(
        self, config: ServerConfig, open_session: Callable[[ServerConfig], Session], limit: int
    ) -> None:
        super().__init__(config, open_session)
        self._limit = limit

    @property
    def limits(self) -> PagingLimits:
        limits = super().limits
        return replace(limits, max_page_size=min(self._limit, limits.max_page_size))


def require(server: MediaServer, *operations: str) -> None:
    """Skip the test unless the server offers these operations; the negative group has its own test for that case."""
    for name in operations:
        support = server.capabilities()[name]
        if not support.offered:
            pytest.skip(f"{name} is not offered: {support.reason}")


def list_page(server: MediaServer, kind: Kind, cursor: str | None, limit: int, scope: Scope) -> Page[Item]:
    """One page of the listing of a kind."""
    if kind is Kind.ARTIST:
        return _as_items(server.list_artists(scope, cursor, limit))
    if kind is Kind.ALBUM:
        return _as_items(server.list_albums(scope, cursor, limit))
    return _as_items(server.list_tracks(scope, cursor, limit))


def _as_items(page: Page[Artist] | Page[Album] | Page[Track]) -> Page[Item]:
    """The same page: a page of artists is not a page of items to a type checker."""
    return Page(
        items=tuple(page.items),
        next_cursor=page.next_cursor,
        total=page.total,
        problems=page.problems,
        empty_proof=page.empty_proof,
    )


def assert_no_secret(texts: Iterable[str], secrets: Iterable[str]) -> None:
    """No secret turns up in any of the texts."""
    for secret in secrets:
        assert not any(secret in text for text in texts), "a secret is shown to the user"
