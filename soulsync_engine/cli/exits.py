"""Exit codes: what a script can tell from the way `soulsync` ended."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from soulsync_engine.errors import (
    AuthenticationError,
    BackendLoadError,
    ConfigurationError,
    ConflictError,
    ContractViolationError,
    IncompleteSweepError,
    MirrorError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
    UnsupportedError,
)


class ExitCode(IntEnum):
    """How a command ended. The numbers do not change."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4
    NOT_ALLOWED = 5
    UNSUPPORTED = 6
    INCOMPLETE = 7
    MIRROR = 8
    BACKEND = 9
    INTERRUPTED = 130
    BROKEN_PIPE = 141

    @property
    def meaning(self) -> str:
        """One sentence for the documentation."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    ExitCode.OK: "Everything asked for was done.",
    ExitCode.FAILED: "It could not be done, and none of the codes below says why; standard error does.",
    ExitCode.USAGE: "The command or one of its options is not known, or an argument is missing.",
    ExitCode.CONFIGURATION: "The configuration is wrong: a file, a setting, a secret, or the name of a backend.",
    ExitCode.UNAVAILABLE: "The server or the folder cannot be reached at the moment.",
    ExitCode.NOT_ALLOWED: "The server refused the credentials, or they lack the right that is needed.",
    ExitCode.UNSUPPORTED: "This server or backend does not offer that.",
    ExitCode.INCOMPLETE: "A listing broke off before its end, somebody changed things meanwhile, or so much is gone "
    "that it has to be confirmed.",
    ExitCode.MIRROR: "The mirror cannot be used: locked, damaged, read-only, out of reach, or written by a newer "
    "version; or it does not have what was asked of it.",
    ExitCode.BACKEND: "An installed backend is broken: it cannot be loaded, or it breaks the contract.",
    ExitCode.INTERRUPTED: "Ctrl-C.",
    ExitCode.BROKEN_PIPE: "Whoever read the output stopped reading, as `head` does; nothing is printed.",
}

# The first row that fits decides, so that a class may be listed before its base.
_BY_ERROR: Final[tuple[tuple[type[SoulSyncError], ExitCode], ...]] = (
    (ConfigurationError, ExitCode.CONFIGURATION),
    (UnavailableError, ExitCode.UNAVAILABLE),
    (AuthenticationError, ExitCode.NOT_ALLOWED),
    (NotAllowedError, ExitCode.NOT_ALLOWED),
    (UnsupportedError, ExitCode.UNSUPPORTED),
    (IncompleteSweepError, ExitCode.INCOMPLETE),
    (ConflictError, ExitCode.INCOMPLETE),
    (MirrorError, ExitCode.MIRROR),
    (BackendLoadError, ExitCode.BACKEND),
    (ContractViolationError, ExitCode.BACKEND),
)


def exit_code_of(error: SoulSyncError) -> ExitCode:
    """The exit code that tells this error from the others."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), ExitCode.FAILED)
