"""Search."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.models import EVERYTHING, Kind, Scope, SearchResult
from soulsync_local.index import FILE_NAME

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]

ALL = frozenset({Kind.ARTIST, Kind.ALBUM, Kind.TRACK})


@pytest.fixture
def found(client: Opened, shelf: Shelf) -> Callable[[str], SearchResult]:
    for artist, album, title in (
        ("Björk", "Post", "Army of Me"),
        ("Björk", "Début", "Human Behaviour"),
        ("Army", "Me & You", "100% (Live)"),
        ("The Posts", "Letters", "Post"),
        ("The Posts", "Letters", "Last Post"),
        ("椎名林檎", "無罪モラトリアム", "歌舞伎町の女王"),
    ):
        shelf.put(f"{artist}/{album}/{title}.flac", title=title, artists=(artist,), album=album)
    return lambda query: client.search(query, ALL, EVERYTHING, 10)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("army of me", ["Army of Me"]),
        ("ARMY", ["Army of Me", "100% (Live)"]),
        ("bjork human", ["Human Behaviour"]),
        ("human björk", ["Human Behaviour"]),
        ("debut", ["Human Behaviour"]),
        ("post", ["Post", "Last Post", "Army of Me"]),
        ("100%", ["100% (Live)"]),
        ("歌舞伎", ["歌舞伎町の女王"]),
        ("%", ["100% (Live)"]),
        ("_", []),
        ("army nowhere", []),
        ("'; DROP TABLE file; --", []),
        ("", []),
        ("   ", []),
    ],
)
def test_every_word_has_to_be_somewhere_and_titles_come_first(
    found: Callable[[str], SearchResult], query: str, titles: list[str]
) -> None:
    assert [track.title for track in found(query).tracks] == titles


def test_artists_and_albums_are_found_too(found: Callable[[str], SearchResult]) -> None:
    result = found("post")
    assert [artist.name for artist in result.artists] == ["The Posts"]
    assert [album.title for album in result.albums] == ["Post", "Letters"]
    assert [artist.name for artist in found("bjork").artists] == ["Björk"]


def test_only_what_is_asked_for_is_found(client: Opened, found: Callable[[str], SearchResult]) -> None:
    result = client.search("post", frozenset({Kind.ALBUM}), EVERYTHING, 1)
    assert ([album.title for album in result.albums], result.tracks, result.artists) == (["Post"], (), ())
    assert client.search("post", ALL, Scope(libraries=()), 10) == SearchResult()


def test_a_search_sees_one_library_only_when_told_so(open_client: Open, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B", "one")
    other.album("A/B", "one")
    client = open_client(shelf.root, other.root)
    _, there = client.list_libraries()
    result = client.search("one", ALL, Scope(libraries=(there.id,)), 10)
    assert [track.library_id for track in result.tracks] == [there.id]


def titles(client: Opened, query: str) -> list[str]:
    return [track.title for track in client.search(query, ALL, EVERYTHING, 10).tracks]


def without_keys(data_dir: Path) -> int:
    """How many tracks in the index have nothing yet that a search could look into."""
    with contextlib.closing(sqlite3.connect(data_dir / FILE_NAME)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM file WHERE problem IS NULL AND (title_key IS NULL OR words IS NULL)"
        ).fetchone()
    return int(count)


def test_a_scan_leaves_the_keys_to_the_first_search_for_tracks(
    client: Opened, shelf: Shelf, data_dir: Path
) -> None:
    shelf.album("A/B")
    shelf.put("A/B/04 Broken.flac", data=b"fLaC")
    client.tracks()
    assert without_keys(data_dir) == 3
    assert client.search("b", frozenset({Kind.ALBUM}), EVERYTHING, 10).albums
    assert without_keys(data_dir) == 3
    assert titles(client, "a b two") == ["Two"]
    assert without_keys(data_dir) == 0


def test_what_is_new_or_has_new_tags_is_found_as_it_is_now(
    client: Opened, shelf: Shelf, data_dir: Path
) -> None:
    shelf.album("A/B")
    assert titles(client, "b") == ["One", "Two", "Three"]
    shelf.put("A/B/02 Two.flac", at=shelf.LONG_AGO + 10, title="Zwei", artists=("A",), album="B")
    shelf.album("C/B", "Four")
    client.tracks()
    assert without_keys(data_dir) == 2
    assert (titles(client, "two"), titles(client, "zwei"), titles(client, "c b")) == ([], ["Zwei"], ["Four"])
    assert titles(client, "b") == ["One", "Four", "Zwei", "Three"]
    client.tracks()
    assert without_keys(data_dir) == 0


def test_a_file_that_moved_is_found_by_its_new_place(client: Opened, shelf: Shelf) -> None:
    path = shelf.put("Old Artist/Old Album/Old Song.flac")
    assert titles(client, "old") == ["Old Song"]
    moved = shelf.root / "New Artist/New Album/New Song.flac"
    moved.parent.mkdir(parents=True)
    path.rename(moved)
    client.tracks()
    assert (titles(client, "old"), titles(client, "new artist album song")) == ([], ["New Song"])


def test_a_moved_file_whose_folder_was_not_stored_yet_is_found_by_its_new_place(
    client: Opened, shelf: Shelf
) -> None:
    shelf.album("A/B")
    path = shelf.put("Z/Y/Old.flac")
    assert titles(client, "z y") == ["Old"]
    path.rename(path.with_name("New.flac"))
    client.list_tracks(EVERYTHING, None, 1)
    assert (titles(client, "old"), titles(client, "z y")) == ([], ["New"])


def test_the_keys_of_one_library_are_made_for_a_search_in_it(
    open_client: Open, shelf: Shelf, other: Shelf, data_dir: Path
) -> None:
    shelf.album("A/B", "One")
    other.album("A/B", "One Two")
    client = open_client(shelf.root, other.root)
    here, _ = client.list_libraries()
    client.tracks()
    assert len(client.search("one", ALL, Scope(libraries=(here.id,)), 10).tracks) == 1
    assert without_keys(data_dir) == 2


def test_many_searches_at_once_while_files_are_read_again_find_everything(
    open_client: Open, shelf: Shelf
) -> None:
    shelf.album("A/B", " ".join(f"song{number}" for number in range(40)))
    searching = [open_client(here=True) for _ in range(3)]
    writing = open_client(here=True)
    writing.tracks()
    for client in searching:
        client.artists()

    def search(client: Opened) -> set[int]:
        return {len(client.search("a b", ALL, EVERYTHING, 100).tracks) for _ in range(20)}

    def write() -> None:
        for turn in range(1, 6):
            for path in sorted((shelf.root / "A/B").iterdir()):
                os.utime(path, (shelf.LONG_AGO + turn, shelf.LONG_AGO + turn))
            writing.tracks()

    with ThreadPoolExecutor(4) as threads:
        written = threads.submit(write)
        assert list(threads.map(search, searching)) == [{40}] * 3
        written.result()
