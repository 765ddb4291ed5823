"""The kit run on the reference backend: each of its tests has at least one backend that passes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.testing.conformance import BackendConformance
from soulsync_engine.testing.reference.server import ReferenceServer
from soulsync_engine.testing.scenarios import Scenario


class TestReference(BackendConformance):
    """The reference backend, which nothing announces."""

    backend_record = BackendRecord(
        name="reference",
        distribution="soulsync-engine",
        version="",
        value="soulsync_engine.testing.reference:backend",
    )
    servers: ClassVar[dict[str, ReferenceServer]] = {}

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        server = ReferenceServer(scenario)
        self.servers[server.address] = server
        return {"address": server.address, "token": server.token}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        self.servers[str(settings["address"])].stop()
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """As in the kit."""
        self.servers[str(settings["address"])].change(after)
