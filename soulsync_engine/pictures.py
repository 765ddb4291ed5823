"""Recognising pictures by their first bytes, since servers want to be told what they are sent."""

from __future__ import annotations

from typing import Final

from soulsync_engine.models import MediaBytes

_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (8, b"WEBP", "image/webp"),
)


def mime_type_of(data: bytes) -> str | None:
    """The MIME type of a picture, None when it is none that we know."""
    for offset, signature, mime_type in _SIGNATURES:
        if data.startswith(signature, offset):
            return mime_type
    return None


def picture(data: bytes | MediaBytes) -> MediaBytes:
    """The picture with its type; raises `ValueError` for bytes that are no picture."""
    if isinstance(data, MediaBytes):
        return data
    mime_type = mime_type_of(data)
    if mime_type is None:
        raise ValueError("the bytes are no JPEG, PNG, GIF, BMP or WebP picture")
    return MediaBytes(data=data, mime_type=mime_type)
