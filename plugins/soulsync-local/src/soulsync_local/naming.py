"""What the place of a file says: the folder it belongs to, and names for what its tags leave out."""

from __future__ import annotations

import re
from functools import lru_cache

_DISC_FOLDER = re.compile(r"(?:cd|dis[ck]|disque)[\s._-]*0*([1-9][0-9]?)(?:\s*[-–:(\[].*)?\Z", re.IGNORECASE)


def display(name: bytes) -> str:
    """A file name as text. Bytes that are not UTF-8 become U+FFFD, so the text is for showing only."""
    return name.decode("utf-8", "replace")


def _split(path: bytes) -> tuple[bytes, bytes]:
    folder, _, name = path.rpartition(b"/")
    return folder, name


@lru_cache(maxsize=4096)
def disc_number(folder: bytes) -> int | None:
    """The number of a folder that holds one disc of an album ("CD1", "Disc 2 - Live")."""
    parent, name = _split(folder)
    if not parent:
        # A folder of that name right below the root has no album above it.
        return None
    found = _DISC_FOLDER.match(display(name))
    return int(found.group(1)) if found else None


@lru_cache(maxsize=4096)
def _album_folder(folder: bytes) -> bytes:
    return _split(folder)[0] if disc_number(folder) is not None else folder


def album_folder(path: bytes) -> bytes:
    """The folder whose files are grouped together with this one: its own, or the one above its disc's."""
    return _album_folder(_split(path)[0])


def folder_disc(path: bytes) -> int | None:
    """The disc that the file's folder stands for."""
    return disc_number(_split(path)[0])


def title_from_name(path: bytes) -> str:
    """The file's name without its suffix."""
    name = _split(path)[1]
    stem, _, _ = name.rpartition(b".")
    return display(stem or name)


def album_from_folder(folder: bytes, root_name: str) -> str:
    """The name of the album folder; the root's own for files that lie loose in it."""
    return display(_split(folder)[1]) or root_name


def artist_from_folder(folder: bytes, root_name: str) -> str:
    """The name of the folder above the album folder, or of the album folder where only the root is above."""
    parent, name = _split(folder)
    return display(_split(parent)[1]) or display(name) or root_name
