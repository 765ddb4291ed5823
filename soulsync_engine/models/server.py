"""What is known of a server and its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What a server says of itself when connecting.

    `machine_id` identifies the installation across address changes, where the server has such an id.
    `user` is the name of the user the credentials belong to. `notes` are sentences for `soulsync doctor`,
    such as how listings are read and why.
    """

    product: str
    version: str
    name: str | None = None
    machine_id: str | None = None
    user: str | None = None
    notes: tuple[str, ...] = ()


class ServerState(StrEnum):
    """Whether a server can be used, and if not, who has to act."""

    READY = "ready"
    UNREACHABLE = "unreachable"
    UNAUTHORISED = "unauthorised"
    NOT_ALLOWED = "not_allowed"
    MISCONFIGURED = "misconfigured"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of one configured server, as found at `checked_at`. `detail` is a sentence for people."""

    server: str
    backend: str
    state: ServerState
    detail: str
    checked_at: datetime
    info: ServerInfo | None = None

    @property
    def ready(self) -> bool:
        """Whether the server answers and accepts the credentials."""
        return self.state is ServerState.READY


class ScanPhase(StrEnum):
    """Whether the server is looking through its files.

    Unknown is not idle. Failed is idle, after a scan that broke off.
    """

    RUNNING = "running"
    IDLE = "idle"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanState:
    """The state of a server's own scan. `progress` is 0.0 to 1.0, `items` what it has counted so far.

    `in_process` says that the scan runs in this very program, and ends with it.
    """

    phase: ScanPhase
    progress: float | None = None
    items: int | None = None
    last_finished: datetime | None = None
    detail: str = ""
    in_process: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of the server."""

    id: str
    name: str
    admin: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHint:
    """Something may have changed. A hint to probe, never the truth."""

    changed: bool
    detail: str = ""
