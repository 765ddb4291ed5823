"""Every format times every field, and the plain readers against mutagen."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_engine.testing.audio import (
    ALAC,
    APEV2_ONLY,
    HEADERLESS_MP3,
    ID3V1_ONLY,
    ID3V23,
    ID3V24,
    MAIN_FORMATS,
    TEMPLATES,
    AudioFormat,
    Mp3Style,
    Tags,
    Template,
    write_audio,
)
from soulsync_local.tags import FileTags, read_batch, read_tags
from soulsync_local.tags.opening import HEAD_SIZE
from soulsync_local.tags.plain import FIRST, Window, read_plain
from soulsync_local.tags.thorough import read_with_mutagen

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8
RECORDING, RELEASE_TRACK, RELEASE, GROUP, ARTIST_1, ARTIST_2 = (
    f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "abcdef"
)
FULL = Tags(
    title="Überfahrt, 夜",
    artists=("AC/DC", "Тест & Co"),
    album="Live; at Home",
    album_artists=("AC/DC", "The Others"),
    track=3,
    track_total=12,
    disc=2,
    disc_total=2,
    year=1999,
    genres=("Rock", "Post-Punk"),
    compilation=True,
    recording_id=RECORDING,
    track_id=RELEASE_TRACK,
    release_id=RELEASE,
    release_group_id=GROUP,
    artist_ids=(ARTIST_1, ARTIST_2),
    album_artist_ids=(ARTIST_2, ARTIST_1),
    isrcs=("USRC17607839", "GBAYE0000351"),
    cover=JPEG,
)
EVERY_FORMAT = pytest.mark.parametrize("kind", list(AudioFormat))
ID3_STYLES = {
    "v2.4": ID3V24,
    "v2.3": ID3V23,
    "v1": ID3V1_ONLY,
    "APEv2": APEV2_ONLY,
    "v2.4 and APEv2": Mp3Style(apev2=True),
}


def expected(tags: Tags, template: Template) -> FileTags:
    """What reading a file with `tags` gives, leaving the length and the rate of bits to the file."""
    return FileTags(
        title=tags.title,
        artists=tags.artists,
        album=tags.album,
        album_artists=tags.album_artists,
        disc=tags.disc if isinstance(tags.disc, int) else None,
        track=tags.track if isinstance(tags.track, int) else None,
        year=tags.year if isinstance(tags.year, int) else None,
        genres=tags.genres,
        compilation=tags.compilation,
        recording_id=tags.recording_id,
        track_id=tags.track_id,
        release_id=tags.release_id,
        release_group_id=tags.release_group_id,
        artist_ids=tags.artist_ids,
        album_artist_ids=tags.album_artist_ids,
        isrcs=tags.isrcs,
        codec=template.codec,
        sample_rate=template.sample_rate,
        has_cover=tags.cover is not None,
    )


def read(path: Path) -> FileTags:
    found = read_tags(path)
    assert isinstance(found, FileTags), found
    return found


def with_mutagen(path: Path) -> FileTags:
    with path.open("rb") as file:
        return read_with_mutagen(file, file.read(HEAD_SIZE), path.stat().st_size)


def without_stream(found: FileTags) -> FileTags:
    return msgspec.structs.replace(found, duration_ms=None, bitrate=None)


@EVERY_FORMAT
def test_every_field_comes_back_from_every_format(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, FULL)
    assert without_stream(read(path)) == expected(FULL, TEMPLATES[kind])


@EVERY_FORMAT
def test_artist_lists_win_over_credits_in_every_format(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    tags = Tags(
        title="T",
        artists=("A", "B"),
        artist_credit="A feat. B",
        album_artists=("C", "D"),
        album_artist_credit="C with D",
    )
    write_audio(path, kind, tags)
    found = read(path)
    assert (found.artists, found.album_artists) == (("A", "B"), ("C", "D"))


@EVERY_FORMAT
def test_a_file_without_tags_has_its_stream_and_nothing_else(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind)
    assert without_stream(read(path)) == expected(Tags(), TEMPLATES[kind])


@pytest.mark.parametrize(
    "template", [*TEMPLATES.values(), ALAC, HEADERLESS_MP3], ids=lambda template: template.name
)
def test_the_stream_is_measured(tmp_path: Path, template: Template) -> None:
    path = tmp_path / "song.bin"
    write_audio(path, template.format, Tags(title="T"), template=template)
    found = read(path)
    assert found.duration_ms is not None
    assert abs(found.duration_ms - template.duration_ms) <= template.duration_slack_ms
    assert (found.codec, found.sample_rate) == (template.codec, template.sample_rate)
    assert found.bitrate is not None
    assert 1 <= found.bitrate <= 400


@pytest.mark.parametrize("style", ["v2.4", "v2.3", "APEv2", "v2.4 and APEv2"])
def test_every_field_comes_back_from_every_tag_an_mp3_may_have(tmp_path: Path, style: str) -> None:
    path = tmp_path / "song.mp3"
    # In v2.3 a slash separates the values, so a name with one cannot be told from two.
    tags = FULL
    if style == "v2.3":
        tags = Tags(
            **{name: getattr(FULL, name) for name in FULL.__slots__}
            | {"artists": ("One", "Two"), "album_artists": ("Three", "Four"), "genres": ("Rock", "Jazz")}
        )
    write_audio(path, AudioFormat.MP3, tags, mp3_style=ID3_STYLES[style])
    assert without_stream(read(path)) == expected(tags, TEMPLATES[AudioFormat.MP3])


def test_an_id3v1_block_alone_gives_what_it_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    tags = Tags(title="Title", artists=("Artist",), album="Album", track=7, year=1987, genres=("Jazz",))
    write_audio(path, AudioFormat.MP3, tags, mp3_style=ID3V1_ONLY)
    assert without_stream(read(path)) == expected(tags, TEMPLATES[AudioFormat.MP3])


def test_an_apev2_tag_fills_what_the_id3v2_tag_leaves_out(tmp_path: Path) -> None:
    from mutagen.apev2 import APEv2

    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, Tags(title="From ID3"))
    ape = APEv2()
    ape["Title"] = "From APE"
    ape["Album"] = "Album"
    ape.save(path)
    found = read(path)
    assert (found.title, found.album) == ("From ID3", "Album")


def test_id3v22_frames_are_read(tmp_path: Path) -> None:
    def frame(name: bytes, text: str) -> bytes:
        content = b"\0" + text.encode("latin-1")
        return name + len(content).to_bytes(3, "big") + content

    frames = frame(b"TT2", "Title") + frame(b"TP1", "Artist") + frame(b"TAL", "Album") + frame(b"TRK", "4/9")
    path = tmp_path / "song.mp3"
    header = b"ID3\x02\0\0\0\0\0" + bytes([len(frames)])
    path.write_bytes(header + frames + TEMPLATES[AudioFormat.MP3].data())
    found = read(path)
    assert (found.title, found.artists, found.album, found.track) == ("Title", ("Artist",), "Album", 4)


def test_the_info_list_of_a_wav_file_is_read(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)

    plain = TEMPLATES[AudioFormat.WAV].data()
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Title\0") + chunk(b"IART", b"Artist\0"))
    body = plain[8:] + info
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    found = read(path)
    assert (found.title, found.artists) == ("Title", ("Artist",))


CASES = {
    "everything": FULL,
    "one artist": Tags(
        title="T", artists=("A",), album="B", track=1, year=2001, genres=("Rock",), isrcs=("USRC17607839",)
    ),
    "credit and list": Tags(
        title="T", artists=("A", "B"), artist_credit="A feat. B", artist_ids=(ARTIST_1, ARTIST_2)
    ),
    "credit is in the list": Tags(title="T", artists=("A", "B"), artist_credit="A"),
    "credit is the list": Tags(title="T", artists=("A",), artist_credit="A", album_artists=("B", "C")),
    "list repeats": Tags(title="T", artists=("A", "B", "B"), artist_credit="A & B"),
    "numeric genres": Tags(title="T", genres=("(17)", "4")),
    "dates": Tags(title="T", year="2001-02-03"),
    "odd dates": Tags(title="T", year="20O1"),
    "odd numbers": Tags(title="T", track="A1", disc="-1"),
    "control characters": Tags(title="a\x01b\x1fc\x7f", artists=("x\x02",)),
    "zero width": Tags(title="a\u200bb\ufeffc", album="👩\u200d🚀"),
    "blank": Tags(title="   ", artists=(" ",), album=""),
    "long": Tags(title="x" * 10_000, genres=tuple(f"Genre {n}" for n in range(60))),
    "nothing": Tags(),
}


@pytest.mark.parametrize("cover", [None, JPEG, JPEG * 30], ids=["bare", "cover", "large cover"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("kind", "style", "template"),
    [(AudioFormat.MP3, style, None) for style in ID3_STYLES]
    + [(AudioFormat.MP3, style, HEADERLESS_MP3) for style in ("v2.4", "v2.3")]
    + [(kind, "v2.4", None) for kind in MAIN_FORMATS if kind is not AudioFormat.MP3]
    + [(AudioFormat.M4A, "v2.4", ALAC)],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "name", None),
)
def test_the_plain_readers_agree_with_mutagen(
    tmp_path: Path, kind: AudioFormat, style: str, template: Template | None, case: str, cover: bytes | None
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    tags = Tags(**{name: getattr(CASES[case], name) for name in Tags.__slots__} | {"cover": cover})
    write_audio(path, kind, tags, template=template, mp3_style=ID3_STYLES[style])
    assert read(path) == with_mutagen(path)


@pytest.mark.parametrize("cover", [None, JPEG, JPEG * 30], ids=["bare", "cover", "large cover"])
@pytest.mark.parametrize("case", ["one artist", "credit and list", "everything"])
@pytest.mark.parametrize("kind", MAIN_FORMATS)
def test_ordinary_files_are_plain(tmp_path: Path, kind: AudioFormat, case: str, cover: bytes | None) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(
        path, kind, Tags(**{name: getattr(CASES[case], name) for name in Tags.__slots__} | {"cover": cover})
    )
    with path.open("rb", buffering=0) as file:
        found = read_plain(Window(file, file.read(FIRST), path.stat().st_size))
    assert found == with_mutagen(path)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
LIST = st.lists(TEXT, max_size=3).map(tuple)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tags=st.builds(
        Tags,
        title=TEXT,
        artists=LIST,
        artist_credit=st.none() | TEXT,
        album=TEXT,
        album_artists=LIST,
        track=st.integers(0, 999) | TEXT,
        year=st.integers(0, 9999) | TEXT,
        genres=LIST,
        compilation=st.booleans(),
        artist_ids=st.lists(st.uuids().map(str), max_size=3).map(tuple),
    ),
    style=st.sampled_from([ID3V24, ID3V23, ID3V1_ONLY, Mp3Style(apev2=True)]),
)
@pytest.mark.parametrize("kind", MAIN_FORMATS)
def test_the_plain_readers_agree_with_mutagen_on_any_text(
    tmp_path: Path, kind: AudioFormat, tags: Tags, style: Mp3Style
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, tags, mp3_style=style)
    assert read(path) == with_mutagen(path)


@pytest.mark.parametrize("kind", MAIN_FORMATS)
def test_a_batch_is_stored_and_sent_as_plain_values(tmp_path: Path, kind: AudioFormat) -> None:
    import pickle

    good, bad = tmp_path / f"song{kind.suffix}", tmp_path / "missing.mp3"
    write_audio(good, kind, FULL)
    found = read_batch([good, str(bad).encode()])
    assert pickle.loads(pickle.dumps(found)) == found
    stored = msgspec.msgpack.encode(found[0])
    assert msgspec.msgpack.decode(stored, type=FileTags) == found[0]
