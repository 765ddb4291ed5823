"""The server's stream of notifications as events over plain HTTP, for where websockets do not get through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

import httpx

from soulsync_engine.errors import SoulSyncError, UnavailableError
from soulsync_engine.http import HttpAnswer
from soulsync_engine.http.failures import failure_of
from soulsync_engine.http.quiet import unlogged
from soulsync_engine.http.trust import tls_context
from soulsync_plex.settings import PlexSettings

T = TypeVar("T")

PATH: Final = "/:/eventsource/notifications"
_LONGEST_LINE: Final = 1024 * 1024


def listen(
    settings: PlexSettings,
    headers: Mapping[str, str],
    decide: Callable[[bytes], T | None],
    *,
    seconds: float,
    server: str,
) -> T | HttpAnswer | SoulSyncError | None:
    """What `decide` makes of the data of the first event that it does not pass over; None after `seconds`.

    Instead of a stream there may come a refusal, as the answer it is, or an error, which is returned and not raised.
    """
    deadline = time.monotonic() + seconds
    with unlogged():
        try:
            with (
                httpx.Client(
                    verify=tls_context(
                        settings.verify, secure=settings.base_url.startswith("https:"), server=server
                    )
                ) as client,
                client.stream(
                    "GET",
                    settings.base_url + PATH,
                    headers={"Accept": "text/event-stream", **headers},
                    timeout=httpx.Timeout(settings.timeout, read=max(seconds, 0.01)),
                ) as response,
            ):
                if response.status_code != 200:
                    return HttpAnswer(server=server, method="GET", path=PATH, status=response.status_code)
                return _first(response.iter_bytes(), decide, deadline) or _ended(deadline, server)
        except httpx.ReadTimeout:
            # Silence is what a server at rest has to say.
            return None
        except httpx.HTTPError as error:
            return failure_of(error, where=f"GET {PATH}", origin=settings.base_url, server=server)


def _first(chunks: Iterable[bytes], decide: Callable[[bytes], T | None], deadline: float) -> T | None:
    """Events are lines, among them some of `data:`, ended by an empty one."""
    rest, data = b"", b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").partition(b":")
            if name == b"data":
                data += value.strip()
            elif not name:
                if (found := decide(data)) is not None:
                    return found
                data = b""
        if time.monotonic() >= deadline or len(rest) + len(data) > _LONGEST_LINE:
            return None
    return None


def _ended(deadline: float, server: str) -> UnavailableError | None:
    """That the stream ended before its time: what happens from now on would not be heard."""
    if time.monotonic() >= deadline:
        return None
    return UnavailableError(
        "The server ended its notifications before the time was over.", server=server, next_step="Try again."
    )
