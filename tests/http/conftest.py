"""A simulated server with a few routes, and transports to it that do not wait long."""

import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from soulsync_engine.http import Exchange, HttpSettings, HttpTransport, RetryPolicy
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator

QUICK = RetryPolicy(attempts=4, first_pause=0.01, longest_pause=2.0)

Connect = Callable[..., HttpTransport]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    server = Simulator(prefix="/music", always=("u", "t"))

    @server.route("GET", "/items", query=("limit", "offset"))
    def items(request: SimulatedRequest) -> Answer:
        offset = request.number_of("offset", 0)
        rows = [
            {"id": str(n), "name": f"item {n}"} for n in range(offset, offset + request.number_of("limit", 3))
        ]
        return Answer.json({"items": rows})

    @server.route("GET", "/items/{id}")
    def item(request: SimulatedRequest) -> Answer:
        return Answer.json({"id": request.path_values["id"]})

    @server.route("POST", "/items", query=("limit",), form=("id", "name"), body=True)
    def write(request: SimulatedRequest) -> Answer:
        return Answer.json({"form": request.form, "body": request.body.decode()})

    with server:
        yield server


@pytest.fixture
def connect(simulator: Simulator) -> Iterator[Connect]:
    opened: list[HttpTransport] = []

    def open_transport(
        base_url: str | None = None,
        *,
        verify: Literal[True] | str = True,
        timeout: float = 5.0,
        max_concurrency: int = 4,
        max_bytes: int = 1_000_000,
        policy: RetryPolicy = QUICK,
        observe: Callable[[Exchange], None] | None = None,
    ) -> HttpTransport:
        settings = HttpSettings(
            base_url=base_url or simulator.base_url,
            timeout=timeout,
            verify=verify,
            max_concurrency=max_concurrency,
        )
        transport = HttpTransport(
            settings,
            server="attic",
            log=logging.getLogger("soulsync_engine.server.attic"),
            max_bytes=max_bytes,
            policy=policy,
            observe=observe,
        )
        opened.append(transport)
        return transport

    yield open_transport
    for transport in opened:
        transport.close()


@pytest.fixture
def transport(connect: Connect) -> HttpTransport:
    return connect()
