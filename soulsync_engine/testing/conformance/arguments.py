"""Arguments made up from annotations, for calls that must be refused whatever they are given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from soulsync_engine.models import (
    AlbumPatch,
    ArtistPatch,
    ByteRange,
    Kind,
    MediaBytes,
    Scope,
    TrackPatch,
)

_VALUES: Mapping[object, object] = {
    str: "no-such-id",
    bytes: b"{}",
    bool: False,
    int: 1,
    float: 0.01,
    datetime: datetime(2020, 1, 1, tzinfo=UTC),
    Kind: Kind.ALBUM,
    Scope: Scope(),
    ByteRange: ByteRange(start=0, end=9),
    MediaBytes: MediaBytes(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png"),
    ArtistPatch: ArtistPatch(genres=("Jazz",)),
    AlbumPatch: AlbumPatch(genres=("Jazz",)),
    TrackPatch: TrackPatch(genres=("Jazz",)),
}


def arguments_for(function: Callable[..., object]) -> dict[str, object]:
    """A value for each parameter that has no default, by name. Raises `TypeError` for a type it does not know."""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {
        parameter.name: _value(hints[parameter.name])
        for parameter in parameters
        if parameter.name != "self" and parameter.default is inspect.Parameter.empty
    }


def _value(annotation: object) -> object:
    if annotation in _VALUES:
        return _VALUES[annotation]
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        members = get_args(annotation)
        known = (member for member in members if member in _VALUES)
        return None if NoneType in members else _value(next(known, members[0]))
    if origin in (tuple, list, Sequence):
        inner = get_args(annotation)[0]
        return (_value(inner),)
    if origin is frozenset:
        return frozenset({_value(get_args(annotation)[0])})
    if origin in (dict, Mapping):
        return {}
    raise TypeError(f"no made-up value for {annotation}")
