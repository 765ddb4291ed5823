"""Covers of playlists, which only Navidrome's own API takes."""

from __future__ import annotations

import secrets
from typing import Final

from soulsync_engine.http import raise_for_status
from soulsync_engine.models import FieldOutcome, FieldResult, MediaBytes
from soulsync_engine.plugin import NotAllowedError, NotFoundError, UnavailableError
from soulsync_navidrome.native import NativeUnavailableError
from soulsync_navidrome.playlists import PlaylistsClient
from soulsync_navidrome.values import optional_id
from soulsync_navidrome.wire import WirePlaylist

LARGEST_PICTURE: Final = 32 * 1024 * 1024
_SUFFIXES: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


class CoversClient(PlaylistsClient):
    """The covers of playlists."""

    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        """As in the contract. Nothing else of the playlist is sent, so nothing else of it can be lost."""
        self._editable(playlist_id)
        suffix = _SUFFIXES.get(image.mime_type)
        if suffix is None:
            reason = f"Navidrome takes no pictures of the type {image.mime_type!r}"
            return FieldResult(outcome=FieldOutcome.UNSUPPORTED, reason=reason)
        before = self._picture(playlist_id)
        if before == image.data:
            return FieldResult(outcome=FieldOutcome.UNCHANGED)
        body, content_type = _form(image, f"cover.{suffix}")
        try:
            raise_for_status(
                self._native.upload(("api", "playlist", playlist_id, "image"), body, content_type)
            )
        except NativeUnavailableError as error:
            return _failed(f"Navidrome's own API cannot be used: {error}")
        except (UnavailableError, NotFoundError, NotAllowedError) as error:
            return _failed(error.message)
        after = self._picture(playlist_id)
        # A server may store the picture in another size or format, but not as what was there before.
        if after is None or after == before:
            return _failed("the server accepted the picture and does not show it")
        return FieldResult(outcome=FieldOutcome.APPLIED)

    def _playlist_cover(self, playlist_id: str) -> str | None:
        """The id of a playlist's picture. It is another one after every change of the picture."""
        raw = self._connection.transport.call("getPlaylist", [("id", playlist_id)]).playlist
        wire = self._asking.one(raw, WirePlaylist)
        return optional_id(wire.cover_art) if wire is not None else None

    def _picture(self, playlist_id: str) -> bytes | None:
        """What the server shows of a playlist, None where it shows nothing."""
        cover = self._playlist_cover(playlist_id)
        if cover is None:
            return None
        try:
            answer = self._connection.transport.fetch(
                "getCoverArt", [("id", cover)], headers={}, max_bytes=LARGEST_PICTURE
            )
        except NotFoundError:
            return None
        return answer.body


def _form(image: MediaBytes, name: str) -> tuple[bytes, str]:
    """The picture as the one file of a form, and the type of that."""
    boundary = f"soulsync-{secrets.token_hex(16)}"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        f"Content-Type: {image.mime_type}\r\n\r\n"
    )
    body = head.encode() + image.data + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _failed(reason: str) -> FieldResult:
    return FieldResult(outcome=FieldOutcome.FAILED, reason=reason)
