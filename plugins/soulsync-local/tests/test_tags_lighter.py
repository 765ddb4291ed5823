"""The quicker readers below mutagen's own functions: the same answers, and mutagen left as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen import FileType, MutagenError
from mutagen.flac import FLAC
from mutagen.mp3 import MPEGInfo
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from soulsync_engine.testing.audio import HEADERLESS_MP3, TEMPLATES, AudioFormat, Tags, Template, write_audio
from soulsync_local.tags.lighter import LIGHTER, LighterMPEGInfo

KINDS: dict[AudioFormat, type[FileType]] = {
    AudioFormat.FLAC: FLAC,
    AudioFormat.OGG: OggVorbis,
    AudioFormat.OPUS: OggOpus,
}
SOME = Tags(title="Title", artists=("A", "B"), album="Album", track=1, cover=b"\xff\xd8\xff\xe0" * 50)
EVERY_KIND = pytest.mark.parametrize("kind", list(KINDS))


def account(kind: type[FileType], path: Path) -> object:
    """Everything a reader says about a file, or how it refuses it."""
    try:
        audio = kind(path)
    except MutagenError as error:
        return type(error), str(error)
    pictures = [picture.data for picture in audio.pictures] if isinstance(audio, FLAC) else []
    stream = (audio.info.length, audio.info.bitrate, getattr(audio.info, "sample_rate", None))
    return None if audio.tags is None else list(audio.tags), stream, pictures


def measure(reader: type[MPEGInfo], path: Path) -> object:
    with path.open("rb") as file:
        try:
            info = reader(file, 0)
        except MutagenError as error:
            return type(error), str(error)
    return vars(info)


@EVERY_KIND
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=st.lists(
        st.tuples(
            st.text(
                st.characters(min_codepoint=0x20, max_codepoint=0x7D, exclude_characters="="), min_size=1
            ),
            st.text(st.characters(codec="utf-8")),
        ),
        max_size=5,
    )
)
def test_comments_are_those_that_mutagen_reads(
    tmp_path: Path, kind: AudioFormat, pairs: list[tuple[str, str]]
) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, Tags(title="Title"))
    audio = KINDS[kind](path)
    audio.tags.extend(pairs)
    audio.save()
    found = account(LIGHTER[KINDS[kind]], path)
    assert found == account(KINDS[kind], path)
    assert isinstance(found, tuple)
    assert found[0][-len(pairs) or len(found[0]) :] == pairs


@EVERY_KIND
def test_names_that_mutagen_leaves_out_are_left_out(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, Tags(title="Title", album="Album"))
    path.write_bytes(path.read_bytes().replace(b"ALBUM=", b"AL\x07UM=").replace(b"album=", b"al\x07um="))
    found = account(LIGHTER[KINDS[kind]], path)
    assert found == account(KINDS[kind], path)
    assert "Album" not in str(found)


@EVERY_KIND
def test_broken_files_are_refused_as_mutagen_refuses_them(tmp_path: Path, kind: AudioFormat) -> None:
    path = tmp_path / f"song{kind.suffix}"
    write_audio(path, kind, SOME)
    data, random, refused = path.read_bytes(), Random(3), 0
    for _ in range(80):
        broken = bytearray(data)
        for _ in range(random.randint(1, 4)):
            broken[random.randrange(len(broken))] = random.choice((0, 1, 0x41, 0xFF))
        path.write_bytes(broken[: random.choice((len(data), random.randrange(len(data))))])
        found = account(LIGHTER[KINDS[kind]], path)
        assert found == account(KINDS[kind], path)
        refused += isinstance(found, tuple) and isinstance(found[0], type)
    assert refused


@pytest.mark.parametrize("template", [TEMPLATES[AudioFormat.MP3], HEADERLESS_MP3], ids=lambda one: one.name)
def test_mpeg_sound_is_measured_as_mutagen_measures_it(tmp_path: Path, template: Template) -> None:
    path = tmp_path / "song.mp3"
    data, random = template.data(), Random(5)
    path.write_bytes(data)
    assert measure(LighterMPEGInfo, path) == measure(MPEGInfo, path)
    for _ in range(80):
        broken = bytearray(data)
        for _ in range(random.randint(1, 4)):
            broken[random.randrange(min(200, len(broken)))] = random.randrange(256)
        path.write_bytes(
            broken[: random.choice((len(data), random.randrange(len(data)), random.randrange(8)))]
        )
        assert measure(LighterMPEGInfo, path) == measure(MPEGInfo, path)


def test_mutagen_itself_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    write_audio(path, AudioFormat.FLAC, SOME)
    LIGHTER[FLAC](path)
    audio = FLAC(path)
    # A lighter reader has no padding to give back, so a file that it read must not be written with it.
    assert type(audio.tags) is FLAC.METADATA_BLOCKS[4]
    assert [type(block) for block in audio.metadata_blocks] == [
        FLAC.METADATA_BLOCKS[block.code] for block in audio.metadata_blocks
    ]


def test_a_mutagen_with_other_insides_is_read_at_its_own_pace(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    write_audio(path, AudioFormat.MP3, Tags(title="Moon"))
    program = (
        "import sys\n"
        "from mutagen.mp3 import MPEGInfo\n"
        "MPEGInfo.__init__ = MPEGInfo.__init__.__wrapped__\n"
        "from soulsync_local.tags import read_tags\n"
        "from soulsync_local.tags.readers import LIGHTER\n"
        "print(len(LIGHTER), read_tags(sys.argv[1].encode()).title)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "0 Moon\n"
    assert "at mutagen's own pace" in run.stderr
