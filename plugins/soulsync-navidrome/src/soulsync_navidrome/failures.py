"""A refusal in the envelope, whatever the HTTP status says, as an error of the engine's tree."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.http import UnexpectedAnswerError
from soulsync_engine.plugin import (
    AuthenticationError,
    NotAllowedError,
    NotFoundError,
    Support,
    UnsupportedError,
)

GENERIC: Final = 0
MISSING_PARAMETER: Final = 10
CLIENT_TOO_OLD: Final = 20
SERVER_TOO_OLD: Final = 30
WRONG_CREDENTIALS: Final = 40
NO_TOKENS: Final = 41
NO_SUCH_MECHANISM: Final = 42
CONFLICTING_MECHANISMS: Final = 43
WRONG_API_KEY: Final = 44
NOT_AUTHORISED: Final = 50
TRIAL_OVER: Final = 60
NOT_FOUND: Final = 70

TOKENS_REFUSED: Final = frozenset({NO_TOKENS, NO_SUCH_MECHANISM})
"""The server says that it takes no tokens."""

TOKENS_UNKNOWN: Final = frozenset({GENERIC, MISSING_PARAMETER, CLIENT_TOO_OLD, SERVER_TOO_OLD})
"""What servers from before tokens answer: for them the password is missing."""

_LONGEST_QUOTE: Final = 200


class RefusedError(UnexpectedAnswerError):
    """The server refused a request for a reason that has no class of its own; `subsonic_code` is its number."""

    def __init__(self, message: str, *, subsonic_code: int, server: str, next_step: str) -> None:
        super().__init__(message, server=server, next_step=next_step)
        self.subsonic_code = subsonic_code


class PageRefusedError(UnexpectedAnswerError):
    """The server refused a request by its HTTP status alone, as some do for pages that are too large."""


def error_of(code: int, text: str | None, *, where: str, server: str) -> SoulSyncError:
    """The error for a refusal with this code and the server's own words."""
    said = f"{where}: {_quoted(text)}" if text else where
    if code in (WRONG_CREDENTIALS, WRONG_API_KEY):
        return AuthenticationError(
            f"The server does not accept the credentials ({said}, code {code}).",
            server=server,
            next_step="Enter them again in the settings of this server.",
        )
    if code in (NO_TOKENS, NO_SUCH_MECHANISM, CONFLICTING_MECHANISMS):
        return AuthenticationError(
            f"The server does not accept this way of signing in ({said}, code {code}).",
            server=server,
            next_step="Use `username` and `password` instead of `api_key`, or the other way round.",
        )
    if code in (NOT_AUTHORISED, TRIAL_OVER):
        return NotAllowedError(
            f"The server does not let this user do that ({said}, code {code}).",
            server=server,
            next_step="Let an admin of the server give the user that right, or use another user.",
        )
    if code == NOT_FOUND:
        return gone(f"The server does not have what was asked for ({said}).", server=server)
    return RefusedError(
        f"The server refused a request ({said}, code {code}).",
        subsonic_code=code,
        server=server,
        next_step="Check that the server is up to date; its log says more.",
    )


def gone(message: str, *, server: str) -> NotFoundError:
    """The error for something that is not there."""
    return NotFoundError(
        message, server=server, next_step="List it again: it was removed, or the server gave it another id."
    )


def not_offered(
    operation: str, support: Support, *, server: str, what: str = "by this server"
) -> UnsupportedError:
    """The error for something that turns out not to be there only when it is asked for."""
    return UnsupportedError(
        f"{operation} is not offered {what}: {support.reason}.",
        operation=operation,
        support=support,
        server=server,
    )


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "...")
