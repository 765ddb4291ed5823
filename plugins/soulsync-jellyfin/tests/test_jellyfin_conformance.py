"""The conformance kit on every personality, with every answer checked against the server's published description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

import pytest

from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_jellyfin.conformance import JELLYFIN_LIMITS, OnSimulator
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Check,
    Credentials,
    JellyfinSimulator,
    Personality,
)

ADMINS = "Jellyfin lets only administrators do that"


@cache
def _record(name: str) -> BackendRecord:
    """Looking through all installed distributions once is enough for a whole run."""
    return find(name, discover())


class _OnPersonality(OnSimulator):
    __test__ = False
    backend_name = "jellyfin"
    description: ClassVar[Any] = None
    expected_failures: ClassVar[Mapping[str, str]] = JELLYFIN_LIMITS

    @classmethod
    def record(cls) -> BackendRecord:
        return _record(cls.backend_name)

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _described(cls, described: Callable[[Personality], Any]) -> None:
        cls.description = described(cls.personality)

    def wire(self, settings: Mapping[str, object]) -> JellyfinSimulator:
        pytest.skip("the suites of soulsync_jellyfin.conformance disturb these servers")

    def checker(self) -> Check | None:
        return None if self.description is None else self.description.check


class TestJellyfin10_9(_OnPersonality):  # noqa: N801
    personality = JELLYFIN_10_9
    credentials = Credentials.PASSWORD


class TestJellyfin10_11(_OnPersonality):  # noqa: N801
    personality = JELLYFIN_10_11


@pytest.mark.repeated
class TestJellyfin10_11User(_OnPersonality):  # noqa: N801
    personality = JELLYFIN_10_11
    credentials = Credentials.USER_TOKEN
    expected_failures: ClassVar[Mapping[str, str]] = {
        **JELLYFIN_LIMITS,
        "test_names_and_descriptions_survive": ADMINS,
        "test_replacing_keeps_the_playlist_itself": ADMINS,
        "test_an_edit_changes_what_it_names": ADMINS,
        "test_a_cover_can_be_set": ADMINS,
        "test_a_cover_can_be_replaced": ADMINS,
        "test_a_scan_starts_and_ends": ADMINS,
        "test_an_edit_is_stored_and_says_so": ADMINS,
        "test_fields_that_are_none_are_left_alone": ADMINS,
        "test_an_empty_value_clears_a_field": ADMINS,
    }


@pytest.mark.repeated
class TestJellyfin12(_OnPersonality):
    personality = JELLYFIN_12
    credentials = Credentials.ADMIN_TOKEN


@pytest.mark.repeated
class TestEmby(_OnPersonality):
    backend_name = "emby"
    personality = EMBY_4_9
    expected_failures: ClassVar[Mapping[str, str]] = {}


@pytest.mark.parametrize(
    "personality", [JELLYFIN_10_9, JELLYFIN_10_11, JELLYFIN_12], ids=lambda personality: personality.name
)
def test_the_simulator_takes_no_parameter_that_the_server_does_not_have(
    personality: Personality, described: Callable[[Personality], Any]
) -> None:
    description = described(personality)
    if description is None:
        pytest.skip("the published description, or what checks by it, is not here")
    simulator = JellyfinSimulator(personality=personality)
    checked = 0
    for method, path, taken in simulator.declared:
        parameters = description.parameters(method, path)
        if parameters is None:
            # Routes of before 10.9 are still there but not described any more; plugins and the socket never were.
            assert path.startswith(("/Users/{userId}", "/Jellyfin.Plugin", "/socket")), path
            continue
        checked += 1
        assert {name.lower() for name in taken} <= parameters, f"{method} {path}"
    assert checked > 30
