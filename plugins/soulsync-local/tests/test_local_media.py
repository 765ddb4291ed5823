"""Pictures and sound."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import NotAllowedError, NotFoundError, UnavailableError
from soulsync_engine.models import ByteRange, Kind, Media, MediaBytes, MediaFile

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 9
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 9


def picture(media: Media) -> tuple[bytes, str]:
    if isinstance(media, MediaFile):
        assert (media.start, media.length) == (0, media.size)
        return media.read(), media.mime_type
    assert isinstance(media, MediaBytes)
    return media.data, media.mime_type


def test_the_embedded_cover_comes_first(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one two", cover=JPEG)
    shelf.put("A/B/cover.png", data=PNG)
    for kind, id in ((Kind.ALBUM, client.albums()[0].ref.id), (Kind.TRACK, client.tracks()[1].ref.id)):
        assert picture(client.image(kind, id, None)) == (JPEG, "image/jpeg")
        assert picture(client.image(kind, id, 100)) == (JPEG, "image/jpeg")


@pytest.mark.parametrize("name", ["cover.jpg", "Folder.JPG", "front.jpeg", "ALBUM.png", "cover.webp"])
def test_a_picture_in_the_folder_is_the_cover(client: Opened, shelf: Shelf, name: str) -> None:
    shelf.album("A/B", "one")
    shelf.put(f"A/B/{name}", data=JPEG)
    shelf.put("A/B/back.jpg", data=PNG)
    data, mime = picture(client.image(Kind.ALBUM, client.albums()[0].ref.id, None))
    assert data == JPEG
    assert mime.startswith("image/")


def test_cover_comes_before_folder_and_the_others(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    for name in ("album.jpg", "front.jpg", "folder.jpg", "cover.png"):
        shelf.put(f"A/B/{name}", data=name.encode())
    (album,) = client.albums()
    for name in ("cover.png", "folder.jpg", "front.jpg", "album.jpg"):
        assert picture(client.image(Kind.ALBUM, album.ref.id, None))[0] == name.encode()
        (shelf.root / "A/B" / name).unlink()
    with pytest.raises(NotFoundError):
        client.image(Kind.ALBUM, album.ref.id, None)


def test_the_cover_of_an_album_in_disc_folders_may_lie_above_them(client: Opened, shelf: Shelf) -> None:
    for disc in (1, 2):
        shelf.put(f"A/B/CD{disc}/1.flac", title="x", artists=("A",), album="B")
    shelf.put("A/B/cover.jpg", data=JPEG)
    assert picture(client.image(Kind.ALBUM, client.albums()[0].ref.id, None))[0] == JPEG


def test_the_picture_of_an_artist_lies_in_the_artists_folder(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one", cover=PNG)
    (artist,) = client.artists()
    with pytest.raises(NotFoundError):
        client.image(Kind.ARTIST, artist.ref.id, None)
    shelf.put("A/Artist.jpg", data=JPEG)
    assert picture(client.image(Kind.ARTIST, artist.ref.id, None)) == (JPEG, "image/jpeg")


@pytest.mark.parametrize("kind", list(Kind))
def test_an_item_that_is_not_there_has_no_picture(client: Opened, shelf: Shelf, kind: Kind) -> None:
    shelf.album("A/B", "one")
    for id in ("nothing", "../../etc/passwd", "", "\0"):
        with pytest.raises(NotFoundError):
            client.image(kind, id, None)


@pytest.fixture
def track(client: Opened, shelf: Shelf) -> tuple[str, bytes]:
    """The id and the bytes of a file."""
    path = shelf.put("A/B/1.mp3", title="x")
    return client.tracks()[0].ref.id, path.read_bytes()


def test_a_stream_is_the_whole_file(client: Opened, track: tuple[str, bytes]) -> None:
    id, data = track
    file = client.stream(id, None, 64)
    assert isinstance(file, MediaFile)
    assert (file.mime_type, file.size, file.read()) == ("audio/mpeg", len(data), data)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, None), (5, 9), (10, None), (100, 10**9)])
def test_a_range_holds_just_its_bytes(
    client: Opened, track: tuple[str, bytes], start: int, end: int | None
) -> None:
    id, data = track
    file = client.stream(id, ByteRange(start=start, end=end), None)
    assert isinstance(file, MediaFile)
    assert file.read() == data[start : None if end is None else end + 1]
    assert (file.size, file.length) == (len(data), len(file.read()))


@pytest.mark.parametrize(("start", "end"), [(-1, None), (10**9, None), (9, 5), (0, -1)])
def test_a_range_that_is_not_in_the_file_is_refused(
    client: Opened, track: tuple[str, bytes], start: int, end: int | None
) -> None:
    with pytest.raises(NotFoundError, match="bytes"):
        client.stream(track[0], ByteRange(start=start, end=end), None)


@pytest.mark.parametrize(
    "id", ["", "nothing", "../../etc/passwd", "/etc/passwd", "A/B/1.mp3", "\0", "0" * 32]
)
def test_only_ids_lead_to_files(client: Opened, track: tuple[str, bytes], id: str) -> None:
    with pytest.raises(NotFoundError):
        client.stream(id, None, None)


def test_a_file_that_is_gone_is_not_found_and_a_root_that_is_gone_unavailable(
    client: Opened, shelf: Shelf, track: tuple[str, bytes]
) -> None:
    (shelf.root / "A/B/1.mp3").unlink()
    with pytest.raises(NotFoundError, match="gone"):
        client.stream(track[0], None, None)
    shelf.root.rename(shelf.root.with_name("off"))
    with pytest.raises(UnavailableError):
        client.stream(track[0], None, None)


def test_a_file_that_became_a_link_out_of_the_roots_is_not_handed_out(
    open_client: Open, shelf: Shelf, other: Shelf
) -> None:
    path = shelf.put("A/B/1.mp3", title="x")
    secret = other.put("secret.mp3", title="secret")
    client = open_client(follow_symlinks=False)
    (track,) = client.tracks()
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(NotAllowedError):
        client.stream(track.ref.id, None, None)
    path.unlink()
    path.with_name("cover.jpg").symlink_to(other.put("cover.jpg", data=JPEG))
    with pytest.raises(NotFoundError):
        client.image(Kind.ALBUM, track.album_id or "", None)


def test_a_folder_in_the_place_of_a_file_is_not_handed_out(
    client: Opened, shelf: Shelf, track: tuple[str, bytes]
) -> None:
    path = shelf.root / "A/B/1.mp3"
    path.unlink()
    os.mkdir(path)
    with pytest.raises(NotFoundError):
        client.stream(track[0], None, None)
