"""What an author overrides, and how the kit's tests come to run for the author's class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from soulsync_engine.config.secrets import secret_fields
from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_engine.loading import load
from soulsync_engine.testing.conformance.kit import Kit, Seed
from soulsync_engine.testing.scenarios import Scenario

if TYPE_CHECKING:
    from soulsync_engine.testing.simulator import Simulator

WRONG_SECRET = "wrong-5f1c-secret"  # noqa: S105


class Harness:
    """The author's side of the kit: one name, one hook that must be overridden, and a few that may be.

    A hook that cannot do what is asked calls `pytest.skip` with the reason. xunit methods such as
    `teardown_class` work as usual, to stop what the hooks started.
    """

    __test__ = False

    backend_name: ClassVar[str] = ""
    """The name of the backend, looked up among the installed ones as a host would."""
    backend_record: ClassVar[BackendRecord | None] = None
    """A record to use instead, for a backend that is not installed."""
    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Tests that are known to fail, by name, and why. One that passes all the same is an error."""
    seeds: ClassVar[dict[str, Seed]] = {}

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """Make a server hold the scenario and return the settings that reach it, as in the configuration file.

        `folder` is empty and the server's own until the tests end. Called again for the same scenario, with
        another folder, by tests that write: what they did must not be seen by the others.
        """
        raise NotImplementedError(f"{type(self).__name__} must override make_settings")

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """Make the server go away and return settings under which it is now missed, or settings of a dead address."""
        raise NotImplementedError(f"{type(self).__name__} must override make_unreachable")

    def reject_credentials(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """Settings that the server refuses; by default each secret is replaced with a wrong one."""
        wrong = dict.fromkeys(secret_fields(load(self.record()).settings_class), WRONG_SECRET)
        return {**settings, **wrong}

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """Let the server hold `after` instead of `before`, and return when it shows that."""
        pytest.skip("change_library is not overridden, so nobody can change this server's files")

    def wire(self, settings: Mapping[str, object]) -> Simulator:
        """The simulator that these settings reach, so that the kit can disturb what goes over the wire."""
        pytest.skip("wire is not overridden, so nobody can disturb this server")

    @classmethod
    def record(cls) -> BackendRecord:
        """The backend under test."""
        if cls.backend_record is not None:
            return cls.backend_record
        if not cls.backend_name:
            raise TypeError(f"{cls.__name__} must set backend_name")
        return find(cls.backend_name, discover())

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # pytest would inherit the "no test" of the base, and the kit would silently run nothing.
        cls.__test__ = vars(cls).get("__test__", True)
        cls.seeds = {}

    @pytest.fixture
    def kit(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
        """The backend under test; see `Kit`."""
        record = self.record()
        request.node.user_properties.append(("soulsync_backend", record.name))
        kit = Kit(self, record, tmp_path_factory.mktemp(record.name), request)
        yield kit
        kit.close()

    @pytest.fixture(autouse=True)
    def _expected_to_fail(self, request: pytest.FixtureRequest) -> None:
        name = request.node.name
        reason = self.expected_failures.get(name) or self.expected_failures.get(name.partition("[")[0])
        if reason is not None:
            request.node.add_marker(pytest.mark.xfail(strict=True, reason=reason))
