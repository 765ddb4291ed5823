"""plex.tv, asked by plexapi over the engine's own transport.

plexapi sends through a `requests` session, so it is given one whose only way out is that transport: its certificates,
its bounds and its silence about secrets then hold here too. Importing plexapi reads a file of the user's and runs a
program, so this module is imported when it is needed first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import parse_qsl, urlsplit

import requests
from plexapi.exceptions import BadRequest, NotFound, PlexApiException, Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin, MyPlexResource, MyPlexUser
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from soulsync_engine.errors import AuthenticationError, NotFoundError, UnavailableError
from soulsync_engine.http import HttpSettings, HttpTransport, RetryPolicy, UnreadableAnswerError
from soulsync_plex.decoding import xml_root
from soulsync_plex.identity import identity
from soulsync_plex.settings import PLEX_TV

_TIMEOUT: Final = 10.0
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_OF_THE_CONNECTION: Final = frozenset({"accept-encoding", "connection", "content-length", "user-agent"})


class PlexTv:
    """plex.tv. Use it as a context manager. Every call raises `UnavailableError` when plex.tv does not answer.

    `server` is named in errors, `client` is who we are to plex.tv.
    """

    def __init__(self, address: str, *, client: str, server: str, log: logging.Logger) -> None:
        self._transport = HttpTransport(
            HttpSettings(base_url=address, timeout=_TIMEOUT),
            server=server,
            log=log,
            max_bytes=_LARGEST_ANSWER,
            policy=RetryPolicy(attempts=1),
        )
        self._server = server
        self._session = requests.Session()
        # Neither the environment's proxies nor a .netrc nor cookies: the transport decides on its own.
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.adapters.clear()
        # plexapi knows plex.tv under its own address only, wherever that is to be looked for.
        self._session.mount(f"{PLEX_TV}/", _Carrier(self._transport, identity(client), server=server))

    def begin_pin(self) -> tuple[str, str]:
        """A new PIN: its id, and the code that a person confirms."""
        with self._translated():
            return _PinLogin(session=self._session, requestTimeout=_TIMEOUT).begin()

    def token_of_pin(self, pin: str, code: str) -> str | None:
        """The account's token once the PIN was confirmed, None before. One that is gone is `NotFoundError`."""
        with self._translated():
            return _PinLogin(session=self._session, requestTimeout=_TIMEOUT).ask(pin, code)

    def servers(self, token: str) -> list[MyPlexResource]:
        """The servers that an account may use."""
        with self._translated():
            resources = self._account(token).resources()
        return [one for one in resources if "server" in (one.provides or "").split(",")]

    def users(self, token: str) -> list[MyPlexUser]:
        """The other members of an account's home, and its friends, each with the servers shared with them."""
        with self._translated():
            return list(self._account(token).users())

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _account(self, token: str) -> MyPlexAccount:
        return MyPlexAccount(token=token, session=self._session, timeout=_TIMEOUT)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of plexapi, which quote addresses and bodies, as the engine's own."""
        failure: Exception
        try:
            yield
            return
        except PlexApiException as error:
            if isinstance(error, NotFound) or (
                isinstance(error, BadRequest) and str(error).startswith("(404)")
            ):
                failure = NotFoundError(
                    "plex.tv does not have what it was asked for, or not any more.",
                    server=self._server,
                    next_step="Sign in again.",
                )
            elif isinstance(error, Unauthorized):
                failure = AuthenticationError(
                    "plex.tv does not accept the token.", server=self._server, next_step="Sign in again."
                )
            else:
                failure = _not_as_it_should(self._server)
        except (AttributeError, TypeError, ValueError):
            # What plexapi stumbles over in an answer that is not of plex.tv.
            failure = _not_as_it_should(self._server)
        raise failure from None


class _PinLogin(MyPlexPinLogin):  # type: ignore[misc]
    """A sign-in by PIN that can be taken up again and lets errors through."""

    def begin(self) -> tuple[str, str]:
        code = self._getCode()
        if not code or not self._id:
            raise BadRequest("plex.tv gave no code")
        return str(self._id), str(code)

    def ask(self, pin: str, code: str) -> str | None:
        self._id, self._code = pin, code
        return cast("str | None", self.token) if self._checkLogin() else None


class _Carrier(BaseAdapter):
    """Carries what a session would send over the engine's transport."""

    def __init__(self, transport: HttpTransport, own_headers: dict[str, str], *, server: str) -> None:
        super().__init__()
        self._transport = transport
        self._own_headers = own_headers
        self._server = server

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        """The answer of the transport; how long to wait and whom to trust is its own business."""
        target = urlsplit(request.url or "")
        # What plexapi says of this machine is nobody's business, and the wrong program besides.
        given = {
            name: str(value)
            for name, value in request.headers.items()
            if name.lower() not in _OF_THE_CONNECTION and not _describes_the_machine(name)
        }
        answer = self._transport.request(
            request.method or "GET",
            target.path,
            params=parse_qsl(target.query, keep_blank_values=True),
            headers={"Accept": "application/xml", **given, **self._own_headers},
            content=request.body if isinstance(request.body, bytes) else None,
        )
        if answer.status < 300:
            try:
                xml_root(answer.body)
            except ValueError as error:
                raise UnreadableAnswerError(
                    f"The answer to {answer.where} cannot be read: {error}.",
                    server=self._server,
                    next_step="Try again; if it stays, something in between answers for plex.tv.",
                ) from None
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.url = f"{PLEX_TV}{target.path}"
        response.request = request
        response.encoding = "utf-8"
        response.raw = BytesIO(answer.body)
        return response

    def close(self) -> None:
        """The transport is closed by whoever made it."""


def _describes_the_machine(header: str) -> bool:
    return header.lower().startswith("x-plex-") and header.lower() != "x-plex-token"


def _not_as_it_should(server: str) -> UnavailableError:
    return UnavailableError(
        "plex.tv does not answer as it should.",
        server=server,
        next_step="Check the connection to the internet, then try again.",
    )
