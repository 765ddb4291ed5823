"""Pictures and sound, as requests the host makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import ByteRange, Kind, Media, MediaRequest
from soulsync_jellyfin.mapper import image_source
from soulsync_jellyfin.session import Session

_MIME_TYPES: Final = {
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "ape": "audio/x-ape",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mov": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "wv": "audio/x-wavpack",
}


class MediaAccess(Session):
    """The operations that hand out media."""

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """The item's own picture, or that of its album."""
        source = image_source(self.item(kind, id))
        if source is None:
            raise NotFoundError(
                f"The {kind} {id!r} has no picture.",
                server=self.server,
                next_step="Give it one on the server.",
            )
        item, picture = source
        query = {} if size is None else {"maxWidth": size, "quality": 90}
        return self._request(("Items", item, "Images", picture), query)

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """The file as it is, or transcoded to MP3 where it has more than `max_bitrate`."""
        item = self.item(Kind.TRACK, track_id)
        headers = (
            {}
            if range is None
            else {"Range": f"bytes={range.start}-{'' if range.end is None else range.end}"}
        )
        if max_bitrate is None:
            container = (item.container or "").partition(",")[0].lower()
            query: dict[str, object] = {"static": "true"}
            return self._request(
                ("Audio", track_id, "stream"), query, headers=headers, mime_type=_MIME_TYPES.get(container)
            )
        query = {
            "userId": self.connection.user().id,
            "deviceId": self.transport.identity.device_id,
            "maxStreamingBitrate": max_bitrate * 1000,
            "container": ",".join(sorted(_MIME_TYPES)),
            "audioCodec": "mp3",
            "transcodingContainer": "mp3",
            "transcodingProtocol": "http",
        }
        return self._request(("Audio", track_id, "universal"), query, headers=headers)

    def _request(
        self,
        path: tuple[str, ...],
        query: Mapping[str, object],
        *,
        headers: dict[str, str] | None = None,
        mime_type: str | None = None,
    ) -> MediaRequest:
        where = "".join("/" + quote(part, safe="") for part in path)
        asked = f"?{urlencode(query)}" if query else ""
        return MediaRequest(
            url=f"{self.transport.http.base_url}{where}{asked}",
            headers={**self.transport.headers(), **(headers or {})},
            mime_type=mime_type,
        )
