"""One configured server as a host holds it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import RLock
from typing import Final

from soulsync_engine.config.model import ServerConfig
from soulsync_engine.errors import (
    AuthenticationError,
    ClosedError,
    ConfigurationError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.models import PagingLimits, ServerInfo, ServerState, Status
from soulsync_engine.operations import Operations
from soulsync_engine.session import Session

STATUS_SECONDS: Final = 30.0
"""How long a status is believed before the server is asked again."""

_STATES: Final[tuple[tuple[type[SoulSyncError], ServerState], ...]] = (
    (UnavailableError, ServerState.UNREACHABLE),
    (AuthenticationError, ServerState.UNAUTHORISED),
    (NotAllowedError, ServerState.NOT_ALLOWED),
    (ConfigurationError, ServerState.MISCONFIGURED),
)


class MediaServer(Operations):
    """A configured server. Nothing is imported, opened or asked before the first use."""

    def __init__(self, config: ServerConfig, open_session: Callable[[ServerConfig], Session]) -> None:
        self._config = config
        self._open_session = open_session
        self._opening = RLock()
        self._opened: Session | None = None
        self._closed = False
        self._status: tuple[float, Status] | None = None

    @property
    def name(self) -> str:
        """The name the user gave the server."""
        return self._config.name

    @property
    def backend(self) -> str:
        """The name of its backend."""
        return self._config.backend

    @property
    def distribution(self) -> str:
        """The distribution its backend comes from."""
        return self._session().description.distribution

    @property
    def version(self) -> str:
        """The version of that distribution."""
        return self._session().description.version

    @property
    def limits(self) -> PagingLimits:
        """How large its pages may be, and how many may be asked for at once."""
        return self._session().limits

    def connect(self) -> ServerInfo:
        """Ask the server who it is, with one request; raises where `status` would tell the reason."""
        return self._session().connect()

    def status(self, refresh: bool = False) -> Status:
        """See `Operations.status`. Threads that ask at once share one request."""
        with self._opening:
            if self._status is not None and not refresh:
                asked, known = self._status
                if time.monotonic() - asked < STATUS_SECONDS:
                    return known
            status = self._ask()
            self._status = (time.monotonic(), status)
            return status

    def close(self) -> None:
        """Close the connection. The server cannot be used afterwards; closing twice is fine."""
        with self._opening:
            self._closed = True
            if self._opened is not None:
                self._opened.close()

    def _session(self) -> Session:
        if self._opened is not None:
            return self._opened
        with self._opening:
            if self._opened is None:
                if self._closed:
                    raise ClosedError(
                        "The server was closed.", server=self.name, next_step="Open the engine anew."
                    )
                self._opened = self._open_session(self._config)
            return self._opened

    def _ask(self) -> Status:
        info: ServerInfo | None = None
        try:
            info = self.connect()
            state, detail = ServerState.READY, f"{info.product} {info.version}".strip()
        except ClosedError:
            raise
        except SoulSyncError as error:
            states = (state for kind, state in _STATES if isinstance(error, kind))
            state = next(states, ServerState.BROKEN)
            detail = f"{error.message} {error.next_step or ''}".strip()
        return Status(
            server=self.name,
            backend=self.backend,
            state=state,
            detail=detail,
            checked_at=datetime.now(UTC),
            info=info,
        )
