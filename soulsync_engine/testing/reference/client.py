"""The reference client: every operation of the contract, in one class."""

from __future__ import annotations

from typing import ClassVar

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import ByteRange, Kind, Media, MediaBytes, PagingLimits, Track
from soulsync_engine.testing.audio import TEMPLATES, AudioFormat
from soulsync_engine.testing.reference.activity import Activity
from soulsync_engine.testing.reference.playlists import Playlists
from soulsync_engine.testing.reference.reading import Reading
from soulsync_engine.testing.reference.server import ReferenceServer
from soulsync_engine.testing.reference.watching import Watching
from soulsync_engine.testing.reference.writing import Writing


class ReferenceClient(Reading, Watching, Playlists, Activity, Writing):
    """A client that does what the contract says, and nothing else."""

    limits = PagingLimits(max_page_size=500, max_concurrency=4, offset_cursors=True)
    claims: ClassVar[frozenset[str]] = frozenset({"delete_playlist"})

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """As in the contract. Pictures are not scaled."""

        def answer(server: ReferenceServer) -> Media:
            if kind is not Kind.PLAYLIST:
                item = self._known(server, kind, id)
                of_album = (Kind.ALBUM, item.album_id or "") if isinstance(item, Track) else (kind, id)
                if (cover := server.catalogue.covers.get(of_album)) is not None and (
                    kind,
                    id,
                ) not in server.images:
                    return MediaBytes(data=cover, mime_type="image/png")
            if (stored := server.images.get((kind, id))) is None:
                raise NotFoundError(f"The {kind} {id!r} has no picture.", server=self._context.server)
            data, mime_type = stored
            return MediaBytes(data=data, mime_type=mime_type)

        return self._request("image", answer)

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """As in the contract. Nothing is transcoded."""

        def answer(server: ReferenceServer) -> Media:
            track = self._known(server, Kind.TRACK, track_id)
            kind = (
                AudioFormat((track.path or "").rpartition(".")[2])
                if isinstance(track, Track)
                else AudioFormat.MP3
            )
            data = TEMPLATES[kind].data()
            if range is not None:
                data = data[range.start : None if range.end is None else range.end + 1]
            return MediaBytes(data=data, mime_type=_MIME_TYPES.get(kind, "application/octet-stream"))

        return self._request("stream", answer)


_MIME_TYPES = {
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.OGG: "audio/ogg",
    AudioFormat.OPUS: "audio/ogg",
    AudioFormat.M4A: "audio/mp4",
}
