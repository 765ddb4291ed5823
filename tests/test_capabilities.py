"""Capabilities come from code: what is overridden is offered, the rest has a graded reason."""

from collections.abc import Mapping
from typing import ClassVar

from soulsync_engine.capabilities import Capability, Grade, Support, grade_class
from soulsync_engine.contract import OPERATIONS, MediaServerClient
from soulsync_engine.models import Playlist, ScanPhase, ScanState


class Bare(MediaServerClient):
    """Only what is required."""


class Scanning(Bare):
    limitations: ClassVar[Mapping[str, Support]] = {
        "list_play_events": Support.server_cannot("a folder keeps no history"),
        "scan_state": Support.versioned("2.0"),
    }

    def scan_state(self) -> ScanState:
        return ScanState(phase=ScanPhase.IDLE)


class Deleting(Bare):
    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})

    def delete_playlist(self, playlist_id: str) -> Playlist:
        raise AssertionError


class Inheriting(Deleting):
    """Inherits the method and the claim; inheriting is not claiming."""


def grades(client: type) -> dict[str, Grade]:
    return {name: support.grade for name, support in grade_class(MediaServerClient, client).items()}


def test_every_operation_of_the_contract_is_graded_in_its_order() -> None:
    assert list(grade_class(MediaServerClient, Bare)) == list(OPERATIONS)


def test_required_operations_are_offered_and_the_rest_is_not_written() -> None:
    graded = grades(Bare)
    for name, operation in OPERATIONS.items():
        expected = Grade.FULL if operation.capability is Capability.REQUIRED else Grade.NOT_WRITTEN
        assert graded[name] is expected


def test_a_limitation_wins_over_an_override_and_gives_its_reason() -> None:
    graded = grade_class(MediaServerClient, Scanning)
    assert graded["scan_state"] == Support.versioned("2.0")
    assert graded["list_play_events"].reason == "a folder keeps no history"


def test_deleting_must_be_claimed_by_the_class_itself() -> None:
    assert grades(Deleting)["delete_playlist"] is Grade.FULL
    inherited = grade_class(MediaServerClient, Inheriting)["delete_playlist"]
    assert not inherited.offered
    assert "must be claimed by the class itself" in inherited.reason


def test_a_connected_server_can_only_take_away() -> None:
    best = grade_class(MediaServerClient, Deleting)
    narrowed = best.narrowed(
        {"delete_playlist": Support.server_cannot("not an admin"), "scan_state": Support.full()}
    )
    assert narrowed.connected
    assert not best.connected
    assert narrowed["delete_playlist"].reason == "not an admin"
    assert not narrowed.offers("scan_state")
    assert best.offers("delete_playlist", "connect")


def test_groups_hold_every_operation_once() -> None:
    graded = grade_class(MediaServerClient, Bare)
    grouped = [name for capability in Capability for name in graded.of(capability)]
    assert sorted(grouped) == sorted(OPERATIONS)


def test_only_deleting_is_dangerous_and_reading_writes_nothing() -> None:
    assert [name for name, operation in OPERATIONS.items() if operation.dangerous] == ["delete_playlist"]
    reading = {Capability.REQUIRED, Capability.CHANGES, Capability.HISTORY, Capability.MEDIA}
    assert not [
        n for n, operation in OPERATIONS.items() if operation.writes and operation.capability in reading
    ]
