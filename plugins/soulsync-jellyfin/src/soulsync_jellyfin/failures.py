"""What the servers mean by their statuses, where that differs from the usual meaning."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import AuthenticationError, NotAllowedError, UnavailableError
from soulsync_engine.http import BadRequestError, HttpAnswer, StatusMeaning, raise_for_status

ADMIN_ONLY: Final = "Only administrators of the server may do that; use an administrator's API key or user."

_MEANINGS: Final = {
    400: StatusMeaning(
        error=BadRequestError,
        says="The server does not accept the request",
        next_step="Check that the address is this server's, and that its version is supported.",
        quotes=True,
    ),
    403: StatusMeaning(
        error=NotAllowedError,
        says="The credentials do not carry the right that is needed",
        next_step=ADMIN_ONLY,
    ),
    503: StatusMeaning(
        error=UnavailableError,
        says="The server is loading and does not answer yet",
        next_step="Try again in a moment; after an upgrade it may take some minutes.",
    ),
}
_NOT_FOR_THIS_USER: Final = {
    401: StatusMeaning(
        error=NotAllowedError,
        says="The server does not allow that",
        next_step="Give the user access to it on the server, or use another user.",
        quotes=True,
    ),
}
_AT_SIGN_IN: Final = {
    **_MEANINGS,
    401: StatusMeaning(
        error=AuthenticationError,
        says="The server does not accept the user name and the password",
        next_step="Enter both again in the settings of this server.",
    ),
    403: StatusMeaning(
        error=NotAllowedError,
        says="The user may not sign in: disabled, or restricted",
        next_step="Enable the user on the server, or use another one.",
    ),
}


def checked(answer: HttpAnswer) -> HttpAnswer:
    """The answer itself when it is a success; the fitting error otherwise."""
    if answer.status == 401 and not refuses_token(answer):
        return raise_for_status(answer, _NOT_FOR_THIS_USER)
    return raise_for_status(answer, _MEANINGS)


def refuses_token(answer: HttpAnswer) -> bool:
    """Whether a 401 is about the token, and not about what its user may do.

    Jellyfin says nothing then, and a reason otherwise (probed on 10.11); Emby says "Access token is invalid or expired"
    (AuthService of the last open source). A page is no reason of either: a proxy asks for credentials of its own.
    """
    text = answer.body.strip().lower()
    return not text or text.startswith(b"access token") or "html" in answer.content_type


def checked_sign_in(answer: HttpAnswer) -> HttpAnswer:
    """As `checked`, for the answer to a password, where a text says nothing."""
    return raise_for_status(answer, _AT_SIGN_IN)
