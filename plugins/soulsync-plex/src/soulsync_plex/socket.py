"""The server's websocket of notifications, listened to for a while.

Plex Web and Plex's own apps listen here. The token goes in a header, which servers take as well as in the address.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from soulsync_engine.http import HttpAnswer
from soulsync_engine.http.trust import tls_context
from soulsync_plex.identity import PRODUCT
from soulsync_plex.settings import PlexSettings

T = TypeVar("T")

PATH: Final = "/:/websockets/notifications"
_LONGEST_HANDSHAKE: Final = 10.0
_LARGEST_MESSAGE: Final = 1024 * 1024

# The library logs every header, that with the token too, to loggers beyond the reach of a server's redaction.
_unheard: Final = logging.Logger("soulsync_plex.socket", level=logging.CRITICAL + 1)


class NoSocketError(Exception):
    """There is no websocket to listen to, or there is none any more. Never leaves the package.

    `refused` says that somebody answered, and will not have it.
    """

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


def listen(
    settings: PlexSettings,
    headers: Mapping[str, str],
    decide: Callable[[bytes], T | None],
    *,
    seconds: float,
    server: str,
) -> T | HttpAnswer | None:
    """What `decide` makes of the first message that it does not pass over; None after `seconds`.

    Instead of a connection there may come a refusal for lack of rights, as the answer it is. Raises `NoSocketError`.
    """
    deadline = time.monotonic() + seconds
    secure = settings.base_url.startswith("https:")
    address = f"ws{settings.base_url.removeprefix('http')}{PATH}"
    trust = tls_context(settings.verify, secure=True, server=server) if secure else None
    try:
        with connect(
            address,
            additional_headers=dict(headers),
            ssl=trust,
            open_timeout=min(_LONGEST_HANDSHAKE, settings.timeout),
            close_timeout=0.2,
            max_size=_LARGEST_MESSAGE,
            compression=None,
            # Servers do not answer pings as the protocol wants it.
            ping_interval=None,
            proxy=None,
            user_agent_header=PRODUCT,
            logger=_unheard,
        ) as connection:
            return _first(connection, decide, deadline)
    except InvalidStatus as error:
        if (status := error.response.status_code) in (401, 403):
            return HttpAnswer(server=server, method="GET", path=PATH, status=status)
        failure = NoSocketError(f"it answers with {status}", refused=True)
    except InvalidHandshake as error:
        failure = NoSocketError(type(error).__name__, refused=True)
    except (OSError, EOFError, WebSocketException) as error:
        failure = NoSocketError(type(error).__name__)
    raise failure


def _first(connection: ClientConnection, decide: Callable[[bytes], T | None], deadline: float) -> T | None:
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            message = connection.recv(timeout=remaining)
        except TimeoutError:
            return None
        except ConnectionClosed:
            raise NoSocketError("the server ended it") from None
        if (found := decide(message.encode() if isinstance(message, str) else message)) is not None:
            return found
    return None
