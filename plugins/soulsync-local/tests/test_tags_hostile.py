"""Files that lie, files that broke, and files that cannot be read: a value with a reason, never an exception."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from soulsync_engine.testing.audio import ID3V24, TEMPLATES, AudioFormat, Tags, write_audio
from soulsync_local.tags import FileTags, TagProblem, read_batch, read_cover, read_tags

SOME = Tags(title="Title", artists=("Artist",), album="Album", track=1, year=2001)


def written(path: Path, kind: AudioFormat, tags: Tags | None = SOME) -> bytes:
    write_audio(path, kind, tags, mp3_style=ID3V24)
    return path.read_bytes()


def reason(path: Path) -> str:
    found = read_tags(path)
    assert isinstance(found, TagProblem), found
    assert found.detail
    assert str(path) not in found.detail
    return found.reason


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_an_empty_file_is_empty(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    path.touch()
    assert reason(path) == "empty"


def test_a_file_that_went_away_is_missing(tmp_path: Path) -> None:
    assert reason(tmp_path / "song.mp3") == "missing"


def test_what_the_system_refuses_to_read_is_unreadable(tmp_path: Path) -> None:
    folder = tmp_path / "song.mp3"
    folder.mkdir()
    assert reason(folder) == "unreadable"


@pytest.mark.parametrize("kind", list(AudioFormat))
@pytest.mark.parametrize(
    "content",
    [b"This is no sound at all.\n" * 200, b"\0" * 5000, Random(1).randbytes(20_000), b"x"],
    ids=["text", "zeros", "noise", "one byte"],
)
def test_what_is_no_audio_is_said_to_be_none_whatever_its_name(
    tmp_path: Path, kind: AudioFormat, content: bytes
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    path.write_bytes(content)
    assert reason(path) == "not-audio"


@pytest.mark.parametrize("kind", list(AudioFormat))
@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a", ".txt", ""])
def test_content_decides_not_the_name(tmp_path: Path, kind: AudioFormat, suffix: str) -> None:
    path = tmp_path / f"song{suffix}"
    written(path, kind)
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    assert (found.title, found.codec) == ("Title", TEMPLATES[kind].codec)


@pytest.mark.parametrize("name", ["song.flac", "song.mp3"])
def test_an_id3_tag_before_flac_is_passed_over(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    tag = written(path, AudioFormat.MP3)[: -len(TEMPLATES[AudioFormat.MP3].data())]
    flac = written(path, AudioFormat.FLAC, Tags(title="From FLAC"))
    path.write_bytes(tag + flac)
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    assert (found.title, found.codec) == ("From FLAC", "flac")


@pytest.mark.parametrize(
    "size", [b"\x7f\x7f\x7f\x7f", b"\x00\x00\x00\x01", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"]
)
def test_an_id3_tag_that_lies_about_its_size_hides_no_sound(tmp_path: Path, size: bytes) -> None:
    path = tmp_path / "song.mp3"
    data = written(path, AudioFormat.MP3)
    path.write_bytes(data[:6] + size + data[10:])
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    assert (found.codec, found.duration_ms) == ("mp3", 1000)


def test_an_id3_tag_with_nothing_behind_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    data = written(path, AudioFormat.MP3)
    path.write_bytes(data[: -len(TEMPLATES[AudioFormat.MP3].data())])
    assert reason(path) == "damaged"


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_a_file_cut_anywhere_is_read_or_has_a_reason(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    data = written(path, kind)
    for length in sorted({*range(1, 80, 3), *range(80, len(data), max(1, len(data) // 60))}):
        path.write_bytes(data[:length])
        found = read_tags(path)
        assert isinstance(found, FileTags | TagProblem)
        read_cover(path)


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_a_file_with_any_byte_wrong_is_read_or_has_a_reason(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    data = written(path, kind)
    random = Random(7)
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(random.randint(1, 8)):
            broken[random.randrange(len(broken))] = random.randrange(256)
        path.write_bytes(broken)
        found = read_tags(path)
        assert isinstance(found, FileTags | TagProblem)
        read_cover(path)


@pytest.mark.parametrize("kind", [AudioFormat.FLAC, AudioFormat.M4A, AudioFormat.OGG, AudioFormat.WMA])
def test_a_container_cut_within_its_header_is_damaged(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    data = written(path, kind)
    path.write_bytes(data[:60])
    assert reason(path) == "damaged"


def test_a_name_that_is_no_utf8_is_read_as_bytes(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.flac")
    write_audio(path, AudioFormat.FLAC, SOME)
    for name in (path, os.fsdecode(path)):
        found = read_tags(name)
        assert isinstance(found, FileTags), found
        assert found.title == "Title"


def test_one_odd_file_takes_nothing_from_a_batch(tmp_path: Path) -> None:
    good, text, gone = tmp_path / "a.ogg", tmp_path / "b.mp3", tmp_path / "c.m4a"
    written(good, AudioFormat.OGG)
    text.write_text("no sound")
    found = read_batch([gone, good, text])
    assert [getattr(value, "reason", "read") for value in found] == ["missing", "read", "not-audio"]


def test_frames_with_sizes_in_the_wrong_notation_do_not_lose_the_tags_behind_them(tmp_path: Path) -> None:
    """Old programs wrote the sizes of v2.4 frames as plain numbers; only mutagen notices."""

    def frame(name: bytes, text: str) -> bytes:
        content = b"\3" + text.encode()
        return name + len(content).to_bytes(4, "big") + b"\0\0" + content

    frames = (
        frame(b"TIT2", "x" * 300) + frame(b"TPE1", "Artist") + frame(b"TALB", "Album") + frame(b"TRCK", "5")
    )
    size = bytes([0, 0, len(frames) >> 7, len(frames) & 0x7F])
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3\x04\0\0" + size + frames + TEMPLATES[AudioFormat.MP3].data())
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    assert (found.title, found.artists, found.album, found.track) == ("x" * 300, ("Artist",), "Album", 5)


def test_unsynchronised_tags_are_read(tmp_path: Path) -> None:
    content = b"\1" + "\ufeffÿtitle".encode("utf-16-le")
    stuffed = content.replace(b"\xff", b"\xff\0")
    frame = b"TIT2" + len(content).to_bytes(4, "big") + b"\0\0"
    body = frame + stuffed
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3\x03\0\x80\0\0\0" + bytes([len(body)]) + body + TEMPLATES[AudioFormat.MP3].data())
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    assert found.title == "ÿtitle"
