"""Keeping the library underneath from logging our requests.

`httpx` logs every URL at INFO and `httpcore` every header of an answer at DEBUG, to loggers that are the host's, beyond
the reach of a server's redaction. The records of our own requests are dropped there; the transport logs each request
itself. Everybody else's records pass.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asking: ContextVar[bool] = ContextVar("soulsync_engine_http_asking", default=False)

_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


def _is_somebody_elses(record: logging.LogRecord) -> bool:
    return not _asking.get()


@contextmanager
def unlogged() -> Iterator[None]:
    """What happens inside, on this thread, is not logged by the library."""
    for name in _LOGGERS:
        # Adding a filter that is there already changes nothing.
        logging.getLogger(name).addFilter(_is_somebody_elses)
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)
