"""Cursors: where a listing goes on, as a text that is checked when it comes back. Nothing is opened by what it says."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NoReturn

import msgspec

from soulsync_engine.plugin import ConflictError


class TrackCursor(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """A listing of tracks, behind a file. `listing` is the listing it came from, which may be forgotten by now."""

    scope: str
    listing: str
    library: str
    path: bytes
    total: int


class IdCursor(msgspec.Struct, frozen=True, array_like=True, tag="i"):
    """A listing of `what` in the order of ids, behind an id."""

    scope: str
    what: str
    after: str
    total: int


class AddedCursor(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """A listing of `what`, the last added first, behind an item."""

    scope: str
    what: str
    added: int
    after: str
    total: int


Cursor = TrackCursor | IdCursor | AddedCursor

_decode = msgspec.msgpack.Decoder(Cursor).decode


def write(cursor: Cursor) -> str:
    """The cursor as text."""
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read_track(text: str, scope: str) -> TrackCursor:
    """Raises `ConflictError` unless it is a cursor of a listing of tracks in that scope."""
    cursor = _read(text)
    if not isinstance(cursor, TrackCursor) or cursor.scope != scope:
        _refuse()
    return cursor


def read_id(text: str, scope: str, what: str) -> IdCursor:
    """Raises `ConflictError` unless it is a cursor of such a listing."""
    cursor = _read(text)
    if not isinstance(cursor, IdCursor) or (cursor.scope, cursor.what) != (scope, what):
        _refuse()
    return cursor


def read_added(text: str, scope: str, what: str) -> AddedCursor:
    """Raises `ConflictError` unless it is a cursor of such a listing."""
    cursor = _read(text)
    if not isinstance(cursor, AddedCursor) or (cursor.scope, cursor.what) != (scope, what):
        _refuse()
    return cursor


def _read(text: str) -> Cursor:
    try:
        cursor: Cursor = _decode(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        _refuse()
    return cursor


def _refuse() -> NoReturn:
    raise ConflictError(
        "This cursor does not come from such a listing of these folders.",
        next_step="Start the listing again without a cursor.",
    )
