"""Navidrome's own API: undocumented, so everything about it is tried out before it is relied on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, TypeVar

import msgspec

from soulsync_engine.http import HttpAnswer, UnreadableAnswerError, decode, raise_for_status
from soulsync_engine.plugin import AuthenticationError, NotAllowedError, NotFoundError
from soulsync_navidrome.connection import Connection

T = TypeVar("T")

_HEADER: Final = "X-ND-Authorization"
_TOTAL: Final = "x-total-count"


class _Login(msgspec.Struct):
    token: str


class NativeUnavailableError(Exception):
    """The native API cannot be used. Never leaves the package; the text is the reason."""


class NativeApi:
    """The native API of one server, signed in to on its first use. Thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http = connection.transport.http
        self._token: str | None = None
        self._off: str | None = None
        self._lock = Lock()

    @property
    def excluded(self) -> str | None:
        """Why it is not even tried, known without a request; None when it may be."""
        connection = self._connection
        if not connection.settings.native_api:
            return "it is switched off in the settings"
        if not connection.facts.is_navidrome:
            return "only Navidrome has it"
        if connection.settings.secret is None:
            return "it needs a password"
        return self._off

    def give_up(self, reason: str) -> None:
        """Do not use it again, for this reason."""
        if self._off is None:
            self._off = reason
            self._connection.log.warning("Navidrome's own API is not used from now on: %s", reason)

    def tried(self, ask: Callable[[], T]) -> T | None:
        """What `ask` brings out of it, None when it cannot be used: `excluded` says why, now and from then on."""
        if self.excluded is not None:
            return None
        try:
            return ask()
        except NativeUnavailableError as error:
            self.give_up(str(error))
            return None

    def page(
        self, path: str, start: int, end: int, parameters: Sequence[tuple[str, str | int]] = ()
    ) -> tuple[HttpAnswer, int]:
        """The entries from `start` to before `end`, by id unless sorted otherwise, and how many there are in all."""
        given = {name for name, _ in parameters}
        order = [] if "_sort" in given else [("_sort", "id"), ("_order", "ASC")]
        answer = self.get(path, [("_start", start), ("_end", end), *order, *parameters])
        total = answer.headers.get(_TOTAL, "")
        if not total.isdigit():
            raise NativeUnavailableError(f"{path} declares no total")
        return answer, int(total)

    def get(self, path: str, parameters: Sequence[tuple[str, str | int]]) -> HttpAnswer:
        """Ask; signs in anew when the token has expired. `NativeUnavailableError` where there is no such thing."""
        for fresh in (False, True):
            answer = self._http.request(
                "GET",
                path,
                params=list(parameters),
                headers={_HEADER: f"Bearer {self._signed_in(fresh=fresh)}"},
                bulk=True,
            )
            if answer.status != 401:
                break
        self._renew(answer)
        try:
            return raise_for_status(answer)
        except (AuthenticationError, NotAllowedError, NotFoundError, UnreadableAnswerError) as error:
            raise NativeUnavailableError(error.message) from None

    def upload(self, path: tuple[str, ...], content: bytes, content_type: str) -> HttpAnswer:
        """Send a body, once; the answer of whatever status."""
        headers = {_HEADER: f"Bearer {self._signed_in()}", "Content-Type": content_type}
        answer = self._http.request("POST", path, content=content, headers=headers)
        if answer.status == 401:
            headers[_HEADER] = f"Bearer {self._signed_in(fresh=True)}"
            answer = self._http.request("POST", path, content=content, headers=headers)
        self._renew(answer)
        return answer

    def _signed_in(self, *, fresh: bool = False) -> str:
        with self._lock:
            if self._token is None or fresh:
                try:
                    self._token = self._login()
                except NativeUnavailableError as error:
                    # Navidrome counts attempts, and locks out who makes many.
                    self.give_up(str(error))
                    raise
            return self._token

    def _login(self) -> str:
        settings = self._connection.settings
        try:
            answer = self._http.request(
                "POST",
                "/auth/login",
                json={"username": settings.username, "password": settings.secret},
                idempotent=True,
            )
            if answer.status == 429:
                raise NativeUnavailableError("it lets nobody sign in for a while")
            token = decode(raise_for_status(answer), _Login).token
        except (AuthenticationError, NotAllowedError, NotFoundError, UnreadableAnswerError):
            raise NativeUnavailableError("it does not let this user sign in") from None
        self._connection.conceal(token)
        return token

    def _renew(self, answer: HttpAnswer) -> None:
        """Every answer brings a token that lasts longer."""
        token = answer.headers.get(_HEADER.lower(), "").removeprefix("Bearer ").strip()
        if token and 200 <= answer.status < 300 and token != self._token:
            self._connection.conceal(token)
            with self._lock:
                self._token = token
