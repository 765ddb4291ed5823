"""Every liar with the test of the kit that must catch it. Run by `test_kit_liars.py`; each of these has to fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import heavy_spec
import lying_clients
import wired

from soulsync_engine.discovery import BackendRecord, in_process
from soulsync_engine.testing.reference import conformance
from soulsync_engine.testing.scenarios import Scenario

FORGETTING = "test_a_disturbed_sync_forgets_nothing[no page]"

CAUGHT_BY = {
    "Eager": "test_building_a_client_touches_nothing",
    "Equal": "test_clients_are_compared_by_identity",
    "Contradictory": "test_a_limitation_is_not_implemented_as_well",
    "Skipping": "test_pages_join_to_the_whole_listing[10-track]",
    "Overlapping": "test_pages_join_to_the_whole_listing[1-track]",
    "Generous": "test_pages_join_to_the_whole_listing[10-album]",
    "PageTotals": "test_pages_join_to_the_whole_listing[10-artist]",
    "FewerIds": "test_ids_alone_are_the_ids_of_the_listing[track]",
    "Seconds": "test_units_are_those_of_the_contract",
    "Naive": "test_times_have_a_timezone[track]",
    "Unordered": "test_items_can_be_fetched_by_id[track]",
    "Limitless": "test_search_keeps_to_limit_and_kinds",
    "Deaf": "test_search_finds_a_track_by_its_title",
    "Cutting": "test_long_titles_are_not_cut",
    "Joining": "test_several_artists_of_a_track_are_several_credits",
    "Leaking": "test_another_library_never_leaks[Other]",
    "Shrugging": "test_an_unknown_library_is_not_found[track]",
    "Silent": "test_an_unreachable_server_is_unavailable[list_tracks]",
    "Confusing": "test_rejected_credentials_are_an_authentication_error[connect]",
    "Talkative": "test_the_backend_itself_tells_no_secret",
    "Constant": "test_the_token_differs_after_a_change[edited]",
    "Restless": "test_the_token_stays_while_nothing_changes",
    "OffByOne": "test_a_range_is_that_part_of_the_whole",
    "Recreating": "test_replacing_keeps_the_playlist_itself",
    "RemovesTwins": "test_only_the_named_entry_is_removed",
    "Toggling": "test_a_favourite_is_kept_and_can_be_taken_back[track]",
    "Backwards": "test_plays_come_newest_first",
    "Forgetful": "test_an_edit_is_stored_and_says_so[album]",
    "Percent": "test_a_scan_starts_and_ends",
    "Trusting": "test_webhooks_are_not_trusted",
    "Speechless": "test_what_is_not_offered_is_refused_without_a_request[list_users]",
}


def _on(name: str, spec: lying_clients.BackendSpec) -> type:
    (record,) = in_process(spec)
    return type(
        name, (conformance.TestReference,), {"backend_record": record, "servers": {}, "__module__": __name__}
    )


for _name in CAUGHT_BY:
    globals()[f"Test{_name}"] = _on(f"Test{_name}", lying_clients.lying(_name))

TestOpenSettings = _on("TestOpenSettings", lying_clients.lying("OpenClient", "lying_clients:OpenSettings"))


class TestHeavySpec(conformance.TestReference):
    backend_record = BackendRecord(
        name="heavy", distribution="heavy", version="1", value=f"{heavy_spec.__name__}:backend"
    )


class TestWrongName(conformance.TestReference):
    backend_record = BackendRecord(
        name="light", distribution="heavy", version="1", value="heavy_spec:backend"
    )


class TestWeakened(conformance.TestReference):
    """An author who takes out what he does not like."""

    def test_no_track_is_lost(self) -> None:
        pass

    test_long_titles_are_not_cut = None


class TestTooPessimistic(conformance.TestReference):
    """An author who expects a failure that does not happen."""

    expected_failures = {"test_no_track_is_lost": "it used to lose some"}  # noqa: RUF012


class TestHonestAboutFailure(conformance.TestReference):
    """An author who expects a failure that does happen: the only one here that is not caught."""

    (backend_record,) = in_process(lying_clients.lying("Cutting"))
    expected_failures = {"test_long_titles_are_not_cut": "the server keeps 64 characters"}  # noqa: RUF012


class TestWired(conformance.TestReference):
    """An honest backend that can be disturbed."""

    (backend_record,) = in_process(lying_clients.lying("Wired", module="wired"))
    wires: ClassVar[list[wired.Simulator]] = []

    @classmethod
    def teardown_class(cls) -> None:
        while cls.wires:
            cls.wires.pop().stop()

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        settings = super().make_settings(scenario, folder)
        self.wires.append(wired.wired(self.servers[str(settings["address"])]))
        return settings

    def wire(self, settings: Mapping[str, object]) -> wired.Simulator:
        return wired.WIRES[str(settings["address"])]


class TestContent(TestWired):
    """One that takes a broken page for the end."""

    (backend_record,) = in_process(lying_clients.lying("Content", module="wired"))


class TestForgottenNames(conformance.TestReference):
    expected_failures = {"test_of_the_past": "was renamed"}  # noqa: RUF012


CAUGHT = {
    **{f"Test{name}": test for name, test in CAUGHT_BY.items()},
    "TestHeavySpec": "test_importing_the_spec_is_light",
    "TestWrongName": "test_the_spec_has_the_name_of_the_entry_point",
    "TestWeakened": "test_no_standard_test_is_weakened",
    "TestTooPessimistic": "test_no_track_is_lost",
    "TestContent": FORGETTING,
    "TestForgottenNames": "test_every_expected_failure_is_a_test_with_a_reason",
}

ALSO_CAUGHT = {
    "TestOpenSettings": (
        "test_what_looks_like_a_secret_is_declared_as_one",
        "test_an_unknown_key_is_refused_with_a_suggestion",
    ),
}
