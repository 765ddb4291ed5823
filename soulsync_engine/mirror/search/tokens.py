"""Texts as words to be indexed and looked for.

Texts are normalised by `search_key`, so case, accents and punctuation do not matter. Scripts that are written
without blanks between words are indexed by pairs of characters, so that any two characters next to each other are
found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from soulsync_engine.matching import search_key
from soulsync_engine.models import Kind

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


def entry_of(uid: int, kind: Kind, title: str, names: Sequence[str], album: str | None) -> Entry:
    """What the index holds of an item: of its title, those it is credited to, and its album."""
    if kind is Kind.ARTIST:
        return uid, tokens(title)
    credited = shared_tokens(SEPARATOR.join(names)) if names else ""
    if kind is Kind.ALBUM:
        return uid, tokens(title), credited
    return uid, tokens(title), credited, shared_tokens(album) if album else ""


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
