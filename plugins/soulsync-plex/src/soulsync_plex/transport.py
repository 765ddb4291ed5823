"""Requests to one Plex server, over the engine's transport: credentials in headers, answers as wire structs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from soulsync_engine.errors import SoulSyncError, UnavailableError
from soulsync_engine.http import HttpAnswer, HttpTransport, RetryPolicy, raise_for_status
from soulsync_engine.http.transport import Parameters
from soulsync_engine.http.websocket import WebSocketError, open_websocket
from soulsync_engine.models import Kind
from soulsync_plex import notifications
from soulsync_plex.decoding import ReadRows, raw_rows, read, read_rows
from soulsync_plex.failures import MEANINGS
from soulsync_plex.identity import PRODUCT, identity
from soulsync_plex.settings import PlexSettings

T = TypeVar("T")

_WEBSOCKET: Final = "/:/websockets/notifications"


class PlexTransport:
    """The connection to one server. Thread-safe; nothing is opened before the first request."""

    def __init__(self, settings: PlexSettings, *, server: str, log: logging.Logger) -> None:
        self.base_url = settings.base_url
        self._settings = settings
        self._server = server
        self._log = log
        self._socket_works = True
        self.credentials = {
            "X-Plex-Token": settings.token.get_secret_value(),
            **identity(f"{PRODUCT}-{server}"),
        }
        """The headers that open the server; secret."""
        self._http = HttpTransport(
            settings,
            server=server,
            log=log,
            policy=RetryPolicy(attempts=settings.retries + 1),
        )

    @property
    def count(self) -> int:
        """How many requests were sent so far."""
        return self._http.count

    def read(self, shape: type[T], path: str, params: Parameters | None = None) -> T:
        """The answer to a small question."""
        return read(self.send("GET", path, params=params), shape)

    def rows(
        self,
        row: type[T],
        path: str,
        params: Parameters | None = None,
        *,
        kind: Kind,
        start: int = 0,
        size: int | None = None,
    ) -> ReadRows[T]:
        """A page of a listing, of `size` rows from `start`; all of it without a size."""
        return read_rows(self.raw_rows(path, params, start=start, size=size), row, kind=kind)

    def raw_rows(
        self, path: str, params: Parameters | None = None, *, start: int = 0, size: int | None = None
    ) -> ReadRows[msgspec.Raw]:
        """The same with the rows left raw."""
        headers = (
            {} if size is None else {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
        )
        answer = self.send("GET", path, params=params, headers=headers, bulk=True)
        page = raw_rows(answer)
        if size and page.offset is not None and page.offset != start and len(page):
            raise UnavailableError(
                f"The server was asked for the rows from {start} on and sent those from {page.offset} on "
                f"({answer.where}).",
                server=self._server,
                next_step="Try again; if it stays, something in between answers from its memory.",
            )
        return page

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        idempotent: bool | None = None,
        bulk: bool = False,
        timeout: float | None = None,
    ) -> HttpAnswer:
        """The answer to any request, once it is a good one. Raises what its status means."""
        answer = self._http.request(
            method,
            path,
            params=params,
            headers={**self.credentials, **(headers or {})},
            content=content,
            idempotent=idempotent,
            bulk=bulk,
            timeout=timeout or (self._settings.page_timeout if bulk else None),
        )
        return raise_for_status(answer, MEANINGS)

    def listen(self, decide: Callable[[bytes], T | None], *, seconds: float) -> T | None:
        """What `decide` makes of the first notification that it does not pass over; None after `seconds`.

        Where no websocket gets through, which proxies may be to blame for, the same is heard over plain HTTP.
        """
        deadline = time.monotonic() + seconds
        refused = not self._socket_works
        if self._socket_works:
            try:
                return self._heard_on_websocket(decide, deadline)
            except WebSocketError as error:
                if error.answer is not None:
                    raise_for_status(error.answer, MEANINGS)
                refused = error.refused
                self._log.info("%s: no websocket (%s), so events are listened to", self._server, error)
        remaining = max(0.0, deadline - time.monotonic())
        heard = self._heard(
            notifications.listen(
                self._settings, self.credentials, decide, seconds=remaining, server=self._server
            )
        )
        # Events get through where the websocket does not, so that it need not be tried again.
        self._socket_works = not refused
        return heard

    def _heard_on_websocket(self, decide: Callable[[bytes], T | None], deadline: float) -> T | None:
        opened = open_websocket(
            self._settings,
            _WEBSOCKET,
            self.credentials,
            server=self._server,
            deadline=deadline,
            # Servers do not answer pings as the protocol wants it.
            pings=False,
        )
        with opened as websocket:
            while (message := websocket.next_message()) is not None:
                if (found := decide(message)) is not None:
                    return found
        return None

    def _heard(self, heard: T | HttpAnswer | SoulSyncError | None) -> T | None:
        if isinstance(heard, HttpAnswer):
            raise_for_status(heard, MEANINGS)
            return None
        if isinstance(heard, SoulSyncError):
            raise heard
        return heard

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._http.close()
