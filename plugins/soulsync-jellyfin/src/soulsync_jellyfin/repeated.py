"""What the rows of a library repeat word for word, understood once: artists, genres, MusicBrainz ids."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from soulsync_engine.models import ArtistCredit
from soulsync_jellyfin import wire
from soulsync_jellyfin.values import musicbrainz, musicbrainz_list, text_id

ABSENT: Final = frozenset({b"", b"null"})
"""The JSON of a field that was not sent, or says nothing."""

shared_musicbrainz: Final = lru_cache(maxsize=8192)(musicbrainz)
"""As `values.musicbrainz`, for the ids of what several tracks have in common."""

shared_musicbrainz_list: Final = lru_cache(maxsize=8192)(musicbrainz_list)
"""As `values.musicbrainz_list`, for the ids of what several tracks have in common."""

_linked: Final = msgspec.json.Decoder(list[wire.NamedId] | None)
_texts: Final = msgspec.json.Decoder(list[str | None] | None)


@lru_cache(maxsize=16_384)
def linked_credits(source: bytes) -> tuple[ArtistCredit, ...]:
    """The credits in a list of artists with their ids. Raises `ValueError` for what is no such list."""
    return linked(_linked.decode(source) or () if source else ())


@lru_cache(maxsize=16_384)
def named_credits(source: bytes) -> tuple[ArtistCredit, ...]:
    """The credits in a list of names. Raises `ValueError` for what is no such list."""
    return tuple(ArtistCredit(name=name) for name in texts(source))


@lru_cache(maxsize=4096)
def texts(source: bytes) -> tuple[str, ...]:
    """The texts of a list, but for empty ones. Raises `ValueError` for what is no such list."""
    return tuple(text for text in _texts.decode(source) or () if text) if source else ()


def linked(artists: list[wire.NamedId] | tuple[()]) -> tuple[ArtistCredit, ...]:
    """The credits for artists with their ids; one without a name is none."""
    return tuple(ArtistCredit(name=each.name, id=text_id(each.id)) for each in artists if each.name)
