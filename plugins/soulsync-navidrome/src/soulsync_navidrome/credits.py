"""Artists and genres, which a library names over and over: each combination is read once, and is one object."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from soulsync_engine.models import ArtistCredit
from soulsync_navidrome.values import optional_id
from soulsync_navidrome.wire import ArtistRef, GenreName, Id

_ARTISTS: Final = msgspec.json.Decoder(list[ArtistRef] | None)
_GENRES: Final = msgspec.json.Decoder(list[GenreName | str] | None)


def credits(several: msgspec.Raw, name: str | None, id: Id) -> tuple[ArtistCredit, ...]:
    """The artists of an item: the list where there is one, else the single one."""
    found = listed_credits(bytes(several))
    if found or not name:
        return found
    return _one_credit(name, id)


def genres(several: msgspec.Raw, single: str | None) -> tuple[str, ...]:
    """The genres of an item, each once, in the server's order."""
    return _listed_genres(bytes(several)) or _unique((single,))


def absent(several: msgspec.Raw) -> bool:
    """Whether a list was not sent at all, which an empty one was."""
    return bytes(several) in (b"", b"null")


@lru_cache(maxsize=8192)
def listed_credits(raw: bytes) -> tuple[ArtistCredit, ...]:
    """The artists of a list as it was sent. One that is no list is a `ValueError`."""
    found: tuple[ArtistCredit, ...] = ()
    for entry in _ARTISTS.decode(raw) or () if raw else ():
        if entry.name:
            found += _one_credit(entry.name, entry.id)
    return found


@lru_cache(maxsize=2048)
def _listed_genres(raw: bytes) -> tuple[str, ...]:
    entries = (_GENRES.decode(raw) or ()) if raw else ()
    return _unique(
        tuple([entry.name or entry.value if isinstance(entry, GenreName) else entry for entry in entries])
    )


@lru_cache(maxsize=8192)
def _one_credit(name: str, id: Id) -> tuple[ArtistCredit, ...]:
    return (ArtistCredit(name=name, id=optional_id(id)),)


@lru_cache(maxsize=2048)
def _unique(names: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
