"""Simulated servers, and clients and engines opened on them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from soulsync_engine.contract import ServerContext
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import Scenario, small
from soulsync_jellyfin.client import EmbyClient, JellyfinClient
from soulsync_jellyfin.settings import EmbySettings, JellyfinSettings
from soulsync_jellyfin.simulator import (
    JELLYFIN_10_11,
    Credentials,
    JellyfinSimulator,
    Personality,
)
from soulsync_jellyfin.simulator.description import Description

SHARED = Path(os.environ.get("SOULSYNC_SHARED", Path(__file__).resolve().parents[4] / "shared"))

T = TypeVar("T")
Simulate = Callable[..., JellyfinSimulator]
OpenClient = Callable[..., JellyfinClient]
OpenServer = Callable[..., MediaServer]


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared folder with recorded answers is not beside this checkout")
    return SHARED


@cache
def _description(version: str) -> Description | None:
    path = SHARED / "specs" / f"jellyfin-openapi-{version}.json"
    return Description(path) if path.is_file() else None


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def simulate(stack: ExitStack) -> Simulate:
    def start(
        scenario: Scenario | None = None,
        personality: Personality = JELLYFIN_10_11,
        *,
        prefix: str = "",
        checked: bool = True,
    ) -> JellyfinSimulator:
        description = None
        if checked and not personality.emby:
            description = _description("12.0.0" if personality.version.startswith("12") else "10.11.11")
        simulator = JellyfinSimulator(
            small() if scenario is None else scenario,
            personality=personality,
            check=description.check if description else None,
            prefix=prefix,
        )
        return stack.enter_context(simulator)

    return start


@pytest.fixture
def client_of(stack: ExitStack, tmp_path: Path) -> OpenClient:
    def open_client(
        simulator: JellyfinSimulator,
        credentials: Credentials = Credentials.ADMIN_KEY,
        *,
        data_dir: Path | None = None,
        conceal: Callable[[str], None] = lambda secret: None,
        **settings: object,
    ) -> JellyfinClient:
        given = {**simulator.settings(credentials), "retries": 0, **settings}
        emby = simulator.personality.emby
        model = (EmbySettings if emby else JellyfinSettings).model_validate(given)
        context = ServerContext(
            server="attic",
            settings=model,
            data_dir=data_dir or tmp_path / "data",
            log=logging.getLogger("soulsync_engine.server.attic"),
            conceal=conceal,
        )
        client = (EmbyClient if emby else JellyfinClient)(context)
        stack.callback(client.close)
        return client

    return open_client


@pytest.fixture
def server_of(stack: ExitStack, tmp_path: Path) -> OpenServer:
    def open_server(
        simulator: JellyfinSimulator, credentials: Credentials = Credentials.ADMIN_KEY, **settings: object
    ) -> MediaServer:
        given = {**simulator.settings(credentials), "retries": 0, **settings}
        backend = "emby" if simulator.personality.emby else "jellyfin"
        config = {
            "server": {"active": "attic"},
            "servers": {"attic": {"backend": backend, **given}},
            "mirror": {"url": f"sqlite:///{(tmp_path / 'mirror.db').as_posix()}"},
            "engine": {"data_dir": str(tmp_path / "data")},
        }
        engine = stack.enter_context(MediaServerEngine(config, plugins=GlobalPlugins()))
        return engine.server("attic")

    return open_server
