"""The embedded picture, from every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from soulsync_engine.testing.audio import APEV2_ONLY, ID3V23, AudioFormat, Mp3Style, Tags, write_audio
from soulsync_local.tags import FileTags, read_cover, read_tags

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 120
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(255, -1, -1)) * 3


@pytest.mark.parametrize(("picture", "mime"), [(JPEG, "image/jpeg"), (PNG, "image/png")], ids=["jpeg", "png"])
@pytest.mark.parametrize("kind", list(AudioFormat))
def test_the_cover_comes_back_from_every_format(
    tmp_path: Path, kind: AudioFormat, picture: bytes, mime: str
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, Tags(title="T", cover=picture, cover_mime=mime))
    assert read_cover(path) == (picture, mime)


@pytest.mark.parametrize("style", [ID3V23, APEV2_ONLY], ids=["v2.3", "APEv2"])
def test_the_cover_comes_back_from_every_tag_an_mp3_may_have(tmp_path: Path, style: Mp3Style) -> None:
    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, Tags(title="T", cover=JPEG), mp3_style=style)
    assert read_cover(path) == (JPEG, "image/jpeg")


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_a_file_without_a_cover_has_none(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, Tags(title="T"))
    assert read_cover(path) is None


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_a_broken_cover_is_no_cover_and_costs_no_tags(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, Tags(title="T", cover=b"this is no picture"))
    assert read_cover(path) is None
    found = read_tags(path)
    assert isinstance(found, FileTags)
    assert found.title == "T"


def test_the_type_is_the_one_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    write_audio(path, AudioFormat.FLAC, Tags(cover=PNG, cover_mime="image/jpeg"))
    assert read_cover(path) == (PNG, "image/png")


def test_the_front_cover_comes_before_other_pictures(tmp_path: Path) -> None:
    from mutagen.id3 import APIC, ID3

    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, Tags(title="T"))
    tags = ID3(path)
    tags.add(APIC(mime="image/png", type=4, desc="back", data=PNG))
    tags.add(APIC(mime="image/jpeg", type=3, desc="front", data=JPEG))
    tags.save(path)
    assert read_cover(path) == (JPEG, "image/jpeg")


def test_a_text_has_no_cover(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("no sound")
    assert read_cover(path) is None
