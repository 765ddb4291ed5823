"""The group media: pictures and sound, in whole and in part."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from soulsync_engine.config.secrets import secret_fields
from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import ByteRange, Kind, Media, MediaFile, MediaRequest, Track
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import Kit, assert_no_secret, require
from soulsync_engine.testing.conformance.reading import albums_called
from soulsync_engine.testing.scenarios import small

_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")
_RANGE = ByteRange(start=5, end=14)


class MediaServed:
    """Tests of `image` and `stream`."""

    def test_the_cover_in_the_files_is_the_albums(self, kit: Kit) -> None:
        """The album whose files carry a cover has a picture.

        Troubleshooting: servers may convert it, but it must be a picture with its own MIME type.
        """
        server = kit.server(small())
        require(server, "image")
        album = albums_called(server, "First Light")[0]
        media = server.image(Kind.ALBUM, album.ref.id)
        data = _bytes(media)
        if data is not None:
            assert data.startswith(_SIGNATURES)
        assert media.mime_type is None or media.mime_type.startswith("image/")

    @pytest.mark.parametrize("kind", [Kind.ALBUM, Kind.ARTIST, Kind.TRACK])
    def test_a_picture_of_nothing_is_not_found(self, kit: Kit, kind: Kind) -> None:
        """The picture of an item that does not exist is `NotFoundError`.

        Troubleshooting: do not answer with a placeholder for an id you do not know.
        """
        server = kit.server(small())
        require(server, "image")
        with pytest.raises(NotFoundError):
            server.image(kind, "no-such-id")

    def test_a_track_can_be_played(self, kit: Kit) -> None:
        """`stream` gives the whole sound of a track.

        Troubleshooting: `MediaFile.size` is the file's, `length` what is to be read.
        """
        server = kit.server(small())
        require(server, "stream")
        media = server.stream(_track(server).ref.id)
        data = _bytes(media)
        assert data is None or len(data) > 100
        if isinstance(media, MediaFile):
            assert (media.start, media.length) == (0, media.size)

    def test_a_range_is_that_part_of_the_whole(self, kit: Kit) -> None:
        """Bytes 5 to 14 are ten bytes, those at that place in the whole; an open range goes to the end.

        Players seek with it. Troubleshooting: `end` is the last byte wanted, not the one after it.
        """
        server = kit.server(small())
        require(server, "stream")
        track_id = _track(server).ref.id
        part = server.stream(track_id, _RANGE)
        whole = _bytes(server.stream(track_id))
        if isinstance(part, MediaRequest):
            headers = {name.lower(): value for name, value in part.headers.items()}
            assert headers.get("range") == "bytes=5-14"
            return
        assert whole is not None
        assert _bytes(part) == whole[5:15]
        assert _bytes(server.stream(track_id, ByteRange(start=len(whole) - 7))) == whole[-7:]

    def test_a_stream_of_nothing_is_not_found(self, kit: Kit) -> None:
        """The sound of a track that does not exist is `NotFoundError`, also for an id that looks like a path.

        Troubleshooting: look the id up before you build a path or a URL from it.
        """
        server = kit.server(small())
        require(server, "stream")
        for track_id in ("no-such-id", "../../etc/passwd", "/etc/passwd"):
            with pytest.raises(NotFoundError):
                server.stream(track_id)

    def test_no_address_holds_a_secret(self, kit: Kit) -> None:
        """URLs and texts of media hold no credentials; those are in headers, and headers are not in the repr.

        URLs end up in logs and browsers. Troubleshooting: use the header your server accepts.
        """
        seed = kit.seed(small())
        server = kit.connected(kit.open(seed.settings, seed.folder))
        require(server, "stream", "image")
        settings = kit.loaded.settings_class.model_validate(dict(seed.settings))
        values = [getattr(settings, name) for name in secret_fields(type(settings))]
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        album = albums_called(server, "First Light")[0]
        for media in (server.stream(_track(server).ref.id), server.image(Kind.ALBUM, album.ref.id)):
            shown = [repr(media), media.url] if isinstance(media, MediaRequest) else [repr(media)]
            assert_no_secret(shown, secrets)


def _track(server: MediaServer) -> Track:
    return next(track for track in server.iter_tracks() if track.title == "Dawn")


def _bytes(media: Media) -> bytes | None:
    """What is to be had without a request; None for a request the host would make."""
    if isinstance(media, MediaRequest):
        return None
    return media.read() if isinstance(media, MediaFile) else media.data
