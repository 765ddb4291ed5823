"""The conformance kit on simulators of every kind of server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from soulsync_engine.discovery import BackendRecord
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


class TestOldNavidrome(conformance.SimulatedConformance):
    """Navidrome of old."""

    __test__ = True
    backend_record = _record("navidrome")
    how: ClassVar[Personality] = OLD_NAVIDROME
    running: ClassVar[dict[str, NavidromeSimulator]] = {}


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


class TestStrictOpenSubsonic(conformance.SimulatedConformance):
    """A server that keeps to the letter."""

    __test__ = True
    backend_record = _record("subsonic")
    how: ClassVar[Personality] = STRICT_OPENSUBSONIC
    running: ClassVar[dict[str, NavidromeSimulator]] = {}


class TestApiKeys(conformance.SimulatedConformance):
    """A server that takes nothing but API keys."""

    __test__ = True
    backend_record = _record("subsonic")
    how: ClassVar[Personality] = API_KEYS
    running: ClassVar[dict[str, NavidromeSimulator]] = {}
