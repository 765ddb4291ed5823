"""Every error a host can meet, as one tree.

    SoulSyncError
    ├── ConfigurationError      the user's settings are wrong: edit them
    │   ├── BackendNotFoundError    no installed backend has that name: install one or fix the name
    │   ├── BackendConflictError    two distributions claim one name: uninstall one
    │   └── BackendDisabledError    an environment variable switched it off
    ├── BackendLoadError        a backend is installed but cannot be loaded: its distribution is broken
    │   └── ContractMismatchError   it was written for another contract: upgrade one side
    ├── ContractViolationError  a backend returned bad data or raised something untyped: report it to its authors
    ├── AuthenticationError     the server refused the credentials: enter them again
    ├── NotAllowedError         the credentials are fine, the right is missing: ask the server's admin
    ├── UnavailableError        the server or folder cannot be reached now: retry
    │   └── StalledError            it was there and fell silent, so the work was ended
    ├── UnsupportedError        this server or backend does not offer that operation
    ├── NotFoundError           the named item, library or playlist is not there
    ├── ConflictError           somebody else changed it meanwhile: read again, then retry
    │   └── LeaseLostError          another sync of the server took over: leave it to that one
    ├── IncompleteSweepError    a listing ended before its end was proven: nothing was removed
    ├── WorkerError             a worker of the host's executor failed: sync again
    ├── ClosedError             the host used an engine or a server after closing it
    └── MirrorError             the local database cannot be used
        ├── MirrorVersionError      it was written by a newer version
        ├── MirrorLockedError       another process is writing to it
        ├── MirrorUnavailableError  its database server cannot be reached now: retry
        ├── FeedCursorError         the change feed no longer, or not yet, reaches to that number
        ├── MirrorImportError       what was to be taken over is no export of a mirror
        └── MirrorCorruptError      it is not a mirror, or it is damaged

A message is one sentence that says what happened and whose fault it is; `next_step` says what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from soulsync_engine.capabilities import Support


class SoulSyncError(Exception):
    """Base of every error the engine raises on purpose.

    `code` is a stable identifier for programs. `server` is the configured name of the server
    concerned, `next_step` one sentence for a person, the usual one of its kind unless another is
    given; `retry_after` is a number of seconds.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    usual_next_step: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        server: str | None = None,
        next_step: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.server = server
        self.next_step = self.usual_next_step if next_step is None else next_step
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        # Errors come back from workers in other processes; their constructors take more than the message.
        return _restored, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        where = f"{self.server}: " if self.server else ""
        advice = f" {self.next_step}" if self.next_step else ""
        return f"{where}{self.message}{advice}"


def _restored(kind: type[SoulSyncError], args: tuple[object, ...], state: dict[str, object]) -> SoulSyncError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigurationError(SoulSyncError):
    """The settings are wrong or incomplete; only the user can mend that."""

    code = "configuration"


class BackendNotFoundError(ConfigurationError):
    """No installed distribution offers a backend of that name."""

    code = "backend-not-found"


class BackendConflictError(ConfigurationError):
    """Two distributions offer a backend of the same name."""

    code = "backend-conflict"


class BackendDisabledError(ConfigurationError):
    """An environment variable keeps this backend from being loaded."""

    code = "backend-disabled"


class BackendLoadError(SoulSyncError):
    """An installed backend cannot be loaded. `stage` is where it stopped, `distribution` whose fault it is."""

    code = "backend-load"

    def __init__(
        self,
        message: str,
        *,
        stage: str,
        distribution: str | None = None,
        server: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, server=server, next_step=next_step)
        self.stage = stage
        self.distribution = distribution


class ContractMismatchError(BackendLoadError):
    """A backend was written for a contract this engine does not speak."""

    code = "contract-mismatch"


class ContractViolationError(SoulSyncError):
    """A backend broke the contract: bad data, an untyped exception, a wrong reference."""

    code = "contract-violation"


class AuthenticationError(SoulSyncError):
    """The server does not accept the credentials."""

    code = "authentication"


class NotAllowedError(SoulSyncError):
    """The credentials are accepted but do not carry the right that is needed."""

    code = "not-allowed"


class UnavailableError(SoulSyncError):
    """The server, or the folder, cannot be reached at the moment."""

    code = "unavailable"
    retryable = True


class StalledError(UnavailableError):
    """The server took the request and then sent nothing for too long."""

    code = "stalled"


class UnsupportedError(SoulSyncError):
    """The operation is not offered; no request was made. `support` carries the graded reason."""

    code = "unsupported"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        support: Support,
        server: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, server=server, next_step=next_step)
        self.operation = operation
        self.support = support


class NotFoundError(SoulSyncError):
    """The item, library, playlist or server named does not exist."""

    code = "not-found"
    usual_next_step = "It may be gone since it was listed: list again, and ask for what is there."


class ConflictError(SoulSyncError):
    """What was to be changed has been changed by somebody else."""

    code = "conflict"
    retryable = True


class LeaseLostError(ConflictError):
    """A sync was silent for so long that another one took its place."""

    code = "lease-lost"
    retryable = False


class IncompleteSweepError(SoulSyncError):
    """An enumeration is not proven complete, so nothing may be concluded from what is absent in it."""

    code = "incomplete-sweep"
    retryable = True


class WorkerError(SoulSyncError):
    """What a host's executor ran elsewhere ended without an answer, for example with its machine."""

    code = "worker"
    retryable = True


class ClosedError(SoulSyncError):
    """The engine, server or mirror was closed before; a mistake in the host."""

    code = "closed"


class MirrorError(SoulSyncError):
    """The local mirror cannot be opened, read or written."""

    code = "mirror"


class MirrorVersionError(MirrorError):
    """The mirror was written by a newer version of the engine."""

    code = "mirror-version"


class MirrorLockedError(MirrorError):
    """Another process holds the mirror."""

    code = "mirror-locked"
    retryable = True


class MirrorUnavailableError(MirrorError):
    """The server that holds the mirror cannot be reached."""

    code = "mirror-unavailable"
    retryable = True


class FeedCursorError(MirrorError):
    """A number that the change feed cannot go on from. `first` and `last` are those it has."""

    code = "feed-cursor"

    def __init__(self, message: str, *, first: int, last: int, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.first = first
        self.last = last


class MirrorImportError(MirrorError):
    """What was to be imported is no export, or only a part of one."""

    code = "mirror-import"


class MirrorCorruptError(MirrorError):
    """The file is damaged, or it is not a mirror."""

    code = "mirror-corrupt"
