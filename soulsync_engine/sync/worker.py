"""`DatabaseUpdateWorker`: the face that hosts of the old application know, on top of the sync of any server."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from enum import StrEnum
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from soulsync_engine.errors import NotFoundError, SoulSyncError
from soulsync_engine.mirror import Change, ChangeType, SyncState
from soulsync_engine.models import Artist, Kind
from soulsync_engine.sync.report import SyncPhase, SyncProgress, SyncReport

if TYPE_CHECKING:
    from soulsync_engine.engine import MediaServerEngine

SIGNALS: Final = ("progress_updated", "artist_processed", "phase_changed", "finished", "error")
"""What a host can connect to; see `DatabaseUpdateWorker.connect_callback`."""

_PHASES: Final = {
    SyncPhase.PROBE: "Asking the server what is new",
    SyncPhase.TRACKS: "Reading tracks",
    SyncPhase.ALBUMS: "Reading albums",
    SyncPhase.ARTISTS: "Reading artists",
    SyncPhase.SWEEP: "Looking for what is gone",
    SyncPhase.REMOVE: "Removing what is gone",
    SyncPhase.INDEX: "Bringing the search index up to date",
}

Callback = Callable[..., object]


class WorkerState(StrEnum):
    """How a worker is. Only `RUNNING` changes by itself."""

    IDLE = "idle"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class DatabaseUpdateWorker:
    """Brings the mirror up to date with one server, in the thread that calls `run`, and tells of it by callbacks.

    `server` is a configured name, the active server without. `full_refresh` makes `run` read everything. What a sync
    may remove, and when, is the engine's policy. `post_scan_hook`, if set, is called with the worker once the mirror is
    up to date and before `finished` is told. After a run, `report` is what came of it, `failure` the error it ended
    with, and `new_track_ids` are the server's ids of the tracks that were added.
    """

    def __init__(
        self, engine: MediaServerEngine, *, server: str | None = None, full_refresh: bool = False
    ) -> None:
        self.full_refresh = full_refresh
        self.post_scan_hook: Callable[[DatabaseUpdateWorker], object] | None = None
        self.state = WorkerState.IDLE
        self.report: SyncReport | None = None
        self.failure: SoulSyncError | None = None
        self.new_track_ids: set[str] = set()
        self._engine = engine
        self._server = server
        self._callbacks: dict[str, list[Callback]] = {name: [] for name in SIGNALS}
        self._stop = Event()
        self._phase: SyncPhase | None = None

    @property
    def server_type(self) -> str:
        """The name of the server's backend. Deprecated: nothing should depend on it."""
        warnings.warn(
            "server_type is deprecated: ask the server what it offers, not what it is",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._engine.server(self._server).backend

    @property
    def should_stop(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def connect_callback(self, name: str, callback: Callback) -> None:
        """Have a function called on a signal, in the thread of `run`.

        - `progress_updated(item, processed, total, percent)`: a text, and numbers; `total` is 0 while it is not known
        - `artist_processed(name, success, details, albums, tracks)`: an artist that the run added or changed
        - `phase_changed(text)`
        - `finished(artists, albums, tracks, successful, failed)`: how many were added or changed, how many artists of
          them, and how many items could not be read; the last signal of a run that did not fail
        - `error(text)`: the last signal of one that did
        """
        if name not in self._callbacks:
            raise ValueError(f"there is no signal {name!r}, only {', '.join(SIGNALS)}")
        self._callbacks[name].append(callback)

    def run(self) -> None:
        """Read what changed, or everything with `full_refresh`. Raises the error when nobody listens to `error`."""
        self._run(full=self.full_refresh)

    def run_deep_scan(self) -> None:
        """Read everything, whatever the server says of changes, and see what is gone."""
        self._run(full=True)

    def stop(self) -> None:
        """End the run within a moment. What was read stays, and nothing is removed."""
        self._stop.set()

    def _run(self, *, full: bool) -> None:
        if self.state is WorkerState.RUNNING:
            raise RuntimeError("the worker is running already")
        self.state, self.failure, self.report = WorkerState.RUNNING, None, None
        self.new_track_ids = set()
        self._phase = None
        try:
            since = self._engine.mirror.last_seq()
            self.report = self._engine.sync(
                self._server, full=full, on_progress=self._tell_progress, cancel=self._stop
            )
            touched = self._tell_artists(since, self.report.server)
            if self.post_scan_hook is not None:
                self.post_scan_hook(self)
        except SoulSyncError as error:
            self._fail(error)
            return
        except BaseException:
            self.state = WorkerState.FAILED
            raise
        interrupted = self.report.state is SyncState.INTERRUPTED
        self.state = WorkerState.STOPPED if interrupted else WorkerState.FINISHED
        self._emit(
            "finished",
            touched[Kind.ARTIST],
            touched[Kind.ALBUM],
            touched[Kind.TRACK],
            touched[Kind.ARTIST],
            len(self.report.problems),
        )

    def _fail(self, error: SoulSyncError) -> None:
        self.state, self.failure = WorkerState.FAILED, error
        if not self._callbacks["error"]:
            raise error
        self._emit("error", str(error))

    def _tell_progress(self, progress: SyncProgress) -> None:
        text = _PHASES[progress.phase]
        if progress.phase is not self._phase:
            self._phase = progress.phase
            self._emit("phase_changed", text)
        total = progress.total or 0
        percent = min(100.0, 100.0 * progress.done / total) if total else 0.0
        self._emit("progress_updated", text, progress.done, total, percent)

    def _tell_artists(self, since: int, server: str) -> dict[Kind, int]:
        """Tell of the artists that changed; gives how many items of each kind did."""
        touched: dict[Kind, set[str]] = {Kind.ARTIST: set(), Kind.ALBUM: set(), Kind.TRACK: set()}
        for change in self._engine.mirror.changes(since, server=server):
            if change.type is ChangeType.REMOVED:
                continue
            touched[change.kind].add(change.uid)
            if change.kind is Kind.TRACK and change.type is ChangeType.ADDED:
                self.new_track_ids.add(change.ref.id)
            elif change.kind is Kind.ARTIST:
                self._tell_artist(change)
        return {kind: len(uids) for kind, uids in touched.items()}

    def _tell_artist(self, change: Change) -> None:
        try:
            artist = self._engine.mirror.get(change.uid).item
        except NotFoundError:
            # Forgotten by somebody else meanwhile.
            return
        if isinstance(artist, Artist):
            albums, tracks = artist.album_count or 0, artist.track_count or 0
            self._emit("artist_processed", artist.name, True, f"Artist {change.type}", albums, tracks)

    def _emit(self, name: str, *arguments: Any) -> None:
        for callback in self._callbacks[name]:
            callback(*arguments)
