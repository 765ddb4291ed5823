"""How single values are stored: times as microseconds, lists as JSON, and texts that no database takes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from soulsync_engine.errors import MirrorCorruptError

Value: TypeAlias = str | int | float | bytes | bool | None
Credit: TypeAlias = tuple[str, int, str, str | None]
"""Role, position in the role, name, the artist's native id."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


DAMAGED: Final = "Restore it from a backup, or move it away to have a new one made by the next sync."
"""What to do about a mirror that is damaged."""


@contextmanager
def understood() -> Iterator[None]:
    """Name stored values that nothing of ours can have written for what they are: no page of a file has a checksum."""
    try:
        yield
    except (LookupError, TypeError, ValueError, OverflowError, msgspec.DecodeError) as error:
        raise MirrorCorruptError(
            f"The mirror is damaged: what is stored makes no sense ({error!r}).", next_step=DAMAGED
        ) from error


def microseconds(moment: datetime) -> int:
    """A time as stored; the time has to be aware."""
    since = moment - _EPOCH
    # Three times as fast as a division by a microsecond.
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(stored: int) -> datetime:
    """A stored time."""
    return _EPOCH + timedelta(microseconds=stored)


def maybe_microseconds(moment: datetime | None) -> int | None:
    """A time as stored, if there is one."""
    return None if moment is None else microseconds(moment)


def maybe_moment(stored: int | None) -> datetime | None:
    """A stored time, if there is one."""
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


def names(values: tuple[str, ...]) -> str | None:
    """A list of texts as stored; an empty one is NULL."""
    return _encode(values).decode() if values else None


repeated_names = lru_cache(maxsize=4096)(names)
"""As `names`, for lists that many items share, such as genres."""


@lru_cache(maxsize=4096)
def read_names(stored: str | None) -> tuple[str, ...]:
    """A stored list of texts."""
    return _decode(stored) if stored is not None else ()


def escape(value: Value) -> Value:
    """A value whose text any database takes; file names that are no valid text come as lone surrogates."""
    return escape_text(value) if isinstance(value, str) else value


def unescape(value: Value) -> Value:
    """What `escape` was given."""
    return unescape_text(value) if isinstance(value, str) else value


def escape_text(text: str) -> str:
    """A text in ASCII with backslashes."""
    return text.encode("unicode_escape").decode("ascii")


def unescape_text(text: str) -> str:
    """What `escape_text` was given."""
    return codecs.decode(text, "unicode_escape")


def escape_credit(credit: Credit) -> Credit:
    """A credit whose texts any database takes."""
    role, position, name, artist = credit
    return role, position, escape_text(name), None if artist is None else escape_text(artist)


def unescape_credit(credit: Credit) -> Credit:
    """What `escape_credit` was given."""
    role, position, name, artist = credit
    return role, position, unescape_text(name), None if artist is None else unescape_text(artist)
