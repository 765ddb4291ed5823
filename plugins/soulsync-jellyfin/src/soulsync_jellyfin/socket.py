"""The server's websocket, for as long as somebody watches."""

from __future__ import annotations

import logging
import ssl
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from soulsync_engine.errors import UnavailableError
from soulsync_engine.http import HttpAnswer
from soulsync_engine.http.trust import tls_context
from soulsync_jellyfin.failures import checked
from soulsync_jellyfin.transport import JellyfinTransport

_LONGEST_HANDSHAKE: Final = 10.0
_LARGEST_MESSAGE: Final = 4 * 1024 * 1024

_SILENT: Final = logging.Logger("soulsync_jellyfin.socket", level=logging.CRITICAL + 1)
"""The library underneath logs every header and address of a handshake, and the credentials are in those."""


class Socket:
    """An open websocket until a deadline (of the monotonic clock)."""

    def __init__(self, transport: JellyfinTransport, deadline: float) -> None:
        self._transport = transport
        self._deadline = deadline
        self._connection: ClientConnection | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        server = self._transport.server
        address = self._transport.socket_address()
        secure = address.startswith("wss:")
        context: ssl.SSLContext | None = None
        if secure:
            context = tls_context(self._transport.settings.verify, secure=True, server=server)
        refused: int | None = None
        try:
            opening = connect(
                address,
                additional_headers=dict(self._transport.headers()),
                ssl=context,
                open_timeout=min(_LONGEST_HANDSHAKE, max(0.1, self._remaining())),
                close_timeout=0.5,
                max_size=_LARGEST_MESSAGE,
                compression=None,
                proxy=None,
                logger=_SILENT,
            )
            self._connection = self._open.enter_context(opening)
        except InvalidStatus as error:
            refused = error.response.status_code
        except (OSError, WebSocketException):
            # Raised below, since what was caught may have the credentials in it.
            pass
        else:
            return self
        if refused in (401, 403):
            # A handshake is a plain request until it succeeds, so its refusals mean the same.
            checked(
                HttpAnswer(
                    server=server, method="GET", path=self._transport.dialect.socket_path, status=refused
                )
            )
        raise UnavailableError(
            f"The websocket of the server cannot be opened{f' ({refused})' if refused else ''}.",
            server=server,
            next_step="Check that a proxy in front of it lets websockets through.",
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def next_message(self) -> str | bytes | None:
        """The next message; None when the time is over or the server ended the connection."""
        remaining = self._remaining()
        if self._connection is None or remaining <= 0:
            return None
        try:
            message: str | bytes = self._connection.recv(timeout=remaining)
        except (TimeoutError, ConnectionClosed):
            return None
        return message

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()
