"""The conformance kit against each personality of the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_engine.testing import BackendConformance, Scenario
from soulsync_plex.simulator import CURRENT, FORGETFUL, ITALIAN, OLD, Personality, PlexSimulator

ONE_TEXT = "Plex keeps the artists of a track as one text"
NO_TIME = "a Plex server stamps a play with the time of the report; it takes no other"


@cache
def _record() -> BackendRecord:
    """Looking through all installed distributions once is enough for a whole run."""
    return find("plex", discover())


class _OnSimulator(BackendConformance):
    __test__ = False
    backend_name = "plex"
    personality: ClassVar[Personality]
    running: ClassVar[dict[str, PlexSimulator]]
    expected_failures: ClassVar[Mapping[str, str]] = {
        "test_several_artists_of_a_track_are_several_credits": ONE_TEXT,
        "test_a_reported_play_counts": NO_TIME,
        "test_only_plays_after_a_time_are_listed": NO_TIME,
    }

    @classmethod
    def record(cls) -> BackendRecord:
        return _record()

    @classmethod
    def setup_class(cls) -> None:
        cls.running = {}

    @classmethod
    def teardown_class(cls) -> None:
        for simulator in cls.running.values():
            simulator.stop()
        assert [refusal for simulator in cls.running.values() for refusal in simulator.refusals] == []
        assert [path for simulator in cls.running.values() for path in simulator.tokens_in_addresses] == []

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        simulator = PlexSimulator(scenario, personality=self.personality).start()
        self.running[simulator.base_url] = simulator
        return {**simulator.settings(), "retries": 0}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        self.running[str(settings["base_url"])].stop()
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        self.running[str(settings["base_url"])].change(after)


class TestCurrentPlex(_OnSimulator):
    personality = CURRENT


@pytest.mark.personality
class TestOldPlex(_OnSimulator):
    personality = OLD


@pytest.mark.personality
class TestItalianPlex(_OnSimulator):
    personality = ITALIAN


@pytest.mark.personality
class TestForgetfulPlex(_OnSimulator):
    personality = FORGETFUL
