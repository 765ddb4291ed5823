"""Texts as words to be indexed and looked for.

Texts are normalised by `search_key`, so case, accents and punctuation do not matter. Scripts that are written
without blanks between words are indexed by pairs of characters, so that any two characters next to each other are
found.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, TypeAlias

from soulsync_engine.matching import search_key
from soulsync_engine.models import Album, ArtistCredit, Item, Track

Entry: TypeAlias = tuple[object, ...]
"""uid, then the texts of the columns, as words with one blank between them."""

SEPARATOR: Final = "\x1f"
"""Between texts that are read as one."""

_INDEXED_LENGTH: Final = 2000
_ASKED_LENGTH: Final = 500

_UNSPACED: Final = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]+"
)


def entry_of(uid: int, item: Item) -> Entry:
    """What the index holds of an item."""
    if isinstance(item, Track):
        album = shared_tokens(item.album) if item.album else ""
        return uid, tokens(item.title), _credited_tokens(item.album_artists + item.artists), album
    if isinstance(item, Album):
        return uid, tokens(item.title), _credited_tokens(item.artists)
    return uid, tokens(item.name)


def tokens(text: str) -> str:
    """The words of a text."""
    key = search_key(text[:_INDEXED_LENGTH])
    return key if key.isascii() else _UNSPACED.sub(_in_pairs, _valid(key))


@lru_cache(maxsize=4096)
def shared_tokens(texts: str) -> str:
    """The words of texts with separators between them, each text's once.

    Remembered, since artists are mostly credited twice, for the track and for its album.
    """
    return " ".join(dict.fromkeys(tokens(text) for text in texts.split(SEPARATOR)))


def words_asked(text: str) -> list[str]:
    """What somebody looks for: words that have to be there, or the beginnings of such."""
    key = _valid(search_key(text[:_ASKED_LENGTH]))
    return _UNSPACED.sub(_asked_pairs, key).split()


def _credited_tokens(credits: tuple[ArtistCredit, ...]) -> str:
    return shared_tokens(SEPARATOR.join([credit.name for credit in credits])) if credits else ""


def _valid(key: str) -> str:
    # A title of nothing but broken characters is its own key.
    return key.encode("utf-8", "ignore").decode()


def _in_pairs(match: re.Match[str]) -> str:
    run = match[0]
    return f" {' '.join(run[place : place + 2] for place in range(len(run)))} "


def _asked_pairs(match: re.Match[str]) -> str:
    run = match[0]
    if len(run) == 1:
        return f" {run} "
    return f" {' '.join(run[place : place + 2] for place in range(len(run) - 1))} "
