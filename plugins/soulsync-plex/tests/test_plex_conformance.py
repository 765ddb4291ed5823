"""The conformance kit against each personality of the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import ClassVar

import pytest

from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_plex.conformance import LIMITS, OnSimulator
from soulsync_plex.simulator import CURRENT, FORGETFUL, ITALIAN, OLD, REKEYING, SEVERAL, PlexSimulator


@cache
def _record() -> BackendRecord:
    """Looking through all installed distributions once is enough for a whole run."""
    return find("plex", discover())


class _OnPersonality(OnSimulator):
    __test__ = False

    @classmethod
    def record(cls) -> BackendRecord:
        return _record()

    def wire(self, settings: Mapping[str, object]) -> PlexSimulator:
        pytest.skip("the suite of soulsync_plex.conformance disturbs a current server")


class TestCurrentPlex(_OnPersonality):
    personality = CURRENT


@pytest.mark.repeated
class TestOldPlex(_OnPersonality):
    personality = OLD


@pytest.mark.repeated
class TestItalianPlex(_OnPersonality):
    personality = ITALIAN


@pytest.mark.repeated
class TestForgetfulPlex(_OnPersonality):
    personality = FORGETFUL


@pytest.mark.repeated
class TestRekeyingPlex(_OnPersonality):
    personality = REKEYING
    expected_failures: ClassVar = {
        **LIMITS,
        "test_an_item_keeps_its_id": "this server gives new keys; a mirror finds the files again",
    }


@pytest.mark.repeated
class TestSeveralSectionsOfPlex(_OnPersonality):
    personality = SEVERAL
