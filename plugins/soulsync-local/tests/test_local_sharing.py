"""When a listing of albums or artists is served by the look at the files that the tracks just had."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import UnavailableError
from soulsync_engine.models import EVERYTHING, Scope

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def retag_in_place(shelf: Shelf, name: str, **tags: object) -> None:
    """Give a file other tags without its folder noticing."""
    target = shelf.root / name
    elsewhere = shelf.put("../elsewhere/new.flac", **tags)
    before = target.parent.stat().st_mtime_ns
    target.write_bytes(elsewhere.read_bytes())
    assert target.parent.stat().st_mtime_ns == before


def album_titles(client: Opened) -> list[str]:
    return sorted(album.title for album in client.albums())


def test_the_albums_and_artists_of_a_sweep_are_those_of_its_tracks(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    client.tracks()
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("C",), album="D")
    assert album_titles(client) == ["B"]
    assert [artist.name for artist in client.artists()] == ["A"]


def test_whoever_asks_again_sees_what_has_changed(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    client.tracks()
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("C",), album="D")
    assert album_titles(client) == ["B"]
    assert album_titles(client) == ["D"]
    assert [track.album for track in client.tracks()] == ["D"]


def test_a_listing_of_tracks_that_was_not_finished_serves_nobody(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one two")
    assert client.list_tracks(EVERYTHING, None, 1).next_cursor is not None
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("A",), album="D")
    assert album_titles(client) == ["B", "D"]


def test_a_look_at_other_libraries_serves_nobody(open_client: Open, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B", "one")
    other.album("X/Y", "one")
    client = open_client(shelf.root, other.root)
    library = client.list_libraries()[0].id
    client.tracks()
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("A",), album="D")
    albums, _ = client.all(client.list_albums, scope=Scope(libraries=(library,)))
    assert [album.title for album in albums] == ["D"]


def _new(shelf: Shelf) -> None:
    shelf.album("A/C", "one")


def _gone(shelf: Shelf) -> None:
    (shelf.root / "A/B/01 one.flac").unlink()


def _replaced(shelf: Shelf) -> None:
    os.replace(shelf.put("../new.flac", title="x", artists=("A",), album="D"), shelf.root / "A/B/01 one.flac")


def _moved(shelf: Shelf) -> None:
    (shelf.root / "A/B").rename(shelf.root / "A/Other")
    shelf.put("A/Other/02 two.flac", title="x", artists=("A",), album="D")


@pytest.mark.parametrize("change", [_new, _gone, _replaced, _moved])
def test_what_changes_a_folder_is_seen_at_once(
    client: Opened, open_client: Open, shelf: Shelf, tmp_path: Path, change: Callable[[Shelf], None]
) -> None:
    shelf.album("A/B", "one")
    shelf.album("E/F", "one")
    client.tracks()
    change(shelf)
    seen = album_titles(client)
    assert seen == album_titles(open_client(data=tmp_path / "fresh"))
    assert seen != ["B", "F"]


def test_a_folder_that_is_gone_is_no_empty_library(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    client.tracks()
    shelf.root.rename(shelf.root.with_name("away"))
    with pytest.raises(UnavailableError):
        client.albums()


def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are listed from now on, as the system was asked for them."""
    listed: list[str] = []
    scandir = os.scandir

    def counted(path: bytes) -> object:
        listed.append(os.fsdecode(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    return listed


def test_the_first_listing_of_all_does_not_look_again(
    client: Opened, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.album("A/B", "one")
    listed = walks(monkeypatch)
    client.change_token(EVERYTHING)
    looked = len(listed)
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("A",), album="New")
    assert [track.album for track in client.tracks()] == ["New"]
    assert len(listed) == looked


def test_a_file_written_after_the_first_look_is_read_again_by_the_next(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    before = client.change_token(EVERYTHING)
    retag_in_place(shelf, "A/B/01 one.flac", title="one", artists=("A",), album="New")
    client.tracks()
    assert client.change_token(EVERYTHING) != before
    assert [track.album for track in client.tracks()] == ["New"]


@pytest.mark.parametrize("change", [_new, _gone, _replaced, _moved])
def test_a_folder_that_changed_after_the_first_look_is_looked_at(
    client: Opened, open_client: Open, shelf: Shelf, tmp_path: Path, change: Callable[[Shelf], None]
) -> None:
    shelf.album("A/B", "one")
    shelf.album("E/F", "one")
    client.change_token(EVERYTHING)
    change(shelf)
    seen = [track.path for track in client.tracks()]
    assert seen == [track.path for track in open_client(data=tmp_path / "fresh").tracks()]
