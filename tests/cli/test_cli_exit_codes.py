"""A script can tell from the exit code what went wrong."""

from __future__ import annotations

import pickle

import pytest

from soulsync_engine import errors
from soulsync_engine.capabilities import Support
from soulsync_engine.cli.exits import ExitCode, exit_code_of
from soulsync_engine.errors import (
    BackendLoadError,
    ContractMismatchError,
    FeedCursorError,
    NotFoundError,
    SoulSyncError,
    UnsupportedError,
)

EXPECTED = {
    "SoulSyncError": ExitCode.FAILED,
    "ConfigurationError": ExitCode.CONFIGURATION,
    "BackendNotFoundError": ExitCode.CONFIGURATION,
    "BackendConflictError": ExitCode.CONFIGURATION,
    "BackendDisabledError": ExitCode.CONFIGURATION,
    "BackendLoadError": ExitCode.BACKEND,
    "ContractMismatchError": ExitCode.BACKEND,
    "ContractViolationError": ExitCode.BACKEND,
    "AuthenticationError": ExitCode.NOT_ALLOWED,
    "NotAllowedError": ExitCode.NOT_ALLOWED,
    "UnavailableError": ExitCode.UNAVAILABLE,
    "UnsupportedError": ExitCode.UNSUPPORTED,
    "NotFoundError": ExitCode.FAILED,
    "ConflictError": ExitCode.INCOMPLETE,
    "IncompleteSweepError": ExitCode.INCOMPLETE,
    "LeaseLostError": ExitCode.INCOMPLETE,
    "StalledError": ExitCode.UNAVAILABLE,
    "WorkerError": ExitCode.FAILED,
    "ClosedError": ExitCode.FAILED,
    "MirrorError": ExitCode.MIRROR,
    "MirrorVersionError": ExitCode.MIRROR,
    "MirrorLockedError": ExitCode.MIRROR,
    "MirrorCorruptError": ExitCode.MIRROR,
    "MirrorUnavailableError": ExitCode.MIRROR,
    "MirrorImportError": ExitCode.MIRROR,
    "FeedCursorError": ExitCode.MIRROR,
}
TREE = sorted(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, SoulSyncError)
)


def make(name: str) -> SoulSyncError:
    kind = getattr(errors, name)
    if kind in (BackendLoadError, ContractMismatchError):
        return kind("broken", stage="import")
    if kind is UnsupportedError:
        return UnsupportedError("cannot", operation="watch", support=Support.not_written())
    if kind is FeedCursorError:
        return FeedCursorError("no", first=1, last=2)
    return kind("no")


@pytest.mark.parametrize("name", TREE)
def test_every_error_survives_a_journey_to_another_process(name: str) -> None:
    error = make(name)
    error.server = "music"
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("name", TREE)
def test_every_error_of_the_tree_has_its_exit_code(name: str) -> None:
    assert exit_code_of(make(name)) is EXPECTED[name]


def test_what_is_not_there_has_a_next_step_of_its_kind_unless_another_is_given() -> None:
    assert str(NotFoundError("No such song.")) == f"No such song. {NotFoundError.usual_next_step}"
    assert str(NotFoundError("No such song.", next_step="Scan again.")) == "No such song. Scan again."
    assert SoulSyncError("no").next_step is None


def test_every_exit_code_says_what_it_means() -> None:
    assert [code.value for code in ExitCode if not code.meaning.endswith(".")] == []
