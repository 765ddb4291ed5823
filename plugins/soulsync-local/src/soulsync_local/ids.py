"""Ids: one scheme for everything, 128 bits of BLAKE2b over length-prefixed parts, in hexadecimal.

They are the same in every run, process and machine that sees the same folder at the same path. At ten million items
the chance that any two are equal is below 10^-24.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b


def _digest(kind: bytes, parts: Iterable[bytes], size: int = 16) -> str:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    text = b"".join(b"%d:%s" % (len(part), part) for part in parts)
    return blake2b(text, digest_size=size, person=kind).hexdigest()


def library_id(root: str) -> str:
    """The id of the library at this configured path: 64 bits, which is plenty for the few roots of a server."""
    return _digest(b"library", (os.fsencode(root),), size=8)


def track_id(library: str, path: bytes, attempt: int = 0) -> str:
    """The id of the file first seen at `path`, relative to the root.

    `attempt` counts up while the id is taken by a file that was first seen there and has moved since.
    """
    # The same digest in pieces: there is one of these for each file, and the first piece is always the same.
    digest = _track_digest(library).copy()
    number = b"%d" % attempt
    digest.update(b"%d:%s%d:%s" % (len(path), path, len(number), number))
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _track_digest(library: str) -> blake2b:
    part = library.encode()
    return blake2b(b"%d:%s" % (len(part), part), digest_size=16, person=b"track")


def album_id(library: str, artists: tuple[str, ...], title: str, edition: str) -> str:
    """The id of the album with this grouping key."""
    return _digest(b"album", (library.encode(), *(key.encode() for key in (*artists, title, edition))))


@lru_cache(maxsize=65536)
def artist_id(library: str, key: str) -> str:
    """The id of the artist with this key, within a library."""
    return _digest(b"artist", (library.encode(), key.encode()))
