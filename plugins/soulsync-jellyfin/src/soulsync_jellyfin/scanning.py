"""Having the server look for files, and asking whether it does."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import NotAllowedError
from soulsync_engine.models import ScanPhase, ScanState, Scope
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.reading import Reading

_SCAN_TASK: Final = "RefreshLibrary"
"""The key of the task that scans all libraries. Its name is translated."""


class Scanning(Reading):
    """The operations on scans."""

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """Scan everything, the libraries of the scope, or what lies at the paths."""
        chosen = self.connection.chosen(scope, self.connection.user(scope))
        if paths:
            updates = [{"Path": path, "UpdateType": "Modified"} for path in paths]
            self.transport.send(
                "POST", ("Library", "Media", "Updated"), json={"Updates": updates}, idempotent=True
            )
        elif scope.libraries is None:
            self.transport.send("POST", ("Library", "Refresh"), idempotent=True)
        else:
            for library in chosen:
                self.transport.send(
                    "POST",
                    ("Items", library.id, "Refresh"),
                    params={
                        "metadataRefreshMode": "Default",
                        "imageRefreshMode": "Default",
                        **self.dialect.scan_params,
                    },
                    idempotent=True,
                )
        return self.scan_state()

    def scan_state(self) -> ScanState:
        """From the server's tasks and the state of its libraries; unknown to users who may not see those."""
        try:
            tasks = self.transport.get(("ScheduledTasks",), list[wire.Task])
            folders = self.connection.folders()
        except NotAllowedError:
            return ScanState(
                phase=ScanPhase.UNKNOWN, detail="Only administrators of the server may see what it is doing."
            )
        task = next((each for each in tasks if each.key == _SCAN_TASK), None)
        if task is None:
            return ScanState(phase=ScanPhase.UNKNOWN, detail="The server does not list its library scan.")
        ended = None if task.last_execution_result is None else task.last_execution_result.end_time_utc
        if task.state == "Idle":
            return _refreshing(folders) or ScanState(phase=ScanPhase.IDLE, last_finished=values.moment(ended))
        return ScanState(
            phase=ScanPhase.RUNNING,
            progress=_fraction(task.current_progress_percentage),
            last_finished=values.moment(ended),
        )


def _refreshing(folders: list[wire.VirtualFolder]) -> ScanState | None:
    """A scan of single libraries, which is no task."""
    active = [folder for folder in folders if folder.refresh_status in ("Active", "Queued")]
    if not active:
        return None
    return ScanState(phase=ScanPhase.RUNNING, progress=_fraction(active[0].refresh_progress))


def _fraction(percent: float | None) -> float | None:
    return None if percent is None else min(max(percent / 100, 0.0), 1.0)
