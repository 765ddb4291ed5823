"""Single values of the wire, read leniently: what makes no sense is None, and takes nothing else with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_TICKS_PER_MS: Final = 10_000
_CANONICAL: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
"""How nearly all taggers write a UUID; there is no need to take such a one apart."""

_NOTHING: Final = 1900
"""Servers stamp what never happened with the year 1 or 0001-01-01T00:00:00.0000000Z."""


def text_id(value: str | int | None) -> str | None:
    """An id as text: 32 hex digits, dashed, or an integer."""
    return None if value is None or value == "" else str(value)


def milliseconds(ticks: int | None) -> int | None:
    """Milliseconds of a duration in units of 100 ns; 0 and less mean that nobody measured it."""
    return None if ticks is None or ticks <= 0 else (ticks + _TICKS_PER_MS // 2) // _TICKS_PER_MS


def moment(text: str | None) -> datetime | None:
    """A time in UTC. The servers write seven digits of a second's fraction; the seventh is dropped."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is not UTC:
            parsed = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.year > _NOTHING else None


def wire_time(moment: datetime) -> str:
    """A time as the servers take it in a query."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def musicbrainz(text: str | None) -> str | None:
    """One MusicBrainz id as a lower-case UUID."""
    if not text or _CANONICAL(text):
        return text or None
    try:
        return str(UUID(text))
    except ValueError:
        return None


def musicbrainz_list(text: str | None) -> tuple[str, ...]:
    """Several MusicBrainz ids; taggers join them with slashes, semicolons or commas."""
    if not text:
        return ()
    if _CANONICAL(text):
        return (text,)
    found = (musicbrainz(part.strip()) for part in re.split(r"[/;,]", text))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def earlier(moment: datetime, seconds: float) -> datetime:
    """So many seconds before."""
    return moment - timedelta(seconds=seconds)
