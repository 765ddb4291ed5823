"""Scans, what they say about changes, and waiting for one."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Final

from soulsync_engine.http import DecodedItems
from soulsync_engine.models import ChangeHint, Item, Kind, Page, ScanPhase, ScanState, Scope
from soulsync_engine.plugin import Support
from soulsync_navidrome import libraries
from soulsync_navidrome.failures import not_offered
from soulsync_navidrome.libraries import Selection
from soulsync_navidrome.listings import ListedAlbums
from soulsync_navidrome.pages import Snapshot, offset_of
from soulsync_navidrome.reading import ReadingClient
from soulsync_navidrome.values import flag, moment, whole
from soulsync_navidrome.wire import ScanStatus

NO_LAST_SCAN: Final = Support.versioned(
    "a scan status that tells when the last scan ended, and one that has ended"
)
_ALBUMS_ONLY: Final = Support.server_cannot(
    "such servers list new albums, but neither new artists nor new tracks"
)
_POLL_SECONDS: Final = 5.0
_TARGETS_SINCE: Final = (0, 59)
"""The version of Navidrome that looks only where it is told to."""


class ScanningClient(ReadingClient):
    """Scan, changes and watch."""

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """As in the contract. Navidrome scans only what was asked for; other servers scan everything."""
        selection = libraries.select(self._connection, scope)
        if selection.folders == ():
            # Nothing was asked for, and without a target everything would be looked at.
            return self.scan_state()
        targets = self._targets(selection, paths)
        response = self._connection.transport.call(
            "startScan", [("target", target) for target in targets], idempotent=False
        )
        return _state(response.scan_status or ScanStatus(scanning=True))

    def scan_state(self) -> ScanState:
        """As in the contract."""
        status = self._connection.transport.call("getScanStatus").scan_status
        if status is None:
            return ScanState(phase=ScanPhase.UNKNOWN, detail="the server's answer holds no scan status")
        return _state(status)

    def change_token(self, scope: Scope) -> str:
        """As in the contract, in one request. Every change of the library is the work of a scan, and a scan has an end.

        What users do (ratings, plays) is no change of the library. While the server scans, no token repeats.
        """
        facts = self._connection.facts
        status = self._connection.transport.call("getScanStatus").scan_status or ScanStatus()
        ended = moment(status.last_scan)
        if ended is None:
            raise not_offered("change_token", NO_LAST_SCAN, server=self.server)
        if flag(status.scanning):
            return f"scanning-{secrets.token_hex(16)}"
        told = (
            facts.product,
            facts.version,
            status.last_scan,
            whole(status.count),
            whole(status.folder_count),
        )
        return "scan-" + hashlib.sha256(repr((told, scope.libraries, facts.user)).encode()).hexdigest()[:32]

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """As in the contract, for albums; of artists and tracks servers keep no such list."""
        if kind is not Kind.ALBUM:
            raise not_offered("list_recently_added", _ALBUMS_ONLY, server=self.server, what=f"for {kind}s")
        selection = libraries.select(self._connection, scope)
        if selection.folders == ():
            return Page(items=(), total=0, empty_proof="no library was asked for")
        if len(selection.parts) > 1:
            merged = self._merged_albums(selection)
            newest: list[Item] = sorted(
                merged.items,
                key=lambda album: album.added.timestamp() if album.added else 0.0,
                reverse=True,
            )
            snapshot = Snapshot(DecodedItems(items=tuple(newest), problems=merged.problems))
            return snapshot.page(offset_of(cursor, self.server), limit)
        self._heeding.check_albums(selection)
        folder = selection.parts[0]
        how = self._connection.reading.in_library(folder or selection.library_id)
        page = ListedAlbums(self._asking, folder, how, self._size, "newest").page(
            offset_of(cursor, self.server), limit
        )
        return Page(
            items=tuple(page.items), next_cursor=page.next_cursor, total=page.total, problems=page.problems
        )

    def watch(self, timeout: float) -> ChangeHint:
        """As in the contract. Such servers send nothing by themselves, so the scan status is asked now and then."""
        deadline = time.monotonic() + timeout
        before = self._seen()
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
            after = self._seen()
            if after != before:
                return ChangeHint(changed=True, detail="the server's scan status is another one")
        return ChangeHint(changed=False)

    def _seen(self) -> tuple[object, ...]:
        status = self._connection.transport.call("getScanStatus").scan_status or ScanStatus()
        return (flag(status.scanning), status.last_scan, whole(status.count), whole(status.folder_count))

    def _targets(self, selection: Selection, paths: tuple[str, ...]) -> tuple[str, ...]:
        """What Navidrome is told to look at: a library, or a folder of one, as `id:path`."""
        facts = self._connection.facts
        if not (paths or selection.folders) or not facts.is_navidrome or not _at_least(facts.version):
            return ()
        if selection.folders is None and selection.library_id is None:
            # Which library a path belongs to is not known, and a wrong one would find nothing.
            return ()
        wanted = selection.folders or (selection.library_id or "",)
        # Folders are named from the library's root on. Where that is, the server does not tell.
        below = ("",) if any(path.startswith("/") for path in paths) else paths or ("",)
        return tuple(f"{library_id}:{path}" for library_id in wanted for path in below)


def _state(status: ScanStatus) -> ScanState:
    scanning = flag(status.scanning)
    phase = ScanPhase.UNKNOWN if scanning is None else ScanPhase.RUNNING if scanning else ScanPhase.IDLE
    return ScanState(
        phase=phase,
        items=whole(status.count),
        last_finished=moment(status.last_scan),
        detail=status.error or "",
    )


def _at_least(version: str) -> bool:
    numbers = version.split("-")[0].split(".")
    if len(numbers) < 2 or not all(part.isdigit() for part in numbers[:2]):
        return False
    return (int(numbers[0]), int(numbers[1])) >= _TARGETS_SINCE
