"""Requests in the servers' way: a header that says who asks, a sign-in where there is a password."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from threading import RLock
from typing import Final, TypeVar
from uuid import NAMESPACE_URL, uuid5

from soulsync_engine.http import (
    HttpAnswer,
    HttpTransport,
    RetryPolicy,
    UnexpectedAnswerError,
    decode,
)
from soulsync_engine.http.websocket import WebSocket, open_websocket
from soulsync_jellyfin import wire
from soulsync_jellyfin.dialect import Dialect, Identity, Params, Path
from soulsync_jellyfin.failures import checked, checked_sign_in, refuses_token
from soulsync_jellyfin.settings import JellyfinSettings

T = TypeVar("T")

LONGEST_QUERY: Final = 6000
"""Bytes of ids that go into one address; servers and proxies stop at 8 KB for the whole of it."""


class JellyfinTransport:
    """The connection to one server. Thread-safe; nothing is asked before the first request."""

    def __init__(
        self,
        settings: JellyfinSettings,
        dialect: Dialect,
        *,
        server: str,
        log: logging.Logger,
        conceal: Callable[[str], None] = lambda secret: None,
    ) -> None:
        self.settings = settings
        self.dialect = dialect
        self.server = server
        self.http = HttpTransport(
            settings, server=server, log=log, policy=RetryPolicy(attempts=settings.retries + 1)
        )
        self.identity = identity(server, settings)
        self.clock: datetime | None = None
        """The server's own clock, as of its last answer."""
        self.signed_in: wire.User | None = None
        """The user that signed in with a password."""
        self._conceal = conceal
        self._token = settings.key
        self._lock = RLock()

    def headers(self) -> Mapping[str, str]:
        """What a request has to carry, for requests that are made by others. May sign in."""
        return self.dialect.headers(self.identity, self._current_token())

    def renew(self) -> bool:
        """Sign in anew, because a token was refused; False where there is no password to do it with."""
        if not self._can_sign_in():
            return False
        with self._lock:
            self._sign_in()
        return True

    def websocket(self, deadline: float) -> AbstractContextManager[WebSocket]:
        """The server's websocket. For Emby the token is in its address, so that goes to nobody else. May sign in."""
        headers, query = self.headers(), None
        if self.dialect.token_in_socket_address:
            query = {"api_key": self._current_token() or "", "deviceId": self.identity.device_id}
        return open_websocket(
            self.settings,
            self.dialect.socket_path,
            headers,
            query=query,
            server=self.server,
            deadline=deadline,
        )

    def get(self, path: Path, shape: type[T], params: Params | None = None) -> T:
        """Ask and decode the answer."""
        return decode(self.send("GET", path, params=params), shape)

    def page(self, path: Path, params: Params) -> HttpAnswer:
        """Ask for a page of a listing."""
        return self.send("GET", path, params=params, bulk=True)

    def send(
        self,
        method: str,
        path: Path,
        *,
        params: Params | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        bulk: bool = False,
    ) -> HttpAnswer:
        """Ask and return a success; anything else is raised. Signs in anew once when a sign-in expired."""
        token = self._current_token()

        def ask(token: str | None) -> HttpAnswer:
            return self.http.request(
                method,
                path,
                params=params,
                json=json,
                content=content,
                headers={**self.dialect.headers(self.identity, token), **(headers or {})},
                idempotent=idempotent,
                bulk=bulk,
            )

        answer = ask(token)
        if answer.status == 401 and self._can_sign_in() and refuses_token(answer):
            answer = ask(self._renewed(token))
        self.clock = answer.date or self.clock
        return checked(answer)

    def anonymous(
        self, method: str, path: Path, *, params: Params | None = None, json: object = None
    ) -> HttpAnswer:
        """Ask without credentials; the answer is returned whatever its status."""
        return self.http.request(
            method, path, params=params, json=json, headers=self.dialect.headers(self.identity, None)
        )

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self.http.close()

    def _can_sign_in(self) -> bool:
        return self.settings.key is None

    def _current_token(self) -> str | None:
        with self._lock:
            if self._token is None and self._can_sign_in():
                self._sign_in()
            return self._token

    def _renewed(self, expired: str | None) -> str | None:
        """A token other than the expired one, which another thread may have got meanwhile."""
        with self._lock:
            if self._token == expired:
                self._sign_in()
            return self._token

    def _sign_in(self) -> None:
        answer = self.anonymous(
            "POST",
            ("Users", "AuthenticateByName"),
            json={"Username": self.settings.username, "Pw": self.settings.secret or ""},
        )
        result = decode(checked_sign_in(answer), wire.AuthenticationResult)
        if not result.access_token or result.user is None:
            raise UnexpectedAnswerError(
                "The server accepted the password but gave no token.",
                server=self.server,
                next_step="Check that the address is this server's, and that its version is supported.",
            )
        self._conceal(result.access_token)
        self._token, self.signed_in = result.access_token, result.user


def identity(server: str, settings: JellyfinSettings) -> Identity:
    """A name of this program on this server that stays the same, so that no second device appears with every start."""
    stable = uuid5(NAMESPACE_URL, f"soulsync-engine/{server}/{settings.base_url}/{settings.username}")
    return Identity(device="soulsync-engine", device_id=stable.hex, version=_version())


def _version() -> str:
    try:
        return version("soulsync-jellyfin")
    except PackageNotFoundError:
        # Run from a checkout that is not installed.
        return "0"
