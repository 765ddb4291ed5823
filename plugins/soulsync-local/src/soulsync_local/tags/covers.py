"""The picture embedded in an audio file."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from struct import unpack_from

import mutagen
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.asf import ASFTags
from mutagen.flac import Picture
from mutagen.id3 import ID3, PictureType
from mutagen.mp4 import MP4Tags

from soulsync_local.tags.opening import HEAD_SIZE, Opened, open_audio
from soulsync_local.tags.reading import AnyPath

_SIGNATURES = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
)


def read_cover(path: AnyPath) -> tuple[bytes, str] | None:
    """The bytes and the media type of the file's front cover, else of its first picture, else None.

    The type is the one the bytes have, whatever the tag claims; bytes that are no known kind of picture are
    passed over. None also for a file that is no audio. Raises `OSError` when the file cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(HEAD_SIZE)
        try:
            pictures = sorted(
                _pictures(open_audio(file, head)), key=lambda found: found[0] != PictureType.COVER_FRONT
            )
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - hostile bytes make the library raise nearly anything; they hold no cover
            return None
    for _, data in pictures:
        mime = _mime(data)
        if mime is not None:
            return data, mime
    return None


def _mime(data: bytes) -> str | None:
    return next((mime for offset, magic, mime in _SIGNATURES if data.startswith(magic, offset)), None)


def _pictures(opened: Opened) -> Iterator[tuple[int, bytes]]:
    for picture in opened.pictures:
        yield picture.type, picture.data
    for tags in opened.tags:
        yield from _pictures_of(tags)


def _pictures_of(tags: mutagen.Tags) -> Iterator[tuple[int, bytes]]:
    if isinstance(tags, ID3):
        for frame in tags.getall("APIC"):
            yield frame.type, frame.data
    elif isinstance(tags, MP4Tags):
        for cover in tags.get("covr", ()):
            yield PictureType.COVER_FRONT, bytes(cover)
    elif isinstance(tags, APEv2):
        value = tags.get("cover art (front)")
        if isinstance(value, APEBinaryValue):
            # The file name of the picture comes first, ended by NUL.
            yield PictureType.COVER_FRONT, value.value.partition(b"\0")[2]
    elif isinstance(tags, ASFTags):
        for attribute in tags.get("WM/Picture", ()):
            yield _asf_picture(attribute.value)
    else:
        for text in tags.get("metadata_block_picture", ()):
            picture = Picture(b64decode(text))
            yield picture.type, picture.data
        for text in tags.get("coverart", ()):
            yield PictureType.COVER_FRONT, b64decode(text)


def _asf_picture(value: bytes) -> tuple[int, bytes]:
    kind, length = unpack_from("<bi", value)
    # Two UTF-16 texts, media type and description, stand before the data, each ended by NUL.
    return kind, value[len(value) - length :]
