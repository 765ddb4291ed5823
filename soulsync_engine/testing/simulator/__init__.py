"""The base of wire-level simulators: an HTTP server on a loopback port, strict, observable and able to fail.

    simulator = Simulator()

    @simulator.route("GET", "/items/{id}", query=("fields",))
    def item(request: SimulatedRequest) -> Answer:
        return Answer.json({"id": request.path_values["id"]})

    with simulator:
        simulator.faults.at(2, status(503, retry_after=1))
        ...                     # any client, at simulator.base_url

What a route did not declare is refused, and leaving the `with` block then fails, so that a misspelt parameter
cannot go unnoticed even where a client copes with the refusal.
"""

from __future__ import annotations

from soulsync_engine.testing.simulator.faults import (
    Effect,
    Exchange,
    FaultPlan,
    content_type,
    cut_body,
    cut_connection,
    delay,
    empty,
    html_page,
    huge,
    refuse,
    repeat,
    reset,
    status,
)
from soulsync_engine.testing.simulator.messages import Answer, Pairs, RefusedRequestError, SimulatedRequest
from soulsync_engine.testing.simulator.routing import Handler, Route, Router
from soulsync_engine.testing.simulator.server import Simulator

__all__ = [
    "Answer",
    "Effect",
    "Exchange",
    "FaultPlan",
    "Handler",
    "Pairs",
    "RefusedRequestError",
    "Route",
    "Router",
    "SimulatedRequest",
    "Simulator",
    "content_type",
    "cut_body",
    "cut_connection",
    "delay",
    "empty",
    "html_page",
    "huge",
    "refuse",
    "repeat",
    "reset",
    "status",
]
