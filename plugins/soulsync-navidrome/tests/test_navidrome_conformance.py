"""The conformance kit on simulators of every kind of server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.testing import Scenario
from soulsync_engine.testing.conformance.activity import HistoryKept, UserDataKept
from soulsync_engine.testing.conformance.configuration import Configuration
from soulsync_engine.testing.conformance.failures import Failures
from soulsync_engine.testing.conformance.media import MediaServed
from soulsync_engine.testing.conformance.oddities import Oddities
from soulsync_engine.testing.conformance.paging import Paging
from soulsync_engine.testing.conformance.playlists import PlaylistsKept
from soulsync_engine.testing.conformance.reading import Reading
from soulsync_engine.testing.conformance.scopes import Scopes
from soulsync_navidrome import conformance
from soulsync_navidrome.simulator import (
    API_KEYS,
    NAVIDROME,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    NavidromeSimulator,
    Personality,
)


def _record(name: str) -> BackendRecord:
    """Also from a checkout in which the distribution is not installed."""
    return BackendRecord(
        name=name, distribution="soulsync-navidrome", version="", value=f"soulsync_navidrome:{name}"
    )


class TestNavidrome(conformance.SimulatedConformance):
    """Navidrome of today, with its own API."""

    __test__ = True
    backend_record = _record("navidrome")
    how: ClassVar[Personality] = NAVIDROME
    running: ClassVar[dict[str, NavidromeSimulator]] = {}

    def wire(self, settings: Mapping[str, object]) -> NavidromeSimulator:
        pytest.skip("the suite of soulsync_navidrome.conformance disturbs this server")


@pytest.mark.repeated
class TestOldNavidrome(
    conformance.SimulatedHooks, Paging, Reading, Oddities, Scopes, PlaylistsKept, HistoryKept
):
    """Navidrome of old, its own API switched off: what differs from the one of today."""

    __test__ = True
    backend_record = _record("navidrome")
    how: ClassVar[Personality] = OLD_NAVIDROME
    running: ClassVar[dict[str, NavidromeSimulator]] = {}

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        return {**super().make_settings(scenario, folder), "native_api": False}


@pytest.mark.repeated
class TestPlainSubsonic(conformance.SimulatedConformance):
    """A server from before OpenSubsonic and before tokens."""

    __test__ = True
    backend_record = _record("subsonic")
    how: ClassVar[Personality] = SUBSONIC_1_12
    expected_failures: ClassVar[Mapping[str, str]] = {
        "test_several_artists_of_a_track_are_several_credits": "such servers join the artists of a song into one name",
        "test_several_genres_are_several": "such servers keep one genre of a song",
    }
    running: ClassVar[dict[str, NavidromeSimulator]] = {}

    def wire(self, settings: Mapping[str, object]) -> NavidromeSimulator:
        pytest.skip("the strict server is disturbed, which is read in the same way")


@pytest.mark.repeated
class TestStrictOpenSubsonic(conformance.SimulatedConformance):
    """A server that keeps to the letter."""

    __test__ = True
    backend_record = _record("subsonic")
    how: ClassVar[Personality] = STRICT_OPENSUBSONIC
    running: ClassVar[dict[str, NavidromeSimulator]] = {}


@pytest.mark.repeated
class TestApiKeys(conformance.SimulatedHooks, Configuration, Reading, Failures, UserDataKept, MediaServed):
    """A server that takes nothing but API keys: what has to do with letting in."""

    __test__ = True
    backend_record = _record("subsonic")
    how: ClassVar[Personality] = API_KEYS
    running: ClassVar[dict[str, NavidromeSimulator]] = {}
