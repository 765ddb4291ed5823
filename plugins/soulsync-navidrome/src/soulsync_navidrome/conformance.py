"""These backends' part of the conformance kit, on simulators. Run it: python -m soulsync_engine.testing navidrome"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from soulsync_engine.testing import BackendConformance, Scenario
from soulsync_engine.testing.conformance.harness import Harness
from soulsync_navidrome.simulator import NAVIDROME, NavidromeSimulator, Personality


class SimulatedHooks(Harness):
    """What the kit needs to be run on simulators of one personality, each stopped when the tests end."""

    __test__ = False
    how: ClassVar[Personality] = NAVIDROME
    running: ClassVar[dict[str, NavidromeSimulator]] = {}

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """Start a simulator that holds the scenario."""
        simulator = NavidromeSimulator(self.how, scenario=scenario).start()
        self.running[simulator.base_url] = simulator
        return {**simulator.settings(), "timeout": 10.0}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """Shut it down."""
        self.running[str(settings["base_url"])].stop()
        return settings

    def reject_credentials(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """Replace the secret that is used."""
        used = "api_key" if "api_key" in settings else "password"
        return {**settings, used: "wrong-5f1c-secret"}

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """Have it hold other songs."""
        self.running[str(settings["base_url"])].change(after)

    def wire(self, settings: Mapping[str, object]) -> NavidromeSimulator:
        """Its simulator."""
        return self.running[str(settings["base_url"])]

    @classmethod
    def teardown_class(cls) -> None:
        """Stop everything, and fail when a simulator was asked what its server does not have."""
        refused = [refusal for simulator in cls.running.values() for refusal in simulator.refusals]
        for simulator in cls.running.values():
            simulator.stop()
        cls.running.clear()
        assert not refused, "requests that the real server would not know:\n  " + "\n  ".join(refused)


class SimulatedConformance(SimulatedHooks, BackendConformance):
    """The whole kit on simulators of one personality."""

    __test__ = False


class TestNavidrome(SimulatedConformance):
    """The whole kit, on a simulator of Navidrome."""

    __test__ = True
    backend_name = "navidrome"
    running: ClassVar[dict[str, NavidromeSimulator]] = {}
