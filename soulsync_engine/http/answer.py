"""What came back, whole and unjudged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that speak of the moment: the same request may succeed later."""

_LONGEST_RETRY_AFTER: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One answer of a server, of any status.

    `headers` have lower-case names, several of one name are joined with commas. Neither they nor the body are in the
    repr. `path` is what was asked for, without the query.
    """

    server: str
    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes = field(repr=False, default=b"")

    @property
    def where(self) -> str:
        """The request, for messages."""
        return f"{self.method} {self.path}"

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def date(self) -> datetime | None:
        """The server's own clock when it answered (aware), None where it does not say."""
        return _http_date(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """For how many seconds, a day at most, the server asks to be left alone, from either form of `Retry-After`."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value), _LONGEST_RETRY_AFTER)
        moment = _http_date(value)
        if moment is None:
            return None
        # Measured by the server's clock, since ours may be hours off.
        seconds = (moment - (self.date or datetime.now(UTC))).total_seconds()
        return min(max(0.0, seconds), _LONGEST_RETRY_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request that was sent, for observers. `status` is None where no answer came, `failure` then says why."""

    server: str
    method: str
    path: str
    status: int | None
    seconds: float
    size: int
    failure: str | None = None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
