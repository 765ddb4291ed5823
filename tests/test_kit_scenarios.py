"""Scenarios: the same data make the files and the expectations."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest

from soulsync_engine.testing.scenarios import (
    COVER,
    DIFFICULT_CHARS,
    PAGE,
    Scenario,
    empty,
    odd,
    paged,
    rewrite_scenario,
    shared,
    small,
    write_scenario,
)

ALL = [empty(), small(), odd(), paged(), shared()]
every = pytest.mark.parametrize("scenario", ALL, ids=[scenario.name for scenario in ALL])


def written(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


@every
def test_a_scenario_is_written_file_by_file(scenario: Scenario, tmp_path: Path) -> None:
    roots = write_scenario(scenario, tmp_path)
    assert tuple(roots) == scenario.libraries
    assert all(root.is_dir() for root in roots.values())
    expected = {f"{track.library}/{track.file}" for track in scenario.tracks}
    assert set(written(tmp_path)) == expected
    assert len(expected) == len(scenario.tracks)


@every
def test_scenarios_are_the_same_each_time(scenario: Scenario) -> None:
    made = {"empty": empty, "small": small, "odd": odd, "shared": shared}
    again = made.get(scenario.name, paged)()
    assert again == scenario


def test_the_small_library_is_what_its_name_promises() -> None:
    assert (len(small().artists), len(small().albums), len(small().tracks)) == (3, 5, 17)
    assert small().exact
    assert not odd().exact


@pytest.mark.parametrize("limit", [1, 3, PAGE])
def test_a_paged_library_has_three_pages_of_every_kind(limit: int) -> None:
    scenario = paged(limit)
    assert len(scenario.tracks) == len(scenario.albums) == len(scenario.artists) == 2 * limit + 1


def test_tags_in_the_files_are_those_of_the_data(tmp_path: Path) -> None:
    root = write_scenario(odd(), tmp_path)["Music"]
    for track in odd().tracks:
        if track.title is None:
            continue
        tags = mutagen.File(root / track.file, easy=True)
        assert tags["title"] == [track.title]
        assert tuple(tags.get("artist", ())) == track.artists
        assert tuple(tags.get("genre", ())) == track.genres
    assert any(track.title == DIFFICULT_CHARS for track in odd().tracks)


def test_a_file_without_tags_has_none(tmp_path: Path) -> None:
    root = write_scenario(odd(), tmp_path)["Music"]
    untagged = [track for track in odd().tracks if track.title is None]
    assert [mutagen.File(root / track.file).tags for track in untagged] == [None] * len(untagged)
    assert untagged


def test_the_cover_is_a_real_picture(tmp_path: Path) -> None:
    root = write_scenario(small(), tmp_path)["Music"]
    flac = next(track for track in small().tracks if track.cover and track.file.endswith(".flac"))
    pictures = mutagen.File(root / flac.file).pictures
    assert [(picture.data, picture.mime) for picture in pictures] == [(COVER, "image/png")]
    assert COVER.startswith(b"\x89PNG\r\n\x1a\n")
    assert COVER.endswith(b"IEND\xaeB`\x82")


def test_rewriting_touches_only_what_differs(tmp_path: Path) -> None:
    write_scenario(small(), tmp_path)
    before = written(tmp_path)
    first, second, *_ = small().tracks
    added = replace(first, file="Amber Foxes/Third (2005)/01 New.mp3", album="Third", title="New")
    after = small().without([second]).with_tracks(replace(first, title="Dusk"), added)
    rewrite_scenario(small(), after, tmp_path)
    now = written(tmp_path)
    assert before.keys() - now.keys() == {f"Music/{second.file}"}
    assert now.keys() - before.keys() == {f"Music/{added.file}"}
    assert {name for name in before.keys() & now.keys() if before[name] != now[name]} == {
        f"Music/{first.file}"
    }


def test_expected_albums_come_from_the_files() -> None:
    albums = {(album.title, album.artists): album for album in odd().albums}
    tape = albums["Summer Tape", ("Various Artists",)]
    assert (tape.track_count, tape.compilation) == (3, True)
    road = albums["The Road", ("Long Walkers",)]
    assert (road.track_count, road.disc_count) == (4, 2)
    assert Counter(title for title, _ in albums)["Greetings"] == 2


def test_libraries_are_kept_apart() -> None:
    music, other = (shared().of_library(name) for name in shared().libraries)
    assert len(music.tracks) + len(other.tracks) == len(shared().tracks)
    assert set(music.artists) & set(other.artists) == {"Both Sides"}
