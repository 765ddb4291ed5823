"""What the status of an answer means: the usual meanings, and a backend's own where its server means something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from soulsync_engine.errors import (
    AuthenticationError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.http.answer import PASSING, HttpAnswer
from soulsync_engine.http.errors import BadRequestError, UnexpectedAnswerError

_LONGEST_QUOTE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMeaning:
    """The error that a status amounts to.

    `says` is a sentence without its full stop that tells whose fault it is, `next_step` one that tells what to do.
    Method, path and status are added to it, and with `quotes` the server's own reason, which is for servers that do
    not repeat the request in it.
    """

    error: type[SoulSyncError]
    says: str
    next_step: str | None = None
    quotes: bool = False

    def error_for(self, answer: HttpAnswer) -> SoulSyncError:
        """The error for one answer; it carries the server's `Retry-After`."""
        quote = f": {quoted(answer)}" if self.quotes else ""
        return self.error(
            f"{self.says} ({answer.where}: {answer.status}){quote}.",
            server=answer.server,
            next_step=self.next_step,
            retry_after=answer.retry_after,
        )


NO_MEANINGS: Final[Mapping[int, StatusMeaning]] = {}


def raise_for_status(answer: HttpAnswer, meanings: Mapping[int, StatusMeaning] = NO_MEANINGS) -> HttpAnswer:
    """The answer itself when its status is 2xx; the fitting error otherwise, a backend's own `meanings` first.

    A backend whose server says more in the body looks at the answer first, and chooses the meanings by it.
    """
    if 200 <= answer.status < 300:
        return answer
    meaning = meanings.get(answer.status) or _USUAL.get(answer.status, _UNEXPECTED)
    raise meaning.error_for(answer)


def quoted(answer: HttpAnswer) -> str:
    """The text of a body in one short line; a page of something in between is no reason, and not quoted."""
    text = " ".join(answer.body.decode("utf-8", "replace").split()).strip('"')
    if not text or "html" in answer.content_type:
        return "it gives no reason"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


_UNEXPECTED: Final = StatusMeaning(
    error=UnexpectedAnswerError,
    says="The server gave an answer that it should not give",
    next_step="Check that the address is this server's, and that its version is supported.",
)
_GONE: Final = StatusMeaning(error=NotFoundError, says="The server does not have what was asked for")
_CHANGED: Final = StatusMeaning(
    error=ConflictError, says="What was asked for was changed meanwhile", next_step="Read it again."
)
_NOT_NOW: Final = StatusMeaning(
    error=UnavailableError,
    says="The server is not able to answer at the moment",
    next_step="Try again later; if it stays, look into the server's log.",
)
_NOT_ABLE: Final = PASSING | {408, 425, 500, 507, 520, 521, 522, 523, 524, 525, 526, 530}

_USUAL: Final[Mapping[int, StatusMeaning]] = {
    **dict.fromkeys(_NOT_ABLE, _NOT_NOW),
    400: StatusMeaning(
        error=BadRequestError,
        says="The server does not accept the request",
        next_step="Check that the address is this server's, and that its version is supported.",
    ),
    401: StatusMeaning(
        error=AuthenticationError,
        says="The server does not accept the credentials",
        next_step="Enter them again in the settings of this server.",
    ),
    403: StatusMeaning(
        error=NotAllowedError,
        says="The credentials do not carry the right that is needed",
        next_step="Give the user that right on the server, or use another user.",
    ),
    404: _GONE,
    409: _CHANGED,
    410: _GONE,
    412: _CHANGED,
    429: StatusMeaning(
        error=UnavailableError,
        says="The server gets too many requests",
        next_step="Try again later; if it stays, lower `max_concurrency` in the settings of this server.",
    ),
}
