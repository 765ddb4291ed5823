"""Which handler answers, and whether the request is one that the simulated server has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote

from soulsync_engine.testing.simulator.messages import Answer, Pairs, RefusedRequestError, SimulatedRequest

Handler = Callable[[SimulatedRequest], Answer]

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing the server can be asked.

    `path` may have `{name}` for one segment and, at its end, `{name...}` for the rest. `query` and `form` are the
    parameters it takes, in the address and in a form; `form=None` takes no form. Other bodies need `body=True`.
    A missing `required` parameter is refused too. A route without handler is one the server does not have, on purpose:
    404, and no refusal.
    """

    method: str
    path: str
    handler: Handler | None
    query: frozenset[str] = frozenset()
    form: frozenset[str] | None = None
    required: frozenset[str] = frozenset()
    body: bool = False


class Router:
    """The routes of one server, tried in the order in which they were added.

    `always` are parameters that every route takes, in the query and in a form, such as credentials. `ignore_case` is
    for servers to which the case of paths and parameter names means nothing; handlers then see the declared names.
    """

    def __init__(self, *, always: Iterable[str] = (), ignore_case: bool = False) -> None:
        self._always = frozenset(always)
        self._ignore_case = ignore_case
        self._routes: list[tuple[re.Pattern[str], Route]] = []

    def add(self, route: Route) -> None:
        """Add a route. The first that matches counts."""
        flags = re.IGNORECASE if self._ignore_case else re.NOFLAG
        self._routes.append((re.compile(_as_pattern(route.path), flags), route))

    def resolve(self, request: SimulatedRequest) -> tuple[Route, SimulatedRequest]:
        """The route, and the request with what the route declares. Raises `RefusedRequestError`."""
        fitting = [
            (route, found)
            for pattern, route in self._routes
            if (found := pattern.fullmatch(request.raw_path)) is not None
        ]
        for route, found in fitting:
            if route.method in (request.method, "*") or (request.method, route.method) == ("HEAD", "GET"):
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                return route, self._read(route, replace(request, path_values=values, route=route.path))
        if fitting:
            raise RefusedRequestError(f"{request.path} takes no {request.method}", status=405)
        raise RefusedRequestError(f"there is no {request.path}", status=404)

    def _read(self, route: Route, request: SimulatedRequest) -> SimulatedRequest:
        if route.handler is None:
            return request
        query = self._accept(request.query, route.query, f"the query of {route.path}")
        form: Pairs = ()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
            if route.form is None:
                raise RefusedRequestError(f"{route.path} takes no form")
            sent = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
            form = self._accept(tuple(sent), route.form, f"the form of {route.path}")
        elif request.body and not route.body:
            raise RefusedRequestError(f"{route.path} takes no body")
        missing = route.required - {name for name, _ in (*query, *form)}
        if missing:
            raise RefusedRequestError(f"{route.path} needs {', '.join(sorted(missing))}")
        return replace(request, query=query, form=form)

    def _accept(self, sent: Pairs, declared: frozenset[str], where: str) -> Pairs:
        known: Mapping[str, str] = {self._key(name): name for name in declared | self._always}
        unknown = sorted({name for name, _ in sent if self._key(name) not in known})
        if unknown:
            raise RefusedRequestError(f"{where} has unknown parameters: {', '.join(unknown)}")
        return tuple((known[self._key(name)], value) for name, value in sent)

    def _key(self, name: str) -> str:
        return name.casefold() if self._ignore_case else name


def _as_pattern(path: str) -> str:
    """A pattern over the path as it was sent, so that an encoded slash does not split a segment."""
    parts = re.split(r"(\{\w+(?:\.\.\.)?\})", path)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    return f"(?P<{name[:-3]}>.*)" if name.endswith("...") else f"(?P<{name}>[^/]+)"
