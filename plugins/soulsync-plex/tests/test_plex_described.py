"""What the backend asks is what the published description of the server has."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from soulsync_engine.server import MediaServer
from soulsync_plex.simulator import PlexSimulator

NOT_DESCRIBED = {
    # The description says itself that it is incomplete; plexapi asks these.
    ("GET", "/"),
    ("GET", "/library/sections"),
    ("GET", "/accounts"),
    ("GET", "/devices"),
    # It has this address with `websocket` instead, which no client uses.
    ("GET", "/:/websockets/notifications"),
    ("GET", "/library/sections/2/refresh"),
    ("GET", "/:/scrobble"),
}


def described(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Methods and paths. Only their lines are read: the whole document takes seconds."""
    found: list[tuple[str, re.Pattern[str]]] = []
    for line in text.partition("\npaths:\n")[2].splitlines():
        if path := re.fullmatch(r"  (/\S*):", line):
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path[1])))
        elif method := re.fullmatch(r"    (get|put|post|delete):", line):
            found.append((method[1].upper(), pattern))
        elif re.match(r"\w", line):
            break
    return found


def test_every_request_is_described_or_known_not_to_be(
    shared: Path, plex: PlexSimulator, server: MediaServer, exercise: Callable[[MediaServer], None]
) -> None:
    known = described((shared / "specs" / "plex-openapi.yaml").read_text(encoding="utf-8"))
    assert len(known) > 150
    exercise(server)
    server.watch(0.05)
    asked = {(request.method, request.path) for request in plex.requests}
    assert len(asked) > 15
    strange = {
        (method, path)
        for method, path in asked
        if not any(method == one and pattern.fullmatch(path) for one, pattern in known)
        # Described for sending pictures, not for listing them.
        and not path.endswith("/posters")
    }
    assert strange - NOT_DESCRIBED == set()
