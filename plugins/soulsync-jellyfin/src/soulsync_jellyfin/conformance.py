"""The conformance kit on the simulated servers. Run it: python -m soulsync_engine.testing jellyfin"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from soulsync_engine.testing import BackendConformance, Scenario
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_11,
    Check,
    Credentials,
    JellyfinSimulator,
    Personality,
)

ONCE: Final = "Jellyfin keeps a track at most once in a playlist"


class OnSimulator(BackendConformance):
    """The kit on one personality."""

    __test__ = False
    personality: ClassVar[Personality] = JELLYFIN_10_11
    credentials: ClassVar[Credentials] = Credentials.ADMIN_KEY
    running: ClassVar[dict[str, JellyfinSimulator]] = {}

    def checker(self) -> Check | None:
        """What looks at every answer of the simulator, if anything does."""
        return None

    @classmethod
    def setup_class(cls) -> None:
        """Nothing runs yet."""
        cls.running = {}

    @classmethod
    def teardown_class(cls) -> None:
        """Stop what was started; no request may have been one the server does not have."""
        for simulator in cls.running.values():
            simulator.stop()
        assert [refusal for simulator in cls.running.values() for refusal in simulator.refusals] == []

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        simulator = JellyfinSimulator(scenario, personality=self.personality, check=self.checker()).start()
        self.running[simulator.base_url] = simulator
        return {**simulator.settings(self.credentials), "retries": 0}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """As in the kit."""
        self.running[str(settings["base_url"])].stop()
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """As in the kit."""
        self.running[str(settings["base_url"])].change(after)

    def wire(self, settings: Mapping[str, object]) -> JellyfinSimulator:
        """As in the kit."""
        return self.running[str(settings["base_url"])]


JELLYFIN_LIMITS: Final[Mapping[str, str]] = {
    "test_a_playlist_is_stored_as_asked": ONCE,
    "test_tracks_are_added_where_asked": ONCE,
    "test_only_the_named_entry_is_removed": ONCE,
}


class TestJellyfin(OnSimulator):
    """Jellyfin with an administrator's API key."""

    backend_name = "jellyfin"
    expected_failures: ClassVar[Mapping[str, str]] = JELLYFIN_LIMITS


class TestEmby(OnSimulator):
    """Emby with an administrator's API key."""

    backend_name = "emby"
    personality = EMBY_4_9
