"""Pictures and sound, as requests whose credentials are in headers."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import ByteRange, Kind, Media, MediaRequest
from soulsync_plex.playlists import PlaylistReading

_MIME_TYPES: Final = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "aiff": "audio/aiff",
}


class Pictures(PlaylistReading):
    """The group media."""

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """As in the contract. The server scales and never enlarges."""
        if kind is Kind.PLAYLIST:
            stored = self._playlist_row(id)
            thumb = stored.composite or stored.thumb
        else:
            row = self._row(kind, id)
            thumb = row.thumb or row.parentThumb
        if not thumb or not thumb.startswith("/"):
            raise NotFoundError(
                f"The {kind} {id} has no picture.", server=self.server, next_step="Give it one on the server."
            )
        if size is None:
            return self._media(thumb)
        scaled = {"url": thumb, "width": size, "height": size, "minSize": 1, "upscale": 0}
        return self._media(f"/photo/:/transcode?{urlencode(scaled)}", mime_type="image/jpeg")

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """As in the contract. A file that fits into `max_bitrate` is sent as it is, others have no ranges."""
        row = self._row(Kind.TRACK, track_id)
        version = row.Media[0] if row.Media else None
        part = version.Part[0] if version and version.Part else None
        if version is None or part is None or not part.key or not part.key.startswith("/"):
            raise NotFoundError(
                f"The track {track_id} has no file.",
                server=self.server,
                next_step="Scan the library; its file may be gone.",
            )
        if max_bitrate is not None and (version.bitrate is None or version.bitrate > max_bitrate):
            wanted = {
                "path": f"/library/metadata/{track_id}",
                "mediaIndex": 0,
                "partIndex": 0,
                "protocol": "http",
                "musicBitrate": max_bitrate,
                "directPlay": 0,
                "directStream": 0,
            }
            return self._media(
                f"/music/:/transcode/universal/start.mp3?{urlencode(wanted)}", mime_type="audio/mpeg"
            )
        headers = {}
        if range is not None:
            headers["Range"] = f"bytes={range.start}-{'' if range.end is None else range.end}"
        return self._media(part.key, headers, _MIME_TYPES.get((part.container or "").lower()))

    def _media(
        self, path: str, headers: dict[str, str] | None = None, mime_type: str | None = None
    ) -> MediaRequest:
        return MediaRequest(
            url=f"{self._transport.base_url}{path}",
            headers={**self._transport.credentials, **(headers or {})},
            mime_type=mime_type,
        )
