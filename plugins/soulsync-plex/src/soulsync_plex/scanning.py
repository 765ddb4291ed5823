"""Making the server look for new files, and whether it is at it."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import NotAllowedError, NotFoundError
from soulsync_engine.models import ScanPhase, ScanState, Scope
from soulsync_plex.mapper import key_of, moment
from soulsync_plex.reading import Reading
from soulsync_plex.wire import Activities, Activity, Section

_SCANS: Final = ("library.update.section", "library.refresh", "library.scan", "library.update.item.metadata")


class Scanning(Reading):
    """The group scan."""

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """As in the contract. A path is scanned in the libraries that it lies in."""
        sections = self._sections_of(scope, fresh=True)
        for section, path in self._targets(sections, paths):
            self._transport.send(
                "GET",
                f"/library/sections/{key_of(section.key)}/refresh",
                params={"path": path},
                idempotent=False,
            )
        return self.scan_state()

    def scan_state(self) -> ScanState:
        """As in the contract. Who may not see the server's activities learns of a scan, but not of its end."""
        sections = self._sections.fresh()
        finished = moment(max((section.scannedAt or 0 for section in sections), default=0))
        try:
            activities = self._transport.read(Activities, "/activities").Activity
        except NotAllowedError:
            activities = None
        scans = [activity for activity in activities or () if _is_scan(activity)]
        if scans or any(section.refreshing for section in sections):
            done = [
                scan.progress for scan in scans if scan.progress is not None and 0 <= scan.progress <= 100
            ]
            detail = "; ".join(filter(None, (scan.title for scan in scans)))
            progress = min(done) / 100 if done else None
            return ScanState(
                phase=ScanPhase.RUNNING, progress=progress, last_finished=finished, detail=detail
            )
        if activities is None or any(section.refreshing is None for section in sections):
            return ScanState(
                phase=ScanPhase.UNKNOWN,
                last_finished=finished,
                detail="the server does not show its activities to this user",
            )
        return ScanState(phase=ScanPhase.IDLE, last_finished=finished)

    def _targets(
        self, sections: tuple[Section, ...], paths: tuple[str, ...]
    ) -> list[tuple[Section, str | None]]:
        if not paths:
            return [(section, None) for section in sections]
        targets: list[tuple[Section, str | None]] = []
        for path in paths:
            within = [section for section in sections if _holds(section, path)]
            if not within:
                roots = sorted(place.path for section in sections for place in section.Location if place.path)
                raise NotFoundError(
                    f"{path!r} lies in none of the libraries' folders as the server sees them "
                    f"({', '.join(roots) or 'none'}).",
                    server=self.server,
                    next_step="Give the path that the server has, not that of this machine.",
                )
            targets += [(section, path) for section in within]
        return targets


def _is_scan(activity: Activity) -> bool:
    return (activity.type or "").startswith(_SCANS)


def _holds(section: Section, path: str) -> bool:
    """Whether a path is a folder of the section or lies below one; both kinds of slash are known."""
    asked = path.replace("\\", "/").rstrip("/")
    roots = (place.path.replace("\\", "/").rstrip("/") for place in section.Location if place.path)
    return any(asked == root or asked.startswith(f"{root}/") for root in roots)
