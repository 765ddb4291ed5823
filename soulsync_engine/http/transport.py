"""Requests to one server: pooled, bounded, repeated where that is safe, and silent about secrets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from threading import BoundedSemaphore, Lock
from typing import Final
from urllib.parse import urlencode

import httpx
import msgspec

from soulsync_engine.errors import ConfigurationError, SoulSyncError
from soulsync_engine.http.address import join_path
from soulsync_engine.http.answer import Exchange, HttpAnswer
from soulsync_engine.http.errors import AnswerTooLargeError, TimedOutError, UnexpectedAnswerError
from soulsync_engine.http.failures import failure_of, unsendable
from soulsync_engine.http.quiet import unlogged
from soulsync_engine.http.retrying import ONCE, CoolDown, RetryPolicy
from soulsync_engine.http.settings import HttpSettings
from soulsync_engine.http.trust import tls_context

Parameter = str | int | float | bool | None
Parameters = Mapping[str, Parameter | Sequence[str | int]] | Sequence[tuple[str, Parameter]]
"""Names and values; None is left out, a bool becomes `true` or `false`, a sequence repeats its name."""

MIB: Final = 1024 * 1024
_LONGEST_CONNECT: Final = 10.0
_WHOLE_ANSWER_TIMEOUTS: Final = 10
_MOST_REDIRECTS: Final = 3
_SAFE: Final = frozenset({"GET", "HEAD"})


class HttpTransport:
    """The connections to one server. Thread-safe; nothing is opened before the first request.

    `log` is the context's, which conceals the server's secrets. An answer of more than `max_bytes` (decompressed) is
    not read. `observe` is called after every request that was sent, on the thread that sent it, and must not raise.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        server: str,
        log: logging.Logger,
        max_bytes: int = 64 * MIB,
        policy: RetryPolicy | None = None,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.base_url = settings.base_url
        self._settings = settings
        self._server = server
        self._log = log
        self._max_bytes = max_bytes
        self._policy = policy or RetryPolicy()
        self._observe = observe
        self._origin = _origin(httpx.URL(settings.base_url))
        self._client: httpx.Client | None = None
        self._count = 0
        self._lock = Lock()
        self._cool_down = CoolDown(server)
        self._bulk = BoundedSemaphore(settings.max_concurrency)

    def __repr__(self) -> str:
        return f"HttpTransport({self._server!r}, {self.base_url!r})"

    @property
    def count(self) -> int:
        """How many requests were sent so far, repetitions and redirects included."""
        with self._lock:
            return self._count

    def request(
        self,
        method: str,
        path: str | tuple[str, ...],
        *,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        form: Parameters | None = None,
        json: object = None,
        content: bytes | None = None,
        idempotent: bool | None = None,
        bulk: bool = False,
        timeout: float | None = None,
        max_bytes: int | None = None,
        policy: RetryPolicy | None = None,
    ) -> HttpAnswer:
        """Send a request below the base address and return the answer, of whatever status.

        `path` is a text, or a tuple of segments that are quoted one by one, which is how ids belong into it. At most
        one of `form`, `json` and `content` is the body. `idempotent` says that sending it twice does no harm, so that
        it may be repeated; GET and HEAD are taken to be, which for a protocol that writes with GET must be denied.
        `bulk` marks the pages of a listing: of those no more are in flight than the settings allow, and they leave
        room for others. `timeout` (seconds), `max_bytes` and `policy` replace the usual ones.

        Raises `UnavailableError` (`TimedOutError`, `AnswerTooLargeError`, `UnreadableAnswerError`),
        `ConfigurationError` when the address, the certificate or a header cannot be used, `NotFoundError` for an id
        that cannot be in an address, and `ClosedError`. A redirect is followed on the same origin only.
        """
        safe = method in _SAFE if idempotent is None else idempotent
        where = join_path(path)
        body, content_type = _body(form, json, content)
        asked = _Asked(
            method=method,
            path=where,
            url=self.base_url + where,
            query=_pairs(params),
            headers={
                "Accept": "application/json",
                **({"Content-Type": content_type} if content_type else {}),
                **(headers or {}),
            },
            body=body,
            timeout=self._settings.timeout if timeout is None else timeout,
            max_bytes=self._max_bytes if max_bytes is None else max_bytes,
        )
        room: AbstractContextManager[object] = self._bulk if bulk else nullcontext()

        def ask() -> HttpAnswer:
            with room:
                return self._ask(asked)

        return self._cool_down.run(ask, (policy or self._policy) if safe else ONCE)

    def close(self) -> None:
        """Close the connections. What is asked afterwards is `ClosedError`. May be called twice."""
        self._cool_down.close()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _ask(self, asked: _Asked) -> HttpAnswer:
        """One attempt, its redirects included."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send_observed(asked)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or location is None:
                return answer
            asked = self._redirected(asked, answer.status, location)
        raise UnexpectedAnswerError(
            f"The server redirects {asked.where} in circles.",
            server=self._server,
            next_step="Check the address, and the proxy in front of the server if there is one.",
        )

    def _redirected(self, asked: _Asked, status: int, location: str) -> _Asked:
        try:
            target = httpx.URL(asked.url).join(location)
        except (httpx.InvalidURL, UnicodeError):
            target = httpx.URL("")
        origin = _origin(target)
        if origin != self._origin:
            # Credentials in headers would go along to whoever that is.
            raise self._leads_away(asked, origin or "nowhere")
        if status not in (307, 308) and asked.method not in _SAFE:
            raise UnexpectedAnswerError(
                f"The server redirects {asked.where}, which would lose what was sent.",
                server=self._server,
                next_step="Put the address that the server redirects to into the settings.",
            )
        query = tuple(target.params.multi_items()) if target.query else ()
        return msgspec.structs.replace(
            asked, url=str(target.copy_with(query=None, fragment=None)), path=target.path, query=query
        )

    def _send_observed(self, asked: _Asked) -> HttpAnswer:
        client = self._opened()
        with self._lock:
            self._count += 1
        began = time.monotonic()
        with unlogged():
            outcome = self._send(client, asked)
        seconds = time.monotonic() - began
        failed = isinstance(outcome, SoulSyncError)
        exchange = Exchange(
            server=self._server,
            method=asked.method,
            path=asked.path,
            status=None if isinstance(outcome, SoulSyncError) else outcome.status,
            seconds=seconds,
            size=0 if isinstance(outcome, SoulSyncError) else len(outcome.body),
            failure=type(outcome).__name__ if failed else None,
        )
        self._log.debug(
            "%s: %s, %d bytes, %.0f ms",
            asked.where,
            exchange.failure or exchange.status,
            exchange.size,
            seconds * 1000,
        )
        if self._observe is not None:
            self._observe(exchange)
        if isinstance(outcome, SoulSyncError):
            self._cool_down.check_open()
            raise outcome
        return outcome

    def _send(self, client: httpx.Client, asked: _Asked) -> HttpAnswer | SoulSyncError:
        """An error is returned, not raised, so that what was caught here is not in its context."""
        try:
            request = client.build_request(
                asked.method,
                asked.url,
                params=asked.query or None,
                headers=asked.headers,
                content=asked.body,
                timeout=_timeouts(asked.timeout),
            )
        except (httpx.InvalidURL, UnicodeError):
            return unsendable(where=asked.where, server=self._server)
        try:
            response = client.send(request, stream=True)
            try:
                return self._read(response, asked)
            finally:
                response.close()
        except httpx.HTTPError as error:
            return failure_of(error, where=asked.where, origin=self._origin, server=self._server)
        except httpx.InvalidURL:
            # The request's own address was fine, so it is the one in a redirect.
            return self._leads_away(asked, "nowhere")
        except RuntimeError:
            # What a client says that another thread closed just now.
            self._cool_down.check_open()
            raise

    def _read(self, response: httpx.Response, asked: _Asked) -> HttpAnswer | SoulSyncError:
        """The answer, as far as it is neither too large nor too slow."""
        deadline = time.monotonic() + asked.timeout * _WHOLE_ANSWER_TIMEOUTS
        declared: str = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > asked.max_bytes and asked.method != "HEAD":
            return self._too_large(asked)
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > asked.max_bytes:
                return self._too_large(asked)
            if time.monotonic() > deadline:
                return TimedOutError(
                    f"The answer to {asked.where} comes too slowly and was given up.",
                    server=self._server,
                    next_step="Try again later, or raise `timeout` in the settings of this server.",
                )
            chunks.append(chunk)
        return HttpAnswer(
            server=self._server,
            method=asked.method,
            path=asked.path,
            status=response.status_code,
            headers=dict(response.headers),
            body=b"".join(chunks),
        )

    def _leads_away(self, asked: _Asked, target: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._origin} redirects {asked.where} to {target}, which is not followed.",
            server=self._server,
            next_step="If that is the server, put its address into the settings; if it is a login page, "
            "let the proxy pass the server's API.",
        )

    def _too_large(self, asked: _Asked) -> AnswerTooLargeError:
        return AnswerTooLargeError(
            f"The answer to {asked.where} is larger than {asked.max_bytes / MIB:g} MiB and was not read.",
            server=self._server,
            next_step="Ask for less at a time; if it is no listing, something else than the server answers.",
        )

    def _opened(self) -> httpx.Client:
        with self._lock:
            self._cool_down.check_open()
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> httpx.Client:
        settings = self._settings
        # One more than listings may use, so that a short question need not wait for long answers.
        most = settings.max_concurrency + 1
        return httpx.Client(
            verify=tls_context(
                settings.verify, secure=settings.base_url.startswith("https:"), server=self._server
            ),
            headers={
                "User-Agent": f"soulsync-engine/{version('soulsync-engine')}",
                "Accept-Encoding": "gzip, deflate",
            },
            # A cookie would be a session that nobody asked for, shared by all threads.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=20.0),
        )


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, ready to be sent as often as need be. Its query, headers and body may hold secrets."""

    method: str
    path: str
    url: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes | None
    timeout: float
    max_bytes: int

    @property
    def where(self) -> str:
        return f"{self.method} {self.path}"

    def __repr__(self) -> str:
        return f"<{self.where}>"


def _origin(url: httpx.URL) -> str:
    """Scheme, host and port; empty for what has no host. The usual ports are left out."""
    if not url.host:
        return ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{'' if url.port is None else f':{url.port}'}"


def _timeouts(seconds: float) -> httpx.Timeout:
    # Waiting for a free connection has no limit of its own: whoever holds one is bound by theirs.
    return httpx.Timeout(seconds, connect=min(seconds, _LONGEST_CONNECT), pool=None)


def _body(form: Parameters | None, json: object, content: bytes | None) -> tuple[bytes | None, str | None]:
    if sum(given is not None for given in (form, json, content)) > 1:
        raise ValueError("a request has one body: form, json or content")
    if form is not None:
        return urlencode(_pairs(form)).encode(), "application/x-www-form-urlencoded"
    if json is not None:
        return msgspec.json.encode(json), "application/json"
    return content, None


def _pairs(parameters: Parameters | None) -> tuple[tuple[str, str], ...]:
    given = parameters.items() if isinstance(parameters, Mapping) else (parameters or ())
    pairs: list[tuple[str, str]] = []
    for name, value in given:
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        pairs.extend((name, _text(each)) for each in several if each is not None)
    return tuple(pairs)


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
