"""Which way a sync goes. One rule for all servers: by what they offer, and what the last sync left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soulsync_engine.errors import UnsupportedError
from soulsync_engine.mirror import Mirror, SyncMode
from soulsync_engine.mirror.runs import token_of_last_complete
from soulsync_engine.models import Scope

if TYPE_CHECKING:
    from soulsync_engine.server import MediaServer


@dataclass(frozen=True, slots=True)
class Plan:
    """The way and why. `token` is the state of the server before anything was read, `since` that of the last sync."""

    mode: SyncMode
    reason: str
    token: str | None = None
    since: str = ""


def make_plan(server: MediaServer, mirror: Mirror, scope: Scope, *, full: bool) -> Plan:
    """Ask the server whether anything changed, where it can tell, and choose."""
    token = _token(server, scope)
    with mirror.database.reading() as connection:
        completed, last = token_of_last_complete(connection, server.name, scope)
    if full:
        return Plan(SyncMode.FULL, "a full sync was asked for", token)
    if not completed:
        return Plan(SyncMode.FULL, "no sync of it has been completed yet", token)
    if token is None:
        return Plan(SyncMode.FULL, "the server cannot tell whether anything changed", None)
    if token == last:
        return Plan(SyncMode.UNCHANGED, "the server proves that nothing changed", token)
    if last is None:
        return Plan(SyncMode.FULL, "the last sync left no point to go on from", token)
    if not server.capabilities().offers("list_changed"):
        return Plan(SyncMode.FULL, "something changed, and the server cannot tell what", token)
    return Plan(SyncMode.DELTA, "the server tells what changed since the last sync", token, last)


def _token(server: MediaServer, scope: Scope) -> str | None:
    if not server.capabilities().offers("change_token"):
        return None
    try:
        return server.change_token(scope=scope)
    except UnsupportedError:
        # Offered by the backend's code, but the server that was connected to just now cannot do it.
        return None
