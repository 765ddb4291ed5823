"""Faults that only such servers have: what goes wrong inside the envelope. To be ordered like any other fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast
from urllib.parse import parse_qsl

import msgspec

from soulsync_engine.testing.simulator import Answer, Effect, Exchange, SimulatedRequest

Content = dict[str, object]
"""An object as JSON has it."""

Change = Callable[[SimulatedRequest, list[Content]], list[Content]]
"""What becomes of some entries of an answer to a request."""

_HEAD: Final = {"version": "1.16.1", "type": "simulated", "serverVersion": "1", "openSubsonic": True}


def answered(content: Mapping[str, object], *, http: int = 200) -> Effect:
    """Something else than the plain answer, in an envelope that says that all is well."""
    return _enveloped({"status": "ok", **_HEAD, **content}, http)


def refused(code: int, message: str = "no", *, http: int = 200) -> Effect:
    """A refusal with one of the protocol's codes."""
    return _enveloped({"status": "failed", **_HEAD, "error": {"code": code, "message": message}}, http)


def altered(place: str, change: Change) -> Effect:
    """The plain answer with the entries at a place such as `searchResult3.song` changed; one is a list of one."""
    *way, last = place.split(".")

    def effect(exchange: Exchange) -> Answer:
        body = exchange.produce().body
        whole = msgspec.json.decode(
            body if isinstance(body, bytes) else b"".join(body()), type=dict[str, Content]
        )
        at: Content = whole["subsonic-response"]
        for name in way:
            at = cast("Content", at.get(name, {}))
        found = at.get(last)
        if isinstance(found, list):
            at[last] = change(exchange.request, found)
        elif found is not None:
            (at[last],) = change(exchange.request, [cast("Content", found)])
        return Answer.json(whole)

    return effect


def parameter(request: SimulatedRequest, name: str) -> str | None:
    """A parameter of a request that is about to be answered, whether it came in the address or in the body."""
    return dict((*request.query, *parse_qsl(request.body.decode(), keep_blank_values=True))).get(name)


def _enveloped(content: Mapping[str, object], http: int) -> Effect:
    return lambda exchange: Answer.json({"subsonic-response": content}, status=http)
