"""The engine: all configured servers behind one API, one of them active."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from threading import Event, RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from soulsync_engine.config import EngineConfig, ServerConfig, config_from_mapping, load_config
from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_engine.errors import ClosedError, ConfigurationError, NotFoundError, SoulSyncError
from soulsync_engine.loading import load
from soulsync_engine.models import Status
from soulsync_engine.operations import Operations
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.session import Session

if TYPE_CHECKING:
    from soulsync_engine.mirror import Mirror
    from soulsync_engine.sync import SyncProgress, SyncReport


class MediaServerEngine(Operations):
    """Every configured server. `engine.X()` goes to the active one, `engine.server(name).X()` to any.

    Building an engine imports no backend and makes no request. It may be used from several threads, and
    as a context manager. Two engines share nothing.
    """

    def __init__(
        self,
        config: EngineConfig | Mapping[str, object],
        *,
        records: Sequence[BackendRecord] | None = None,
        plugins: GlobalPlugins | None = None,
        executor: Executor | None = None,
    ) -> None:
        """`config` is what `load_config` returns, or a mapping of the same shape as the file.

        `records` replaces the installed backends (see `discovery.in_process`), `plugins` the installed
        plugins. `executor` is what backends do parallel work with, where they have any.
        """
        self._records = records
        self._config = (
            config if isinstance(config, EngineConfig) else config_from_mapping(config, records=records)
        )
        source = self._config.source
        self._read_again: Callable[[], EngineConfig] = (
            partial(load_config, source, records=records) if source else self._unchanged
        )
        self._plugins = plugins
        self._executor = executor
        self._lock = RLock()
        self._servers: dict[str, MediaServer] = {}
        self._mirror: Mirror | None = None
        self._active = self._config.active
        self._closed = False

    @classmethod
    def from_config(cls, path: Path | str | None = None) -> MediaServerEngine:
        """The engine of a configuration file, by default the user's, which need not exist yet."""
        read = partial(load_config, None if path is None else Path(path))
        engine = cls(read())
        engine._read_again = read
        return engine

    @property
    def config(self) -> EngineConfig:
        """The configuration in force."""
        return self._config

    # servers

    def server(self, name: str | None = None) -> MediaServer:
        """A configured server by its name, the active one without. Opened at its first use."""
        with self._lock:
            if self._closed:
                raise ClosedError("The engine was closed.", next_step="Make a new one.")
            name = self.active_server if name is None else name
            if name not in self._servers:
                self._servers[name] = MediaServer(self._configured(name), self._open)
            return self._servers[name]

    def client(self, name: str) -> MediaServer:
        """The same as `server`, under the name older hosts know."""
        return self.server(name)

    def active_client(self) -> MediaServer:
        """The active server."""
        return self.server()

    @property
    def active_server(self) -> str:
        """The name of the active server: the one configured so, or the only one there is."""
        if self._active is not None:
            return self._active
        names = list(self._config.servers)
        if names:
            raise ConfigurationError(
                f"No server is active (configured: {', '.join(names)}).",
                next_step="Choose one with: soulsync servers use NAME, or [server] active in the configuration.",
            )
        raise ConfigurationError(
            "No server is configured.", next_step="Add one with: soulsync servers add NAME --backend BACKEND"
        )

    def get_active_client_type(self) -> str:
        """The name of the active server's backend."""
        return self.server().backend

    def configured_clients(self) -> dict[str, MediaServer]:
        """Every configured server, by name."""
        return {name: self.server(name) for name in self._config.servers}

    def use(self, name: str) -> None:
        """Make another server the active one, in this engine only."""
        self._active = self._configured(name).name

    def reload_config(self, name: str | None = None) -> None:
        """Read the configuration file again and reopen the server of that name, or all of them.

        The mirror is reopened when it is another one. An engine configured in code keeps its configuration and only
        reopens. A faulty file changes nothing.
        """
        config = self._read_again()
        mirror = None
        with self._lock:
            if config.mirror_url != self._config.mirror_url:
                mirror, self._mirror = self._mirror, None
            self._config = config
            if self._active not in config.servers or name is None:
                self._active = config.active
            for reopened in [name] if name is not None else list(self._servers):
                if reopened in self._servers:
                    self._servers.pop(reopened).close()
        if mirror is not None:
            mirror.close()
        if name is not None:
            self._configured(name)

    def status(self, refresh: bool = False) -> Status:
        """The status of the active server; see `Operations.status`."""
        return self.server().status(refresh)

    # the mirror

    @property
    def mirror(self) -> Mirror:
        """The local mirror of all servers, opened at its first use."""
        from soulsync_engine.mirror import Mirror

        with self._lock:
            if self._closed:
                raise ClosedError("The engine was closed.", next_step="Make a new one.")
            if self._mirror is None:
                self._mirror = Mirror.open(self._config.mirror_url)
            return self._mirror

    def sync(
        self,
        server: str | None = None,
        *,
        full: bool = False,
        dry_run: bool = False,
        confirm: str | None = None,
        on_progress: Callable[[SyncProgress], None] | None = None,
        cancel: Event | None = None,
    ) -> SyncReport:
        """Bring the mirror up to date with one server, by default the active one.

        `full` reads everything even where nothing seems to have changed; `dry_run` writes nothing; `confirm` is the
        confirmation that an earlier report asked for; `cancel` stops within a page. What was not proven gone stays.
        """
        from soulsync_engine.sync import sync_server

        target = self.server(server)
        report = sync_server(
            target,
            self.mirror,
            policy=self._config.sync,
            full=full,
            dry_run=dry_run,
            confirm=confirm,
            on_progress=on_progress,
            cancel=cancel,
        )
        if report.state == "complete" and not dry_run:
            summary = f"{report.mode}: {report.reason}"
            self._global_plugins().notify(
                "soulsync_sync_finished", server=target._session().description, summary=summary
            )
        return report

    def sync_all(
        self,
        executor: Executor | None = None,
        *,
        servers: Sequence[str] | None = None,
        full: bool = False,
        wait_seconds: float = 0.0,
    ) -> Mapping[str, SyncReport | SoulSyncError]:
        """Sync several servers at once, by default all; gives for each its report, or the error it ended with.

        `executor` is any `concurrent.futures.Executor`: without one, a few threads; in processes or on other machines,
        each job builds an engine from this one's configuration, secrets included, and writes to the same mirror, which
        then has to be reachable from there. `wait_seconds` is for how long a job waits for another sync of its server,
        which may be that of a worker that died.
        """
        from soulsync_engine.sync.fleet import sync_all

        names = (
            list(self._config.servers) if servers is None else [self._configured(one).name for one in servers]
        )
        return sync_all(self, names, executor, full=full, wait_seconds=wait_seconds, records=self._records)

    def verify(self, server: str | None = None) -> SyncReport:
        """Compare the mirror with all that a server has, and write nothing.

        The report says what a sync would do; `report.changed` is whether that is anything.
        """
        return self.sync(server, full=True, dry_run=True)

    # life

    def close(self) -> None:
        """Close every server and the mirror. Closing twice is fine."""
        with self._lock:
            self._closed = True
            servers, self._servers = list(self._servers.values()), {}
            mirror, self._mirror = self._mirror, None
        for server in servers:
            server.close()
        if mirror is not None:
            mirror.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unchanged(self) -> EngineConfig:
        return self._config

    def _session(self) -> Session:
        return self.server()._session()

    def _configured(self, name: str) -> ServerConfig:
        servers = self._config.servers
        if name in servers:
            return servers[name]
        near = difflib.get_close_matches(name, servers, n=1)
        suggestion = f"Did you mean {near[0]!r}?" if near else "Add it with: soulsync servers add"
        raise NotFoundError(
            f"No server is called {name!r} (configured: {', '.join(servers) or 'none'}).",
            next_step=suggestion,
        )

    def _open(self, config: ServerConfig) -> Session:
        records = discover() if self._records is None else self._records
        return Session(
            config,
            load(find(config.backend, records)),
            data_dir=self._config.data_dir,
            plugins=self._global_plugins(),
            executor=self._executor,
        )

    def _global_plugins(self) -> GlobalPlugins:
        with self._lock:
            if self._plugins is None:
                self._plugins = GlobalPlugins.installed()
            return self._plugins
