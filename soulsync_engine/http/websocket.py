"""A server's websocket, listened to until a deadline.

It needs the `websockets` library, which a backend that listens depends on; nothing else here does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from soulsync_engine.errors import UnavailableError
from soulsync_engine.http.answer import HttpAnswer
from soulsync_engine.http.settings import HttpSettings
from soulsync_engine.http.trust import tls_context

_LONGEST_HANDSHAKE: Final = 10.0
_SHORTEST_HANDSHAKE: Final = 0.1
_LARGEST_MESSAGE: Final = 4 * 1024 * 1024
_LACK_OF_RIGHTS: Final = (401, 403)

# The library logs every header and address, those with credentials too, to loggers beyond the reach of a server's
# redaction.
_unheard: Final = logging.Logger("soulsync_engine.http.websocket", level=logging.CRITICAL + 1)


class WebSocketError(UnavailableError):
    """There is no websocket to listen to, or there is none any more.

    `refused` says that somebody answered and will not have it; `answer` is what they answered where that was for lack
    of rights, to be judged like every other answer.
    """

    def __init__(
        self, message: str, *, server: str, refused: bool = False, answer: HttpAnswer | None = None
    ) -> None:
        super().__init__(
            message,
            server=server,
            next_step="Try again; if it stays, check that a proxy in front of it lets websockets through.",
        )
        self.refused = refused
        self.answer = answer


class WebSocket:
    """An open websocket, until a deadline of the monotonic clock."""

    def __init__(self, connection: ClientConnection, deadline: float, server: str) -> None:
        self._connection = connection
        self._deadline = deadline
        self._server = server

    def next_message(self) -> bytes | None:
        """The next message, None when the time is over. Raises `WebSocketError` when the server ended it."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            return None
        try:
            message: str | bytes = self._connection.recv(timeout=remaining)
        except TimeoutError:
            return None
        except ConnectionClosed:
            # What happens from now on would not be heard.
            raise WebSocketError("The server ended its websocket.", server=self._server) from None
        return message.encode() if isinstance(message, str) else message


@contextmanager
def open_websocket(
    settings: HttpSettings,
    path: str,
    headers: Mapping[str, str],
    *,
    server: str,
    deadline: float,
    query: Mapping[str, str] | None = None,
    pings: bool = True,
) -> Iterator[WebSocket]:
    """A websocket below the address of the settings. `headers` and `query` are secret.

    `pings` says that the server answers the pings of the protocol. Raises `WebSocketError`, `ConfigurationError`.
    """
    secure = settings.base_url.startswith("https:")
    where = f"?{urlencode(query)}" if query else ""
    patience = min(_LONGEST_HANDSHAKE, settings.timeout, deadline - time.monotonic())
    interval = {} if pings else {"ping_interval": None}
    with ExitStack() as stack:
        failure: WebSocketError | None = None
        try:
            connection = stack.enter_context(
                connect(
                    f"ws{settings.base_url.removeprefix('http')}{path}{where}",
                    additional_headers=dict(headers),
                    ssl=tls_context(settings.verify, secure=True, server=server) if secure else None,
                    open_timeout=max(_SHORTEST_HANDSHAKE, patience),
                    close_timeout=0.2,
                    max_size=_LARGEST_MESSAGE,
                    compression=None,
                    proxy=None,
                    logger=_unheard,
                    **interval,
                )
            )
        except InvalidStatus as error:
            failure = _refusal(error.response.status_code, path, server)
        except InvalidHandshake as error:
            failure = WebSocketError(
                f"The websocket of the server cannot be opened ({type(error).__name__}).",
                server=server,
                refused=True,
            )
        except (OSError, EOFError, WebSocketException) as error:
            failure = WebSocketError(
                f"The websocket of the server cannot be opened ({type(error).__name__}).", server=server
            )
        if failure is not None:
            # Here, since what was caught may have the credentials in it.
            raise failure
        yield WebSocket(connection, deadline, server)


def _refusal(status: int, path: str, server: str) -> WebSocketError:
    answer = HttpAnswer(server=server, method="GET", path=path, status=status)
    return WebSocketError(
        f"The websocket of the server cannot be opened ({status}).",
        server=server,
        refused=True,
        answer=answer if status in _LACK_OF_RIGHTS else None,
    )
