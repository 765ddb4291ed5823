"""The readers of plain files: the answer that mutagen gives, whatever is in the file, and none where it is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import COMM, ID3, TCON, TDRC, TXXX, TYER
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggvorbis import OggVorbis

from soulsync_engine.testing.audio import (
    HEADERLESS_MP3,
    ID3V23,
    ID3V24,
    MAIN_FORMATS,
    TEMPLATES,
    AudioFormat,
    Mp3Style,
    Tags,
    write_audio,
)
from soulsync_local.tags import FileTags
from soulsync_local.tags.fields import FIELDS, file_tags
from soulsync_local.tags.opening import HEAD_SIZE
from soulsync_local.tags.plain import FIRST, Window, read_plain
from soulsync_local.tags.thorough import read_with_mutagen

SOME = Tags(
    title="Tïtle",
    artists=("A", "B"),
    artist_credit="A & B",
    album="Album",
    track=1,
    track_total=9,
    year=2001,
    genres=("Rock", "Jazz"),
    recording_id="aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
    cover=b"\xff\xd8\xff\xe0" * 5,
)
ODD_BYTES = (0, 1, 2, 4, 8, 0x20, 0x41, 0x7F, 0x80, 0xFF)


def plain(path: Path) -> FileTags | None:
    with path.open("rb", buffering=0) as file:
        return read_plain(Window(file, file.read(FIRST), path.stat().st_size))


def thorough(path: Path) -> FileTags | None:
    """What mutagen reads; None where it refuses the file."""
    with path.open("rb") as file:
        try:
            return read_with_mutagen(file, file.read(HEAD_SIZE), path.stat().st_size)
        except Exception:  # noqa: BLE001 - mutagen raises nearly anything for a damaged file
            return None


def damaged(data: bytes, random: Random) -> bytes:
    """The data with some bytes changed, left out, or put in."""
    broken = bytearray(data)
    # Where most is said: at the start, or in the atoms of an MP4 file.
    start = max(data.find(b"moov") - 4, 0)
    place = random.randrange(start, len(broken) if random.random() < 0.3 else min(len(broken), start + 1500))
    kind = random.random()
    if kind < 0.75:
        for _ in range(random.randint(1, 3)):
            broken[place] = random.choice((*ODD_BYTES, broken[place] ^ 1 << random.randrange(8)))
            place = min(place + random.randrange(40), len(broken) - 1)
    elif kind < 0.85:
        del broken[place + 1 :]
    elif kind < 0.93:
        del broken[place : place + random.randint(1, 8)]
    else:
        broken[place:place] = bytes(random.choices(ODD_BYTES, k=random.randint(1, 8)))
    return bytes(broken)


STYLES = [(kind, ID3V24) for kind in MAIN_FORMATS] + [
    (AudioFormat.MP3, ID3V23),
    (AudioFormat.MP3, Mp3Style(apev2=True)),
]


@pytest.mark.parametrize(("kind", "style"), STYLES)
@pytest.mark.parametrize("tags", [SOME, Tags(title="T"), None], ids=["many", "few", "none"])
def test_whatever_is_wrong_with_a_file_no_reader_says_what_mutagen_does_not(
    tmp_path: Path, kind: AudioFormat, style: Mp3Style, tags: Tags | None
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, tags, mp3_style=style)
    data, random, read = path.read_bytes(), Random(11), 0
    for _ in range(250):
        path.write_bytes(damaged(data, random))
        found = plain(path)
        if found is not None:
            read += 1
            assert found == thorough(path)
    assert read or style.apev2 or tags is None


@pytest.mark.parametrize("kind", MAIN_FORMATS)
def test_a_file_cut_anywhere_is_read_as_mutagen_reads_it_or_not_at_all(
    tmp_path: Path, kind: AudioFormat
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, SOME)
    data, read = path.read_bytes(), 0
    for length in {*range(1, len(data), max(1, len(data) // 120)), *range(1, 100), len(data)}:
        path.write_bytes(data[:length])
        found = plain(path)
        read += found is not None
        assert found is None or found == thorough(path)
    assert read


def atom(name: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + name + content


@pytest.mark.parametrize("size", [50, FIRST - 700, FIRST, 5 * FIRST])
def test_an_item_list_is_found_wherever_it_is(tmp_path: Path, size: int) -> None:
    path = tmp_path / "song.m4a"
    write_audio(path, AudioFormat.M4A, SOME)
    data = path.read_bytes()
    start = int.from_bytes(data[:4], "big")
    long = b"\0\0\0\1free" + (size + 16).to_bytes(8, "big") + bytes(size)
    for filling in (atom(b"free", bytes(size)), long):
        path.write_bytes(data[:start] + filling + data[start:])
        found = plain(path)
        assert found is not None
        assert found == thorough(path)


@pytest.mark.parametrize("size", [10, FIRST - 600, FIRST, 3 * FIRST])
def test_comments_and_frames_are_found_behind_large_ones(tmp_path: Path, size: int) -> None:
    filling = "x" * size
    for kind in (AudioFormat.FLAC, AudioFormat.OGG):
        path = tmp_path / f"song{kind.suffix}"
        write_audio(path, kind, SOME)
        audio = FLAC(path) if kind is AudioFormat.FLAC else OggVorbis(path)
        audio.tags.insert(2, ("comment", filling))
        audio.save()
        found = plain(path)
        assert found is not None
        assert found == thorough(path)
    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, SOME)
    tag = ID3(path)
    tag.add(COMM(encoding=3, lang="eng", desc="", text=[filling]))
    tag.save()
    found = plain(path)
    assert found is not None
    assert found == thorough(path)


def test_a_long_frame_before_the_padding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    tagged_mp3(path, COMM(encoding=3, lang="eng", desc="", text=["x" * 200]))
    found = plain(path)
    assert found is not None
    assert found == thorough(path)


def test_a_picture_block_before_the_comments_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    write_audio(path, AudioFormat.FLAC, Tags(title="Title"))
    audio = FLAC(path)
    picture = Picture()
    picture.data, picture.mime, picture.desc = b"x" * 3 * FIRST, "image/png", "front"
    audio.metadata_blocks.insert(1, picture)
    audio.save()
    found = plain(path)
    assert found is not None
    assert found == thorough(path)
    assert found.has_cover


def tagged_mp3(path: Path, *frames: object) -> None:
    write_audio(path, AudioFormat.MP3, Tags(title="Title"))
    tag = ID3(path)
    for frame in frames:
        tag.add(frame)
    tag.save(v2_version=3 if any(isinstance(frame, TYER) for frame in frames) else 4)


@pytest.mark.parametrize(
    "frames",
    [
        [TDRC(encoding=3, text=["1999-02-03T10:11:12"])],
        [TDRC(encoding=1, text=["1999"])],
        [TCON(encoding=3, text=["Psychédélique", "Rock"])],
        [TXXX(encoding=1, desc="ARTISTS", text=["Ä", "B", ""])],
        [TXXX(encoding=0, desc="MusicBrainz Album Id", text=["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"])],
        [TXXX(encoding=3, desc="ISRC", text=[""])],
    ],
    ids=str,
)
def test_frames_of_other_taggers_are_read_as_mutagen_reads_them(tmp_path: Path, frames: list[object]) -> None:
    path = tmp_path / "song.mp3"
    tagged_mp3(path, *frames)
    found = plain(path)
    assert found is not None
    assert found == thorough(path)


def frame(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + b"\0\0" + content


def odd_mp3s() -> Iterator[tuple[str, bytes]]:
    sound = TEMPLATES[AudioFormat.MP3].data()

    def mp3(*frames: bytes, version: int = 4, flags: int = 0, behind: bytes = b"") -> bytes:
        content = b"".join(frames)
        head = b"ID3" + bytes([version, 0, flags, 0, 0, len(content) >> 7, len(content) & 0x7F])
        return head + content + sound + behind

    title = frame(b"TIT2", b"\3Title")
    yield "v2.2", mp3(title, version=2)
    yield "unsynchronised", mp3(title, flags=0x80)
    yield "extended header", mp3(title, flags=0x40)
    yield "title twice", mp3(title, title)
    yield "list of artists twice", mp3(frame(b"TXXX", b"\3ARTISTS\0A"), frame(b"TXXX", b"\3Artists\0B"))
    yield "compressed frame", mp3(b"TIT2\0\0\0\6\0\x08\3Title")
    yield "no frame", mp3(title, b"abcd\0\0\0\1\0\0\0")
    yield "big-endian text", mp3(frame(b"TIT2", b"\1\xfe\xff\0T"))
    yield "text without a mark", mp3(frame(b"TIT2", b"\1T\0"))
    yield "unknown encoding", mp3(frame(b"TIT2", b"\7T"))
    yield "text that is none", mp3(frame(b"TIT2", b"\3\xff\xfe"))
    yield "genre by number", mp3(frame(b"TCON", b"\x0317"))
    yield "genre in brackets", mp3(frame(b"TCON", b"\3(17)Rock"))
    yield "genre by letters", mp3(frame(b"TCON", b"\3RX"))
    yield "odd date", mp3(frame(b"TDRC", b"\320O1"))
    yield "two dates", mp3(frame(b"TDRC", b"\x032001\x002002"))
    yield "two years", mp3(frame(b"TYER", b"\x002001\x002002"), version=3)
    yield "cut picture", mp3(frame(b"APIC", b"\0image/jpeg"))
    yield "picture with odd text", mp3(frame(b"APIC", b"\3image/jpeg\0\3\xff\0data"))
    yield "APEv2", mp3(title, behind=b"APETAGEX" + bytes(24))
    yield (
        "sizes as plain numbers",
        mp3(b"TIT2\0\0\x01\x01\0\0\3" + b"T" * 128 + bytes(128), frame(b"TPE1", b"\3Artist")),
    )
    yield "year of v2.3 in v2.4", mp3(frame(b"TORY", b"\x032001\0"))
    yield "cut gain", mp3(title, frame(b"RVA2", b"\0\1\0\1A"))
    yield "short ID3v1", mp3(title, behind=b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(92))
    yield "FLAC behind the tag", mp3(title)[: -len(sound)] + TEMPLATES[AudioFormat.FLAC].data() + sound
    yield "hardly any sound", mp3(title).replace(b"Xing\0\0\0\x0f\0\0\0\x29", b"Xing\0\0\0\x0f\0\0\0\1")
    yield "ID3v1 that says more", mp3(title, behind=b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(95))


@pytest.mark.parametrize(("name", "data"), [pytest.param(*odd, id=odd[0]) for odd in odd_mp3s()])
def test_an_odd_mp3_is_left_to_mutagen(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(data)
    assert plain(path) is None, name


def test_an_mp3_whose_encoder_noted_nothing_is_measured_by_mutagen(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, SOME, template=HEADERLESS_MP3)
    found = plain(path)
    assert found is not None
    assert found == thorough(path)


@pytest.mark.parametrize(
    ("encoder", "is_plain"),
    [
        (b"LAME3.100", True),
        (b"LAME3.93 ", True),
        (b"L3.99r1\0\0", True),
        (b"Lavf58.29", True),
        (b"LAME3.90 ", False),
        (b"LAME3.8 (", False),
        (b"LAMElame3", False),
    ],
)
def test_what_an_encoder_put_around_the_sound_is_no_part_of_it(
    tmp_path: Path, encoder: bytes, is_plain: bool
) -> None:
    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, SOME)
    data = path.read_bytes()
    assert b"LAME3.100" in data
    path.write_bytes(data.replace(b"LAME3.100", encoder))
    found = plain(path)
    assert (found is not None) is is_plain
    assert found is None or found == thorough(path)


def odd_vorbis(path: Path) -> Iterator[tuple[str, bytes]]:
    write_audio(path, AudioFormat.FLAC, Tags(title="Title", album="Album"))
    data = path.read_bytes()
    yield (
        "name with a control character",
        data.replace(b"album=", b"al\x07um=").replace(b"ALBUM=", b"AL\x07UM="),
    )
    yield "text that is none", data.replace(b"Album", b"Al\xffum")
    yield "comment without a value", data.replace(b"album=", b"album:").replace(b"ALBUM=", b"ALBUM:")
    kind, length = data[4] & 0x80, int.from_bytes(data[5:8], "big")
    yield "no rate", data[: 8 + 10] + b"\0\0\x02" + data[8 + 13 :]
    yield "stream block twice", data[:4] + data[4 : 8 + length] + data[4:]
    yield "cue sheet", data[:4] + bytes([kind | 5, 0, 0, 1, 0]) + data[4:]


def test_an_odd_flac_is_left_to_mutagen(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    for name, data in odd_vorbis(tmp_path / "plain.flac"):
        path.write_bytes(data)
        assert plain(path) is None, name


def test_two_streams_one_after_the_other_are_left_to_mutagen(tmp_path: Path) -> None:
    path = tmp_path / "song.ogg"
    write_audio(path, AudioFormat.OGG, SOME)
    data = path.read_bytes()
    serial = data[14:18]
    path.write_bytes(data + data.replace(serial, bytes(byte ^ 1 for byte in serial)))
    assert plain(path) is None
    assert thorough(path) is not None


def inserted(data: bytes, name: bytes, content: bytes) -> bytes:
    """MP4 data with something put at the start of an atom, whose length, and that of what it is in, grow."""
    for parent in (b"moov", b"udta") if name == b"udta" else (b"moov",):
        place = data.rindex(parent) - 4
        length = int.from_bytes(data[place : place + 4], "big") + len(content)
        data = data[:place] + length.to_bytes(4, "big") + data[place + 4 :]
    place = data.rindex(name) + 4
    return data[:place] + content + data[place:]


def test_odd_items_are_left_to_mutagen(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    write_audio(path, AudioFormat.M4A, Tags(title="Title"))
    data = path.read_bytes()
    audio = MP4(path)
    audio["----:com.apple.iTunes:ARTISTS"] = [MP4FreeForm(b"A")]
    audio["----:org.example:Artists"] = [MP4FreeForm(b"B")]
    audio.save()
    assert plain(path) is None
    write_audio(path, AudioFormat.M4A, Tags(title="Title", cover=b"\xff\xd8\xff\xe0" * 5))
    data = path.read_bytes()
    entry = data.index(b"stsd") + 12
    for name, changed in {
        "no description of the sound": data[: entry - 4] + bytes(4) + data[entry:],
        "description that is too long": data[:entry] + b"\0\0\x7f" + data[entry + 3 :],
        "chapters": inserted(data, b"udta", atom(b"chpl", bytes(20))),
        "two tracks": inserted(data, b"moov", atom(b"trak", b"")),
        "sound in pieces": data + atom(b"moof", b""),
        "cover that is none": data.replace(b"covr\0\0\0\x24data", b"covr\0\0\0\x24name"),
        "no sound": data.replace(b"soun", b"vide"),
        "other sound": data.replace(b"mp4a", b"mp4b"),
        "text of no type": data.replace(b"data\0\0\0\1\0\0\0\0Title", b"data\0\0\0\x0d\0\0\0\0Title"),
    }.items():
        assert changed != data
        path.write_bytes(changed)
        assert plain(path) is None, name


class Asked(Mapping[str, Sequence[str]]):
    """Texts that are not there, and the names that were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[str]:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_all_fields_are_read_that_the_rules_ask_for() -> None:
    asked = Asked()
    file_tags(
        asked, v23=False, seconds=1, bits_per_second=1, size=1, sample_rate=1, codec="flac", has_cover=False
    )
    assert asked.names == FIELDS
