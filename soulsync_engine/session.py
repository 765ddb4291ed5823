"""An opened server: its client behind the bus, and the border that every call crosses.

At the border an operation that is not offered is refused without a request, the server is connected before
its first use, what comes back is checked, and nothing leaves that holds a secret.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from threading import RLock
from typing import Concatenate, Final, NoReturn, ParamSpec, TypeVar

from soulsync_engine.answers import check
from soulsync_engine.bus import ServerBus
from soulsync_engine.capabilities import Capabilities
from soulsync_engine.config.model import ServerConfig
from soulsync_engine.config.validation import secrets_of, validate_settings
from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.errors import (
    ClosedError,
    ContractViolationError,
    SoulSyncError,
    UnsupportedError,
)
from soulsync_engine.hookspecs import ServerDescription
from soulsync_engine.loading import LoadedBackend
from soulsync_engine.models import PagingLimits, ServerInfo
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.redaction import SecretRedactor
from soulsync_engine.settings import BackendSettings

P = ParamSpec("P")
R = TypeVar("R")
NO_ARGUMENTS: Final[Mapping[str, object]] = {}


class Session:
    """One server, opened. May be used from several threads."""

    def __init__(
        self,
        config: ServerConfig,
        backend: LoadedBackend,
        *,
        data_dir: Path,
        plugins: GlobalPlugins,
        executor: Executor | None = None,
    ) -> None:
        """Validate the settings and build the client; makes no request."""
        settings = validate_settings(backend.settings_class, config.settings, server=config.name)
        self.name = config.name
        self.description = ServerDescription(
            server=config.name,
            backend=backend.spec.name,
            distribution=backend.record.distribution,
            version=backend.record.version,
        )
        self._plugins = plugins
        self._redactor = SecretRedactor(secrets_of(settings))
        self._log = logging.getLogger(f"soulsync_engine.server.{config.name}")
        self._log.addFilter(self._redactor)
        self._at_best = self._capabilities = backend.capabilities
        self._info: ServerInfo | None = None
        self._closed = False
        self._connecting = RLock()
        self._package = backend.client_class.__module__.partition(".")[0]
        self._wrappers: Mapping[str, str] = {}
        context: ServerContext[BackendSettings] = ServerContext(
            server=config.name,
            settings=settings,
            data_dir=data_dir / "servers" / config.name,
            log=self._log,
            conceal=self._redactor.add,
            executor=executor,
        )
        self._client: MediaServerClient = self._guarded(
            "the constructor", lambda: backend.client_class(context)
        )
        wrappers = plugins.wrappers(self.description)
        self._wrappers = {type(one).__module__: f"the wrapper {type(one).__qualname__}" for one in wrappers}
        self._bus = ServerBus(self._client, wrappers)
        plugins.notify("soulsync_server_opened", server=self.description)

    @property
    def limits(self) -> PagingLimits:
        """What the backend's listings can bear."""
        return self._client.limits

    @property
    def capabilities(self) -> Capabilities:
        """What the server offers; before the first connection, what the backend's code offers at best."""
        return self._capabilities

    def call(
        self,
        operation: Callable[Concatenate[MediaServerClient, P], R],
        *no_positional: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Run an operation of the contract, given as the contract's own method, by keyword."""
        name = operation.__name__
        self._require(name)
        if self._info is None:
            with self._connecting:
                # Another thread may have connected while this one waited.
                if self._info is None:
                    self.connect()
            self._require(name)
        return self._run(operation, arguments)

    def connect(self) -> ServerInfo:
        """Ask the server anew whether it is there; threads that connect at once wait for each other."""
        with self._connecting:
            if self._closed:
                self._refuse_closed()
            try:
                info = self._run(MediaServerClient.connect, {})
                narrowed = self._guarded("narrow", self._client.narrow)
                check("narrow", narrowed, server=self.name, distribution=self.description.distribution)
                # From what the code offers, since a right that was missing may have been granted meanwhile.
                self._capabilities = self._at_best.narrowed(narrowed)
            except SoulSyncError as error:
                self._plugins.notify("soulsync_server_failed", server=self.description, error=error)
                raise
            if self._info is None:
                self._plugins.notify("soulsync_server_connected", server=self.description, info=info)
            self._info = info
            return info

    def close(self) -> None:
        """Release what the client holds. The session cannot be used afterwards; closing twice is fine."""
        with self._connecting:
            if self._closed:
                return
            self._closed = True
            try:
                self._run(MediaServerClient.close, {})
            finally:
                self._log.removeFilter(self._redactor)

    def _require(self, name: str) -> None:
        if self._closed:
            self._refuse_closed()
        support = self._capabilities[name]
        if not support.offered:
            raise UnsupportedError(
                f"{name} is not offered by this {self.description.backend} server: {support.reason}.",
                operation=name,
                support=support,
                server=self.name,
            )

    def _run(self, operation: Callable[..., R], arguments: Mapping[str, object]) -> R:
        name = operation.__name__
        answer: R = self._guarded(name, getattr(self._bus.hook, name), arguments)
        check(name, answer, server=self.name, distribution=self.description.distribution)
        return answer

    def _guarded(
        self, name: str, function: Callable[..., R], arguments: Mapping[str, object] = NO_ARGUMENTS
    ) -> R:
        """What the backend's function returns; what it raises leaves as a typed error without secrets."""
        try:
            return function(**arguments)
        except SoulSyncError as error:
            error.server = error.server or self.name
            error.message = self._redactor.text(error.message)
            error.next_step = self._redactor.text(error.next_step) if error.next_step else None
            error.args = (error.message,)
            if self._redactor.taints(error):
                raise error from None
            raise
        except Exception as error:  # noqa: BLE001 - hosts are promised typed errors only
            culprit = self._culprit(error)
            violation = ContractViolationError(
                f"{name} of {culprit} raised {type(error).__name__}: {self._redactor.text(str(error))}.",
                server=self.name,
                next_step=f"Report this to the authors of {culprit}.",
            )
            raise violation from (None if self._redactor.taints(error) else error)

    def _culprit(self, error: Exception) -> str:
        """Whose code raised: the distribution's, unless the deepest frame of either is a wrapper's."""
        culprit = self.description.distribution
        for frame, _ in traceback.walk_tb(error.__traceback__):
            module = str(frame.f_globals.get("__name__", ""))
            if module in self._wrappers:
                culprit = self._wrappers[module]
            elif module.partition(".")[0] == self._package:
                culprit = self.description.distribution
        return culprit

    def _refuse_closed(self) -> NoReturn:
        raise ClosedError("The server was closed.", server=self.name, next_step="Open the engine anew.")
