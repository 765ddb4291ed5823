"""What only a server reached over HTTP can do wrong.

UnavailableError
+-- TimedOutError              nothing came in time; a smaller page may
+-- AnswerTooLargeError        cut off at the limit; a smaller page may fit (not retryable as it is)
+-- UnreadableAnswerError      not JSON at all: a login page, half a body, nothing
    +-- UnexpectedAnswerError  readable, but not what such a server says (not retryable)
        +-- BadRequestError    400: the server does not take the request
"""

from __future__ import annotations

from soulsync_engine.errors import UnavailableError


class TimedOutError(UnavailableError):
    """The server did not answer in time."""


class AnswerTooLargeError(UnavailableError):
    """The answer is larger than the limit and was not read to its end."""

    retryable = False


class UnreadableAnswerError(UnavailableError):
    """The answer is not JSON: something in between answered, or it was cut short."""


class UnexpectedAnswerError(UnreadableAnswerError):
    """The answer has a status or a shape that such a server does not have; asking again will not change it."""

    retryable = False


class BadRequestError(UnexpectedAnswerError):
    """What was asked for makes no sense to this server, or not with these credentials."""
