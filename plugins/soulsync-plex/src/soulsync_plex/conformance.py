"""The conformance kit on a simulated server. Run it: python -m soulsync_engine.testing plex"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from soulsync_engine.testing import BackendConformance, Scenario
from soulsync_plex.simulator import CURRENT, Personality, PlexSimulator

ONE_TEXT: Final = "Plex keeps the artists of a track as one text"
NO_TIME: Final = "a Plex server stamps a play with the time of the report; it takes no other"

LIMITS: Final[Mapping[str, str]] = {
    "test_several_artists_of_a_track_are_several_credits": ONE_TEXT,
    "test_a_reported_play_counts": NO_TIME,
    "test_only_plays_after_a_time_are_listed": NO_TIME,
}


class OnSimulator(BackendConformance):
    """The kit on one personality."""

    __test__ = False
    backend_name = "plex"
    personality: ClassVar[Personality] = CURRENT
    running: ClassVar[dict[str, PlexSimulator]] = {}
    expected_failures: ClassVar[Mapping[str, str]] = LIMITS

    @classmethod
    def setup_class(cls) -> None:
        """Nothing runs yet."""
        cls.running = {}

    @classmethod
    def teardown_class(cls) -> None:
        """Stop what was started; no request may have been one the server does not have, nor shown a token."""
        for simulator in cls.running.values():
            simulator.stop()
        assert [refusal for simulator in cls.running.values() for refusal in simulator.refusals] == []
        assert [path for simulator in cls.running.values() for path in simulator.tokens_in_addresses] == []

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        simulator = PlexSimulator(scenario, personality=self.personality).start()
        self.running[simulator.base_url] = simulator
        return {**simulator.settings(), "retries": 0}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        self.running[str(settings["base_url"])].stop()
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """As in the kit."""
        self.running[str(settings["base_url"])].change(after)

    def wire(self, settings: Mapping[str, object]) -> PlexSimulator:
        """As in the kit."""
        return self.running[str(settings["base_url"])]


class TestPlex(OnSimulator):
    """A current server and its owner's token."""
