"""What the servers mean by their statuses, where that differs from the usual meaning."""

from __future__ import annotations

from typing import Final

from soulsync_engine.errors import NotAllowedError, UnavailableError
from soulsync_engine.http import HttpAnswer, UnexpectedAnswerError, raise_for_status

_LONGEST_REASON: Final = 200
ADMIN_ONLY: Final = "Only administrators of the server may do that; use an administrator's API key or user."


class RefusedRequestError(UnexpectedAnswerError):
    """400: what was asked for makes no sense to this server, or not with these credentials."""


def checked(answer: HttpAnswer) -> HttpAnswer:
    """The answer itself when it is a success; the fitting error otherwise."""
    if answer.status == 401 and answer.body.strip():
        # A token that is not accepted is answered with an empty body; a text means that the token is fine.
        raise NotAllowedError(
            f"The server does not allow that ({answer.where}: 401): {_reason(answer)}.",
            server=answer.server,
            next_step="Give the user access to it on the server, or use another user.",
        )
    if answer.status == 403:
        raise NotAllowedError(
            f"The credentials do not carry the right that is needed ({answer.where}: 403).",
            server=answer.server,
            next_step=ADMIN_ONLY,
        )
    if answer.status == 400:
        raise RefusedRequestError(
            f"The server does not accept {answer.where}: {_reason(answer)}.",
            server=answer.server,
            next_step="Check that the address is this server's, and that its version is supported.",
        )
    if answer.status == 503:
        raise UnavailableError(
            f"The server is loading and does not answer {answer.where} yet (503).",
            server=answer.server,
            next_step="Try again in a moment; after an upgrade it may take some minutes.",
            retry_after=answer.retry_after,
        )
    return raise_for_status(answer)


def _reason(answer: HttpAnswer) -> str:
    """The text a server gives as a reason, in one short line."""
    text = " ".join(answer.body.decode("utf-8", "replace").split()).strip('"')
    if not text:
        return "it gives no reason"
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
