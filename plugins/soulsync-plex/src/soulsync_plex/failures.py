"""What the server means by its statuses, where that differs from the usual meaning."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import AuthenticationError, UnavailableError
from soulsync_engine.http import StatusMeaning

MEANINGS: Final = {
    401: StatusMeaning(
        error=AuthenticationError,
        says="The server does not accept the token: it expired, was revoked, or belongs to another server",
        next_step="Sign in again.",
    ),
    503: StatusMeaning(
        error=UnavailableError,
        says="The server is there but not ready: it is starting, or at work on its database",
        next_step="Wait until Plex is up.",
    ),
}
