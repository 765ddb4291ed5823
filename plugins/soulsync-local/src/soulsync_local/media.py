"""The sound and the pictures of items, from the files as they are at this moment."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from soulsync_engine.models import ByteRange, Kind, Media, MediaBytes, MediaFile
from soulsync_engine.plugin import NotAllowedError, NotFoundError, UnavailableError
from soulsync_local.library import LocalLibrary
from soulsync_local.roots import Root, contains, look_at
from soulsync_local.tags import read_cover

_PICTURES: Final = {b"jpg": "image/jpeg", b"jpeg": "image/jpeg", b"png": "image/png", b"webp": "image/webp"}
_COVER_NAMES: Final[tuple[bytes, ...]] = (b"cover", b"folder", b"front", b"album")
_ARTIST_NAMES: Final[tuple[bytes, ...]] = (b"artist",)
_SOUNDS: Final = {
    b"mp3": "audio/mpeg",
    b"flac": "audio/flac",
    b"ogg": "audio/ogg",
    b"oga": "audio/ogg",
    b"opus": "audio/ogg",
    b"m4a": "audio/mp4",
    b"m4b": "audio/mp4",
    b"aac": "audio/aac",
    b"wav": "audio/wav",
    b"wma": "audio/x-ms-wma",
    b"aiff": "audio/aiff",
    b"aif": "audio/aiff",
    b"aifc": "audio/aiff",
    b"ape": "audio/x-ape",
    b"wv": "audio/x-wavpack",
    b"mpc": "audio/x-musepack",
}

_COVER_ATTEMPTS: Final = 3
"""Files of an album that are opened in search of an embedded cover."""


def stream(library: LocalLibrary, track_id: str, range: ByteRange | None) -> MediaFile:
    """The file of a track, or a part of it. A range that ends behind the end of the file is cut there."""
    library.known()
    root, path = _file_of(library, track_id)
    whole, size = _regular(library, root, path)
    start, length = _part(range, size)
    return MediaFile(
        path=Path(os.fsdecode(whole)), mime_type=_SOUNDS[_suffix(path)], size=size, start=start, length=length
    )


def image(library: LocalLibrary, kind: Kind, id: str) -> Media:
    """The embedded cover, else a picture in the folder; for artists a picture in their folder."""
    library.known()
    if kind is Kind.TRACK:
        root, path = _file_of(library, id)
        candidates, folders, names = [(root, path)], [(root, path.rpartition(b"/")[0])], _COVER_NAMES
    elif kind is Kind.ALBUM:
        candidates, folders, names = *_album_places(library, id), _COVER_NAMES
    elif kind is Kind.ARTIST:
        candidates, folders, names = [], _artist_folders(library, id), _ARTIST_NAMES
    else:
        raise NotFoundError(
            f"A folder of audio files has no {kind}.", next_step="Ask for tracks, albums or artists."
        )
    for root, path in candidates:
        embedded = _embedded(library, root, path)
        if embedded is not None:
            return embedded
    for root, folder in folders:
        picture = _picture(library, root, folder, names)
        if picture is not None:
            return picture
    raise NotFoundError(
        f"There is no picture of this {kind}.",
        next_step="Put one into its folder, or into the tags of its files.",
    )


def _file_of(library: LocalLibrary, id: str) -> tuple[Root, bytes]:
    with library.index.read() as connection:
        row = connection.execute("SELECT library, path FROM file WHERE id = ?", (id,)).fetchone()
    root = None if row is None else _root_of(library, row[0])
    if root is None:
        raise NotFoundError(f"There is no track with the id {id!r}.")
    return root, row[1]


def _root_of(library: LocalLibrary, id: str) -> Root | None:
    # The index may still hold libraries that were taken out of the settings.
    return next((root for root in library.roots if root.library == id), None)


def _album_places(
    library: LocalLibrary, id: str
) -> tuple[list[tuple[Root, bytes]], list[tuple[Root, bytes]]]:
    with library.index.read() as connection:
        rows = connection.execute(
            "SELECT library, folder, path FROM file WHERE album = ? AND problem IS NULL ORDER BY path", (id,)
        ).fetchall()
    placed = [
        (root, folder, path) for one, folder, path in rows if (root := _root_of(library, one)) is not None
    ]
    if not placed:
        raise NotFoundError(f"There is no album with the id {id!r}.")
    files = [(root, path) for root, _, path in placed[:_COVER_ATTEMPTS]]
    # Where the files lie, then what is above a disc's folder.
    folders = [(root, path.rpartition(b"/")[0]) for root, _, path in placed]
    folders.extend((root, folder) for root, folder, _ in placed)
    return files, list(dict.fromkeys(folders))


def _artist_folders(library: LocalLibrary, id: str) -> list[tuple[Root, bytes]]:
    with library.index.read() as connection:
        rows = connection.execute(
            "SELECT DISTINCT library, folder FROM credit WHERE artist = ? ORDER BY folder", (id,)
        ).fetchall()
    placed = [(root, folder) for one, folder in rows if (root := _root_of(library, one)) is not None]
    if not placed:
        raise NotFoundError(f"There is no artist with the id {id!r}.")
    above = [(root, parent) for root, folder in placed if (parent := folder.rpartition(b"/")[0])]
    return list(dict.fromkeys((*above, *((root, folder) for root, folder in placed if folder))))


def _embedded(library: LocalLibrary, root: Root, path: bytes) -> MediaBytes | None:
    try:
        whole, _ = _regular(library, root, path)
        found = read_cover(whole)
    except (NotFoundError, OSError):
        # A file without a readable cover is no reason not to look for the next.
        return None
    return None if found is None else MediaBytes(data=found[0], mime_type=found[1])


def _picture(library: LocalLibrary, root: Root, folder: bytes, names: Sequence[bytes]) -> MediaFile | None:
    try:
        with os.scandir(root.absolute(folder)) as items:
            there = {item.name.lower(): item.name for item in items}
    except OSError:
        return None
    for name in _wanted(names):
        if name in there:
            try:
                whole, size = _regular(library, root, os.path.join(folder, there[name]))
            except (NotFoundError, NotAllowedError):
                continue
            return MediaFile(
                path=Path(os.fsdecode(whole)),
                mime_type=_PICTURES[_suffix(name)],
                size=size,
                start=0,
                length=size,
            )
    return None


def _wanted(names: Sequence[bytes]) -> Iterator[bytes]:
    for name in names:
        for suffix in _PICTURES:
            yield name + b"." + suffix


def _regular(library: LocalLibrary, root: Root, path: bytes) -> tuple[bytes, int]:
    """The whole path and the size of a regular file that may be handed out."""
    whole = root.absolute(path)
    try:
        info = os.stat(whole)
    except (FileNotFoundError, NotADirectoryError) as error:
        look_at(root)
        raise NotFoundError(
            f"The file {os.fsdecode(whole)!r} is gone.", next_step="Scan the folders again."
        ) from error
    except OSError as error:
        raise UnavailableError(
            f"The file {os.fsdecode(whole)!r} cannot be read: {error.strerror or error}."
        ) from error
    if not stat.S_ISREG(info.st_mode):
        raise NotFoundError(
            f"{os.fsdecode(whole)!r} is no file any more.", next_step="Scan the folders again."
        )
    if not library.follow_symlinks and not contains(root, whole):
        raise NotAllowedError(f"{os.fsdecode(whole)!r} leads out of {root.path} through a link.")
    return whole, info.st_size


def _part(range: ByteRange | None, size: int) -> tuple[int, int]:
    if range is None:
        return 0, size
    end = size - 1 if range.end is None else min(range.end, size - 1)
    if range.start < 0 or range.start > end:
        last = "the end" if range.end is None else str(range.end)
        raise NotFoundError(
            f"The bytes {range.start} to {last} are not in a file of {size} bytes.",
            next_step=f"Ask for a range within 0 to {size - 1}.",
        )
    return range.start, end - range.start + 1


def _suffix(path: bytes) -> bytes:
    return path[path.rfind(b".") + 1 :].lower()
