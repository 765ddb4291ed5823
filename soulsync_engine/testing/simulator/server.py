"""The simulator: routes, faults and a log behind a real HTTP server on a loopback port."""

from __future__ import annotations

import ssl
import time
import traceback
from collections.abc import Callable, Iterable
from threading import Lock
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote

from soulsync_engine.testing.simulator.faults import Exchange, FaultPlan
from soulsync_engine.testing.simulator.listening import Listener
from soulsync_engine.testing.simulator.messages import Answer, RefusedRequestError, SimulatedRequest
from soulsync_engine.testing.simulator.routing import Handler, Route, Router

_Decorate = Callable[[Handler], Handler]


class Simulator:
    """A server to test clients against. Use it as a context manager; a simulator can be started once.

    `prefix` is a sub-path that everything lies under. `always` are parameters that every route takes, `ignore_case`
    concerns paths and parameter names. With `tls` it speaks HTTPS. `latency` seconds pass before every answer.
    Handlers run on one thread per connection, so state they share needs a lock.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        always: Iterable[str] = (),
        ignore_case: bool = False,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.latency = latency
        self.faults = FaultPlan()
        self.refusals: list[str] = []
        """Requests that the server does not have, one sentence each. Clear it where a test sent one on purpose."""
        self._prefix = prefix.rstrip("/")
        self._router = Router(always=always, ignore_case=ignore_case)
        self._requests: list[SimulatedRequest] = []
        self._paths: list[str] = []
        self._previous: dict[str, Answer] = {}
        self._lock = Lock()
        self._listener = Listener(self._answer, tls=tls)

    def route(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[str] = (),
        form: Iterable[str] | None = None,
        required: Iterable[str] = (),
        body: bool = False,
    ) -> _Decorate:
        """Have the decorated function answer a route; see `Route` for what the parameters mean."""

        def register(handler: Handler) -> Handler:
            route = Route(
                method=method,
                path=path,
                handler=handler,
                query=frozenset(query),
                form=None if form is None else frozenset(form),
                required=frozenset(required),
                body=body,
            )
            self._router.add(route)
            return handler

        return register

    def absent(self, path: str, *, method: str = "*") -> None:
        """Declare that the server does not have this path: it answers 404, and asking for it is no mistake."""
        self._router.add(Route(method=method, path=path, handler=None))

    @property
    def base_url(self) -> str:
        """The address to give to a client, with the prefix and without a slash at its end."""
        return f"{self._listener.origin}{self._prefix}"

    @property
    def requests(self) -> tuple[SimulatedRequest, ...]:
        """Every request so far, in the order of arrival, refused and failed ones included."""
        with self._lock:
            return tuple(self._requests)

    def forget(self) -> None:
        """Empty the log; requests are counted from 1 again."""
        with self._lock:
            self._requests.clear()
            self._paths.clear()
            self._previous.clear()

    def start(self) -> Self:
        """Listen on a free port."""
        self._listener.listen()
        return self

    def stop(self) -> None:
        """End the open connections, accept no others, and leave the port to others."""
        self._listener.stop()

    def refuse(self) -> None:
        """Refuse new connections and end the open ones, as a server that went down."""
        self._listener.refuse()

    def listen(self) -> None:
        """Accept connections again, at the same address."""
        self._listener.listen()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self.refusals:
            raise AssertionError("the simulator refused requests:\n  " + "\n  ".join(self.refusals))

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        raw_path, _, query = target.partition("?")
        inside = raw_path.removeprefix(self._prefix) if raw_path.startswith(self._prefix + "/") else None
        with self._lock:
            request = SimulatedRequest(
                number=len(self._requests) + 1,
                method=method,
                path=unquote(raw_path if inside is None else inside),
                raw_path=raw_path if inside is None else inside,
                query=tuple(parse_qsl(query, keep_blank_values=True)),
                headers=headers,
                body=body,
            )
            self._requests.append(request)
            self._paths.append(request.path)
            effect = self.faults.effect(self._paths)
            previous = self._previous.get(request.path)
        if self.latency:
            time.sleep(self.latency)

        def produce() -> Answer:
            answer = self._handle(request, outside=inside is None)
            with self._lock:
                self._previous[request.path] = answer
            return answer

        if effect is None:
            return produce()
        return effect(
            Exchange(
                request=request, produce=produce, previous=previous, stop_listening=self._listener.refuse
            )
        )

    def _handle(self, request: SimulatedRequest, *, outside: bool) -> Answer:
        try:
            if outside:
                raise RefusedRequestError(f"{request.path} is outside of {self._prefix}", status=404)
            route, read = self._router.resolve(request)
            with self._lock:
                if request.number <= len(self._requests) and self._requests[request.number - 1] is request:
                    self._requests[request.number - 1] = read
            return Answer(status=404, content_type=None) if route.handler is None else route.handler(read)
        except RefusedRequestError as refusal:
            self.refusals.append(f"request {request.number}: {request.method} {refusal}")
            text = str(refusal).encode()
            return Answer(status=refusal.status, body=text, content_type="text/plain; charset=utf-8")
        except Exception:  # noqa: BLE001 - a handler that fails must fail the test, not hang the client
            self.refusals.append(f"request {request.number}: the handler failed\n{traceback.format_exc()}")
            return Answer(status=500, content_type=None)
