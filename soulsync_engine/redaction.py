"""Keeping secrets out of whatever people and files get to see.

It works by value: whichever way a secret got into a text, plain, URL-encoded or escaped, it is replaced.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable
from threading import Lock
from urllib.parse import quote, quote_plus

MASK = "***"
_WHOLE_WORDS_BELOW = 4


class SecretRedactor(logging.Filter):
    """Replaces a server's secrets in texts and, as a filter, in log records."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._lock = Lock()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Conceal one more secret from now on, such as a token that a login returned."""
        if not secret.strip():
            return
        with self._lock:
            encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
            # As it stands in the `repr` of an exception's argument, and in a JSON body.
            escaped = {
                repr(secret)[1:-1],
                json.dumps(secret)[1:-1],
                json.dumps(secret, ensure_ascii=False)[1:-1],
            }
            self._forms |= {secret} | encoded | escaped
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_as_pattern, longest_first)), re.IGNORECASE)

    def text(self, text: str) -> str:
        """The text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def taints(self, error: BaseException) -> bool:
        """Whether a traceback of this error, its causes included, would show a secret."""
        shown = "".join(traceback.format_exception(error))
        return self.text(shown) != shown

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a log record in place: its message, arguments and traceback."""
        record.msg = self.text(record.getMessage())
        record.args = None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = self.text("".join(traceback.format_exception(record.exc_info[1])))
            record.exc_info = None
        return True


def _as_pattern(form: str) -> str:
    """A very short secret would also be found inside ordinary words, so it counts only as a word."""
    escaped = re.escape(form)
    return rf"(?<!\w){escaped}(?!\w)" if len(form) < _WHOLE_WORDS_BELOW else escaped
