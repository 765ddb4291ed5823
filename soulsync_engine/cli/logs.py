"""Log records as sentences on standard error."""

from __future__ import annotations

import logging

from soulsync_engine.cli.output import note


class _Sentences(logging.Handler):
    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__(logging.WARNING)
        self._tracebacks = tracebacks

    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage())
        if self._tracebacks and (record.exc_info or record.exc_text):
            for line in logging.Formatter().format(record).splitlines()[1:]:
                note(line)


def show_logs(*, tracebacks: bool) -> None:
    """Show warnings and errors that are logged in this process, with tracebacks only if asked for."""
    logger = logging.getLogger("soulsync_engine")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _Sentences)]:
        logger.removeHandler(handler)
    logger.addHandler(_Sentences(tracebacks=tracebacks))
