"""Scans, activities and notifications."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_engine.testing.simulator.messages import Ending
from soulsync_plex.simulator.answers import not_found
from soulsync_plex.simulator.catalogue import SimulatedSection
from soulsync_plex.simulator.rows import Row
from soulsync_plex.simulator.state import SimulatedAccount

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator

_POLLS = 2
_LONGEST_STREAM = 10.0
_STREAM_STEP = 0.05


def add_routes(simulator: PlexSimulator) -> None:
    """Add what tells of the server's own work."""
    state = simulator.state

    @simulator.serve("GET", "/library/sections/{section}/refresh", query=("path", "force"), owner=True)
    def refresh(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        section = state.catalogue.sections.get(request.path_values["section"])
        if section is None:
            return not_found()
        section.polls_left = _POLLS
        return Answer(content_type=None)

    @simulator.serve("GET", "/activities", owner=True)
    def activities(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        busy = [section for section in state.catalogue.sections.values() if section.polls_left]
        shown = [_activity(section) for section in busy]
        for section in busy:
            section.polls_left -= 1
        return simulator.container(request, {"size": len(shown), "Activity": shown})

    @simulator.serve("GET", "/:/eventsource/notifications", query=("filters",))
    def events(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        def stream() -> Iterator[bytes]:
            yield _event("ping", {})
            for entry in _timeline(simulator):
                yield _event("timeline", {"TimelineEntry": entry})

        return Answer(body=stream, content_type="text/event-stream")

    @simulator.serve("GET", "/:/websockets/notifications", query=("filters",))
    def socket(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        key = request.headers.get("sec-websocket-key")
        if not simulator.personality.has_websocket or key is None:
            return not_found()

        def frames() -> Iterator[bytes]:
            status = {"type": "status", "size": 1, "StatusNotification": [{"title": "Library scan complete"}]}
            yield _frame(status)
            for entry in _timeline(simulator):
                yield _frame({"type": "timeline", "size": 1, "TimelineEntry": [entry]})

        return Answer(
            status=101,
            body=frames,
            content_type=None,
            headers={
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Accept": accept_key(key),
            },
            # Frames are sent as they are, not in the chunks of HTTP.
            declared_length=0,
            ending=Ending.CLOSE,
        )


def _timeline(simulator: PlexSimulator) -> Iterator[Row]:
    """An entry for each change of the library, for a while or until the simulator ends its notifications."""
    state = simulator.state
    ends = time.monotonic() + _LONGEST_STREAM
    with state.changed:
        known, turn = state.catalogue.revision, state.notified
    while time.monotonic() < ends:
        with state.changed:
            state.changed.wait(_STREAM_STEP)
            now, ended = state.catalogue.revision, state.notified != turn
        if ended:
            return
        if now != known:
            known = now
            yield {
                "identifier": "com.plexapp.plugins.library",
                "sectionID": "1",
                "itemID": "1001",
                "type": 10,
                "title": "An item",
                "state": 5,
                "updatedAt": 1_700_000_000,
            }


def _activity(section: SimulatedSection) -> Row:
    return {
        "uuid": f"scan-{section.key}",
        "type": "library.update.section",
        "cancellable": False,
        "userID": 1,
        "title": f"Scanning {section.title}",
        "subtitle": "",
        "progress": 100 * (_POLLS - section.polls_left) // _POLLS,
    }


def _event(name: str, data: Row) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


def _frame(content: Row) -> bytes:
    return Frame(Opcode.TEXT, msgspec.json.encode({"NotificationContainer": content})).serialize(mask=False)
