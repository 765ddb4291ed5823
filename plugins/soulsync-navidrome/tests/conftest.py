"""What the tests of this plugin share: servers opened as a host opens them, and where the reference data lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer

Open = Callable[..., MediaServer]


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Callable[..., MediaServerEngine]]:
    """Opens engines with one server called `home`, and closes them at the end."""
    with ExitStack() as stack:

        def open_engine(settings: Mapping[str, object], backend: str = "navidrome") -> MediaServerEngine:
            record = BackendRecord(
                name=backend,
                distribution="soulsync-navidrome",
                version="",
                value=f"soulsync_navidrome:{backend}",
            )
            config = {
                "server": {"active": "home"},
                "servers": {"home": {"backend": backend, "timeout": 5.0, **settings}},
                "mirror": {"url": f"sqlite:///{(tmp_path / 'mirror.db').as_posix()}"},
                "engine": {"data_dir": str(tmp_path / "data")},
            }
            engine = MediaServerEngine(config, records=[record], plugins=GlobalPlugins())
            return stack.enter_context(engine)

        yield open_engine


@pytest.fixture
def open_server(engines: Callable[..., MediaServerEngine]) -> Open:
    """Opens a server as a host does; no request has been made."""

    def open_it(settings: Mapping[str, object], backend: str = "navidrome") -> MediaServer:
        return engines(settings, backend).server("home")

    return open_it


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of specifications and recorded answers, which is no part of the project."""
    beside = Path(__file__).resolve().parents[4] / "shared"
    place = Path(os.environ.get("SOULSYNC_SHARED", beside))
    if not place.is_dir():
        pytest.skip("the reference data are not here; SOULSYNC_SHARED may name their folder")
    return place
