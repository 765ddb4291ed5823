"""The writer of audio files and the collection it makes."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from soulsync_engine.testing.audio import (
    ALAC,
    HEADERLESS_MP3,
    MAIN_FORMATS,
    TEMPLATES,
    AudioFormat,
    Tags,
    Template,
    generate_library,
    write_audio,
)

mutagen = pytest.importorskip("mutagen")


@pytest.mark.parametrize(
    "template", [*TEMPLATES.values(), ALAC, HEADERLESS_MP3], ids=lambda template: template.name
)
def test_a_template_is_what_is_written_about_it(tmp_path: Path, template: Template) -> None:
    path = tmp_path / f"sound{template.format.suffix}"
    write_audio(path, template.format, template=template)
    assert path.read_bytes() == template.data()
    info = mutagen.File(path).info
    assert abs(info.length * 1000 - template.duration_ms) <= template.duration_slack_ms + 1
    # Opus always decodes to 48 kHz, so mutagen tells no rate.
    assert getattr(info, "sample_rate", 48000) == template.sample_rate
    assert info.channels == template.channels


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_a_template_has_no_tags(kind: AudioFormat, tmp_path: Path) -> None:
    path = tmp_path / f"sound{kind.suffix}"
    write_audio(path, kind)
    tags = mutagen.File(path).tags
    # The Opus encoder signs its work in two fields; they describe nothing of the music.
    assert {name.lower() for name in (tags.keys() if tags else ())} <= {"encoder", "encoder_options"}


@pytest.mark.parametrize("kind", list(AudioFormat))
def test_templates_are_a_few_kilobytes(kind: AudioFormat) -> None:
    assert len(TEMPLATES[kind].data()) < 8192


def test_writing_replaces_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "sound.flac"
    path.write_bytes(b"x" * 100_000)
    write_audio(path, AudioFormat.FLAC, Tags(title="T"))
    assert mutagen.File(path)["title"] == ["T"]


def listing(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_makes_the_same_collection(tmp_path: Path) -> None:
    generate_library(tmp_path / "one", 60, seed=3)
    generate_library(tmp_path / "two", 60, seed=3)
    generate_library(tmp_path / "other", 60, seed=4)
    one = listing(tmp_path / "one")
    assert one == listing(tmp_path / "two")
    assert one != listing(tmp_path / "other")


@pytest.mark.parametrize("count", [0, 1, 250])
def test_a_collection_has_as_many_files_as_asked_for(tmp_path: Path, count: int) -> None:
    made = generate_library(tmp_path / "music", count)
    files = [path for path in made.root.rglob("*") if path.is_file()]
    assert (len(files), made.files) == (count, count)
    assert made.albums == len({path.parent for path in files})
    assert made.album_artists == len({path.parent.parent for path in files})


def test_a_collection_is_laid_out_as_people_lay_out_theirs(tmp_path: Path) -> None:
    made = generate_library(tmp_path / "music", 300)
    files = [path.relative_to(made.root) for path in made.root.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {kind.suffix for kind in MAIN_FORMATS}
    assert all(re.fullmatch(r".+ \(\d{4}\)", path.parent.name) for path in files)
    assert all(re.fullmatch(r"(\d-)?\d\d .+\.\w+", path.name) for path in files)
    assert any(not str(path).isascii() for path in files)
    assert any(path.parts[0] == "Various Artists" for path in files)
    assert any(re.match(r"2-", path.name) for path in files)
