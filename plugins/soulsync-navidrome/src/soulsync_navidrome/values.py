"""Single values of the wire as values of the models."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import msgspec

from soulsync_navidrome.wire import Flag, Id, Number

_is_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_YEAR_ONE = 1
_STAR = 20


def text_id(value: Id) -> str:
    """An id as text. Raises `ValueError` where there is none."""
    text = "" if value is None else str(value)
    if not text:
        raise ValueError("it has no id")
    return text


def optional_id(value: Id) -> str | None:
    """An id as text, None where there is none."""
    return None if value is None else str(value) or None


def whole(value: Number) -> int | None:
    """A whole number, None for what is no number."""
    if value is None or isinstance(value, int):
        return value
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if math.isfinite(number) else None


def positive(value: Number) -> int | None:
    """A whole number above zero; servers write zero, or minus one, for what they do not know."""
    if type(value) is int:
        return value if value > 0 else None
    number = whole(value)
    return number if number is not None and number > 0 else None


def milliseconds(seconds: Number) -> int | None:
    """Seconds as milliseconds."""
    if type(seconds) is int:
        return seconds * 1000 if seconds > 0 else None
    if isinstance(seconds, float):
        return round(seconds * 1000) if math.isfinite(seconds) and seconds > 0 else None
    number = positive(seconds)
    return None if number is None else number * 1000


def flag(value: Flag) -> bool | None:
    """A truth value, which some servers send as text."""
    return value.strip().lower() == "true" if isinstance(value, str) else value


def moment(value: str | None) -> datetime | None:
    """A time as aware UTC. One without a zone is taken for UTC; the year one means never."""
    if not value:
        return None
    try:
        # What decodes times in pages of songs, so that both agree on the last digit.
        found = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
    return utc(found)


def utc(found: datetime | None) -> datetime | None:
    """A time as aware UTC; see `moment`."""
    if found is None or found.year == _YEAR_ONE:
        return None
    if found.tzinfo is UTC:
        return found
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        # At the end of time.
        return None


def musicbrainz(value: str | None) -> str | None:
    """A MusicBrainz id, None for what is not one."""
    if not value:
        return None
    if _is_uuid(value):
        return value
    lowered = value.strip().lower()
    return lowered if _is_uuid(lowered) else None


def rating_from_stars(stars: Number) -> int | None:
    """Zero to five stars as 0 to 100; no star means unrated."""
    if not stars:
        return None
    number = positive(stars)
    return None if number is None else min(number, 5) * _STAR


def stars_from_rating(rating: int | None) -> int:
    """The nearest number of stars; 0 clears, so that a rating never is less than one star."""
    if rating is None:
        return 0
    return min(5, max(1, round(rating / _STAR)))
