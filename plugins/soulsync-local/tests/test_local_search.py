"""Search."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.models import EVERYTHING, Kind, Scope, SearchResult

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
