"""Listings of tracks, albums and artists, and what is read for them."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import ConflictError, NotFoundError, UnavailableError
from soulsync_engine.models import EVERYTHING, ArtistCredit, Kind, MusicBrainzIds, Scope
from soulsync_local.reading import BATCH

MANY = " ".join(f"t{number}" for number in range(BATCH))
"""Titles of as many files as are read at once."""

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def test_a_track_carries_what_its_tags_say(client: Opened, shelf: Shelf) -> None:
    recording = "2b8a1f0e-7c53-4a6e-9c1d-000000000001"
    path = shelf.put(
        "A/B/1.flac",
        title="Title",
        artists=("Artist", "Guest"),
        album="Album",
        album_artists=("Artist",),
        disc=2,
        track=7,
        year=1999,
        genres=("Rock", "Pop"),
        recording_id=recording,
        isrcs=("GBAYE0000351",),
    )
    (track,) = client.tracks()
    assert (track.title, track.album, track.disc, track.track_number, track.year) == (
        "Title",
        "Album",
        2,
        7,
        1999,
    )
    assert [credit.name for credit in track.artists] == ["Artist", "Guest"]
    assert track.album_artists == (ArtistCredit(name="Artist", id=client.artists()[0].ref.id),)
    assert track.album_id == client.albums()[0].ref.id
    assert track.genres == ("Rock", "Pop")
    assert track.musicbrainz == MusicBrainzIds(recording=recording)
    assert track.isrcs == ("GBAYE0000351",)
    assert (track.path, track.size, track.codec) == (str(path), path.stat().st_size, "flac")
    assert track.duration_ms is not None
    assert track.updated == datetime.fromtimestamp(shelf.LONG_AGO, UTC)
    assert track.library_id == client.list_libraries()[0].id


def test_a_guest_is_credited_without_an_id_because_guests_are_not_listed(
    client: Opened, shelf: Shelf
) -> None:
    shelf.put("A/B/1.flac", title="T", artists=("Artist", "Guest"), album="B", album_artists=("Artist",))
    (track,) = client.tracks()
    assert [credit.id is None for credit in track.artists] == [False, True]
    assert [artist.name for artist in client.artists()] == ["Artist"]


def test_pages_come_in_path_order_and_hold_everything_once(client: Opened, shelf: Shelf) -> None:
    for name in ("b/2", "a/1", "c", "a b/9", "a/CD1/3", "a/CD2/4", "z/z/z/5"):
        shelf.put(f"{name}.flac", title="x")
    paths = [track.path for track in client.tracks(limit=2)]
    assert paths == sorted(paths, key=lambda path: os.fsencode(path or ""))
    assert len(set(paths)) == 7


@pytest.mark.parametrize("limit", [1, 3, 9, 10])
def test_every_page_size_gives_the_same_listing(client: Opened, shelf: Shelf, limit: int) -> None:
    for artist in "ABC":
        shelf.album(f"{artist}/Album {artist}")
    for list_page in (client.list_tracks, client.list_albums, client.list_artists):
        assert client.all(list_page, limit) == client.all(list_page, 100)
    for kind in (Kind.TRACK, Kind.ALBUM, Kind.ARTIST):
        listed = client.all(
            lambda scope, cursor, size, kind=kind: client.list_ids(kind, scope, cursor, size), limit
        )
        assert sorted(listed[0]) == sorted(
            item.ref.id
            for item in {Kind.TRACK: client.tracks, Kind.ALBUM: client.albums, Kind.ARTIST: client.artists}[
                kind
            ]()
        )


def test_an_album_sums_up_its_tracks(client: Opened, shelf: Shelf) -> None:
    for disc in (1, 2):
        for number in (1, 2):
            shelf.put(
                f"A/Long/CD{disc}/{number}.flac",
                title="t", artists=("A",), album="Long", track=number, year=1990, genres=("Folk",),
            )  # fmt: skip
    (album,) = client.albums()
    tracks = client.tracks()
    assert (album.title, album.year, album.track_count, album.disc_count) == ("Long", 1990, 4, 2)
    assert album.duration_ms == sum(track.duration_ms or 0 for track in tracks)
    assert album.genres == ("Folk",)
    assert [track.disc for track in tracks] == [1, 1, 2, 2]
    (artist,) = client.artists()
    assert (artist.name, artist.album_count, artist.track_count) == ("A", 1, 4)


def test_an_album_in_two_folders_is_listed_once(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/Same")
    shelf.album("More/Same", "Four Five", artist="A")
    (album,) = client.albums()
    assert album.track_count == 5
    assert {track.album_id for track in client.tracks()} == {album.ref.id}


def test_nothing_is_read_when_nothing_changed(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    client.tracks()
    assert len(client.recorder.take()) == 3
    client.tracks(), client.albums(), client.artists()
    assert client.recorder.take() == []


def test_a_later_process_reads_nothing_again(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    first = open_client()
    before = first.tracks()
    first.close()
    second = open_client()
    assert second.tracks() == before
    assert second.recorder.take() == []


def test_only_changed_files_are_read(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.ids()
    client.recorder.take()
    shelf.put("A/B/02 Two.flac", at=shelf.LONG_AGO + 60, title="Changed", artists=("A",), album="B")
    shelf.put("A/C/1.flac", title="New", artists=("A",), album="C")
    assert [track.title for track in client.tracks()] == ["One", "Changed", "Three", "New"]
    assert client.recorder.take() == ["02 Two.flac", "1.flac"]
    assert before.items() <= client.ids().items()


def test_a_change_that_keeps_size_and_time_is_seen_by_the_inode(client: Opened, shelf: Shelf) -> None:
    path = shelf.put("A/B/1.flac", title="Old", artists=("A",), album="B")
    client.tracks()
    shelf.put("A/1.tmp.flac", title="New", artists=("A",), album="B").replace(path)
    assert [track.title for track in client.tracks()] == ["New"]


def test_a_file_written_a_moment_ago_is_read_again(client: Opened, shelf: Shelf) -> None:
    shelf.put("A/B/1.flac", at=time.time(), title="x")
    client.tracks()
    client.recorder.take()
    client.tracks()
    assert client.recorder.take() == ["1.flac"]


def test_one_changed_file_can_change_the_album_of_its_neighbours(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/Tape")
    assert [artist.name for artist in client.artists()] == ["A"]
    shelf.put("A/Tape/04 Four.flac", title="Four", artists=("B",), album="Tape")
    first_page = client.list_tracks(EVERYTHING, None, 1)
    assert [credit.name for credit in first_page.items[0].album_artists] == ["Various Artists"]
    assert [artist.name for artist in client.artists()] == ["Various Artists"]
    assert [album.track_count for album in client.albums()] == [4]


def test_a_deleted_file_is_gone_and_its_album_with_it(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    shelf.album("C/D", "Only")
    client.tracks()
    shutil.rmtree(shelf.root / "C")
    assert [track.title for track in client.tracks()] == ["One", "Two", "Three"]
    assert [album.title for album in client.albums()] == ["B"]
    assert [artist.name for artist in client.artists()] == ["A"]
    assert client.recorder.take().count("01 One.flac") == 1


def test_only_the_folders_of_a_page_are_read_for_it(client: Opened, shelf: Shelf) -> None:
    for number in range(20):
        shelf.album(f"A/{number:02}", "x y z w v")
    client.list_tracks(EVERYTHING, None, 10)
    # What is read beyond is read ahead by a batch, never the whole library for one page.
    with client._library.index.read() as connection:
        (stored,) = connection.execute("SELECT count(*) FROM file").fetchone()
    assert stored == 10


def test_an_abandoned_listing_leaves_what_it_read(open_client: Open, shelf: Shelf) -> None:
    for number in range(40):
        shelf.album(f"A/{number:02}", "v w x y z")
    first = open_client()
    first.list_tracks(EVERYTHING, None, 100)
    first.close()
    second = open_client()
    assert len(second.tracks()) == 200
    assert len(second.recorder.take()) == 100


def test_a_listing_goes_on_in_another_process(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B", "a b c d e f")
    first = open_client()
    page = first.list_tracks(EVERYTHING, None, 4)
    first.close()
    rest = open_client().list_tracks(EVERYTHING, page.next_cursor, 4)
    assert [track.title for track in (*page.items, *rest.items)] == list("abcdef")
    assert (rest.next_cursor, rest.total) == (None, 6)


@pytest.mark.parametrize("cursor", ["", "100", "../../etc/passwd", "x" * 500, "é"])
def test_a_foreign_cursor_is_refused(client: Opened, shelf: Shelf, cursor: str) -> None:
    shelf.album("A/B")
    for list_page in (client.list_tracks, client.list_albums):
        with pytest.raises(ConflictError):
            list_page(EVERYTHING, cursor, 10)


def test_a_cursor_of_another_listing_is_refused(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    shelf.album("C/D")
    tracks = client.list_tracks(EVERYTHING, None, 1).next_cursor
    albums = client.list_albums(EVERYTHING, None, 1).next_cursor
    with pytest.raises(ConflictError):
        client.list_albums(EVERYTHING, tracks, 1)
    with pytest.raises(ConflictError):
        client.list_tracks(EVERYTHING, albums, 1)
    with pytest.raises(ConflictError):
        client.list_artists(EVERYTHING, albums, 1)


def test_two_threads_listing_at_once_are_both_right(open_client: Open, shelf: Shelf) -> None:
    for number in range(30):
        shelf.album(f"A/{number:02}")
    client = open_client()
    found: list[list[str]] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        found.append([track.ref.id for track in client.tracks(limit=7)])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found[0]) == 90
    assert found[0] == found[1]


def test_a_listing_is_of_the_moment_it_began(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "a b c")
    page = client.list_tracks(EVERYTHING, None, 2)
    shelf.put("A/B/00 zero.flac", title="zero")
    shelf.put("A/B/99 last.flac", title="last")
    rest = client.list_tracks(EVERYTHING, page.next_cursor, 2)
    assert [track.title for track in (*page.items, *rest.items)] == ["a", "b", "c"]
    assert (rest.next_cursor, rest.total) == (None, 3)


def test_a_file_that_vanishes_before_it_is_read_is_counted_and_nothing_more(
    open_client: Open, shelf: Shelf
) -> None:
    shelf.album("A/B", MANY)
    shelf.album("C/D", "c d")
    client = open_client(here=True)
    page = client.list_tracks(EVERYTHING, None, len(MANY.split()))
    (shelf.root / "C/D/01 c.flac").unlink()
    rest = client.list_tracks(EVERYTHING, page.next_cursor, 2)
    assert [track.title for track in rest.items] == ["d"]
    assert [problem.id is not None for problem in rest.problems] == [True]
    assert client.tracks()[-1].title == "d"
    assert client.problems() == []


def test_a_folder_that_vanishes_between_pages_is_no_deletion(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B", MANY)
    shelf.album("C/D", "c d")
    client = open_client(here=True)
    page = client.list_tracks(EVERYTHING, None, len(MANY.split()))
    shutil.rmtree(shelf.root / "C/D")
    with pytest.raises(UnavailableError, match="vanished"):
        client.list_tracks(EVERYTHING, page.next_cursor, 2)
    assert len(client.tracks()) == len(MANY.split())


def test_a_library_that_is_not_there_is_not_found(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    with pytest.raises(NotFoundError):
        client.list_tracks(Scope(libraries=("nowhere",)), None, 10)
    with pytest.raises(NotFoundError):
        client.list_albums(Scope(user="somebody"), None, 10)


def test_a_scope_without_libraries_holds_nothing(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    page = client.list_tracks(Scope(libraries=()), None, 10)
    assert (page.items, page.total, page.empty_proof) == ((), 0, None)


def test_two_roots_are_two_libraries(open_client: Open, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B")
    other.album("A/B", "Three Four")
    client = open_client(shelf.root, other.root)
    here, there = client.list_libraries()
    assert [here.name, there.name] == ["music", "other"]
    assert len(client.tracks()) == 5
    assert len(client.artists()) == 2
    scope = Scope(libraries=(there.id,))
    tracks, _ = client.all(client.list_tracks, 1, scope)
    assert [track.title for track in tracks] == ["Three", "Four"]
    assert {track.library_id for track in tracks} == {there.id}
    assert [album.library_id for album in client.all(client.list_albums, 10, scope)[0]] == [there.id]


def test_items_are_found_by_id_in_the_order_asked_for(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    shelf.album("C/D")
    tracks, albums, artists = client.tracks(), client.albums(), client.artists()
    for kind, items in ((Kind.TRACK, tracks), (Kind.ALBUM, albums), (Kind.ARTIST, artists)):
        wanted = tuple(item.ref.id for item in reversed(items))
        assert client.get_items(kind, (*wanted, "nothing")) == tuple(reversed(items))


def test_items_can_be_found_before_anything_was_listed(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    ids = tuple(open_client().ids().values())
    fresh = open_client(data=shelf.root.parent / "elsewhere")
    assert len(fresh.get_items(Kind.TRACK, ids)) == 3


def test_what_is_there_at_the_first_scan_was_added_when_it_was_written(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "Old")
    client.tracks()
    before = datetime.now(UTC)
    shelf.album("C/D", "New")
    old, new = client.tracks()
    assert old.added == datetime.fromtimestamp(shelf.LONG_AGO, UTC)
    assert new.added is not None
    assert new.added >= before
    assert new.updated == datetime.fromtimestamp(shelf.LONG_AGO, UTC)
