"""Scans, changes, users, current plays and hints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from soulsync_engine.errors import ConflictError
from soulsync_engine.models import (
    ActivePlay,
    ChangedPage,
    ChangeHint,
    Item,
    Kind,
    Page,
    ScanPhase,
    ScanState,
    Scope,
    User,
)
from soulsync_engine.testing.reference.server import ReferenceServer
from soulsync_engine.testing.reference.session import ReferenceSession

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Watching(ReferenceSession):
    """The groups scan, changes, users, sessions and watch."""

    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """As in the contract."""

        def answer(server: ReferenceServer) -> ScanState:
            self._libraries(server.catalogue, scope)
            server.begin_scan()
            return _scan_state(server, running=True)

        return self._request("trigger_scan", answer)

    def scan_state(self) -> ScanState:
        """As in the contract."""
        return self._request("scan_state", lambda server: _scan_state(server, running=server.poll_scan()))

    def change_token(self, scope: Scope) -> str:
        """As in the contract."""

        def answer(server: ReferenceServer) -> str:
            self._libraries(server.catalogue, scope)
            return f"revision {server.catalogue.revision}"

        return self._request("change_token", answer)

    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> ChangedPage[Item]:
            catalogue = server.catalogue
            word, _, number = since.partition(" ")
            if word != "revision" or not number.isdecimal() or int(number) > catalogue.revision:
                raise ConflictError(
                    f"The token {since!r} is not one of this server's.", server=self._context.server
                )
            revision = int(number)
            items = [
                item
                for item in self._in_scope(server, kind, scope)
                if catalogue.changed.get((kind, item.ref.id), 0) > revision
            ]
            page = self._page(items, cursor, limit)
            gone = [
                key for (of_kind, key), at in catalogue.removed.items() if of_kind is kind and at > revision
            ]
            return ChangedPage(
                items=page.items,
                next_cursor=page.next_cursor,
                total=page.total,
                empty_proof=page.empty_proof,
                removed=tuple(gone) if cursor is None else (),
            )

        return self._request("list_changed", answer)

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Page[Item]:
            items = sorted(
                self._in_scope(server, kind, scope), key=lambda item: item.added or _LONG_AGO, reverse=True
            )
            return self._page(items, cursor, limit)

        return self._request("list_recently_added", answer)

    def list_users(self) -> tuple[User, ...]:
        """As in the contract."""
        return self._request("list_users", lambda server: server.users)

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """As in the contract."""
        return self._request("list_active_plays", lambda server: server.active_plays)

    def watch(self, timeout: float) -> ChangeHint:
        """As in the contract."""
        server = self._request("watch", lambda server: server)
        # Waiting is not part of answering: other requests go on meanwhile.
        changed = server.wait_for_change(timeout)
        return ChangeHint(changed=changed, detail="the library changed" if changed else "")

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """As in the contract. The body is `{"event": "library.changed"}`; anything else is no hint."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return ChangeHint(changed=False, detail="the body is not JSON")
        event = message.get("event") if isinstance(message, dict) else None
        if event == "library.changed":
            return ChangeHint(changed=True, detail="the library changed")
        return ChangeHint(changed=False, detail="the event is none this backend knows")


def _scan_state(server: ReferenceServer, *, running: bool) -> ScanState:
    return ScanState(
        phase=ScanPhase.RUNNING if running else ScanPhase.IDLE,
        items=len(server.catalogue.tracks),
        last_finished=server.last_scan,
    )
