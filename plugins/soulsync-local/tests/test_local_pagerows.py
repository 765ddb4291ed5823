"""Pages of a first scan, made of what was just stored: equal to those that are read from the index."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.models import EVERYTHING, Kind
from soulsync_local.index import FILE_NAME

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


@pytest.fixture
def many(shelf: Shelf) -> Shelf:
    """All kinds of places and tags."""
    shelf.put("Loose.flac", title="Loose", artists=("A", "B"))
    shelf.album("A/B", album_artists=("A", "C"), genres=("Rock",), year=1999)
    shelf.album("A/Discs/CD1", "One Two", album_artists=("A",))
    shelf.album("A/Discs/CD2", "Three", album_artists=("A",))
    shelf.put("A/Untagged/01.mp3")
    shelf.put("A/Untagged/02 Broken.flac", data=b"fLaC")
    shelf.put("A/Untagged/03 Empty.flac", data=b"")
    shelf.put("Z/New.flac", at=2**31, title="New", artists=("Z",))
    return shelf


def reads(client: Opened) -> list[str]:
    """The statements that read rows of pages of tracks, as they are made from now on."""
    found: list[str] = []

    def note(statement: str) -> None:
        if "path BETWEEN" in statement:
            found.append(statement)

    with client._library.index.read() as connection:
        connection.set_trace_callback(note)
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_from_memory_are_those_of_the_index(
    open_client: Open, many: Shelf, other: Shelf, limit: int
) -> None:
    other.album("A/B", "Elsewhere")
    first, second = (open_client(many.root, other.root) for _ in range(2))
    cold = first.all(first.list_tracks, limit)
    assert cold == second.all(second.list_tracks, limit)
    assert (len(cold[0]), len(cold[1])) == (10, 2)


@pytest.mark.parametrize("limit", [2, 100])
def test_ids_from_memory_are_those_of_the_index(open_client: Open, many: Shelf, limit: int) -> None:
    def ids(client: Opened) -> list[str]:
        return client.all(lambda *place: client.list_ids(Kind.TRACK, *place), limit)[0]

    assert ids(open_client()) == ids(open_client()) == [track.ref.id for track in open_client().tracks()]


def test_a_first_scan_reads_no_row_back(client: Opened, many: Shelf) -> None:
    statements = reads(client)
    assert len(client.tracks()) == 9
    assert statements == []
    assert len(client.tracks()) == 9
    assert len(statements) == 1


def test_of_an_album_that_goes_on_from_the_page_before_the_rest_is_read(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "One Two Three")
    shelf.album("C/D", "Four")
    statements = reads(client)
    assert [track.title for track in client.tracks(2)] == ["One", "Two", "Three", "Four"]
    assert len(statements) == 1


def test_rows_are_kept_for_the_page_alone(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", " ".join(f"t{number}" for number in range(30)))
    statements = reads(client)
    page = client.list_tracks(EVERYTHING, None, 10)
    assert (len(page.items), statements) == (10, [])
    client.list_tracks(EVERYTHING, page.next_cursor, 10)
    assert len(statements) == 1


def test_what_another_process_stored_meanwhile_is_what_is_listed(
    open_client: Open, shelf: Shelf, data_dir: Path
) -> None:
    shelf.album("A/B", "One Two")

    class Meanwhile:
        """Before the files are read, another process stores the first one under an id of its own."""

        def submit(self, task: Callable[..., object], paths: list[bytes]) -> Future[object]:
            with contextlib.closing(sqlite3.connect(data_dir / FILE_NAME)) as connection, connection:
                connection.execute(
                    "INSERT INTO file (id, library, path, size, mtime_ns, inode, device, added, folder, rules, "
                    "again, generation) SELECT 'theirs', id, ?, 1, 2, 3, 4, 5000, ?, 0, 0, 0 FROM library",
                    (b"A/B/01 One.flac", b"A/B"),
                )
            future: Future[object] = Future()
            future.set_result(task(paths))
            return future

    listed = open_client(executor=Meanwhile()).tracks()
    assert (listed[0].ref.id, listed[0].added) == ("theirs", datetime(1970, 1, 1, microsecond=5, tzinfo=UTC))
    assert listed == open_client().tracks()


def test_a_listing_goes_on_from_the_index_after_somebody_else_has_written(
    open_client: Open, many: Shelf
) -> None:
    one, two = open_client(), open_client()
    statements = reads(one)
    page = one.list_tracks(EVERYTHING, None, 3)
    assert statements == []
    assert len(two.search("a", frozenset({Kind.TRACK}), EVERYTHING, 100).tracks) > 3
    rest = one.list_tracks(EVERYTHING, page.next_cursor, 100)
    assert len(statements) == 1
    assert [*page.items, *rest.items] == two.tracks()


def test_an_ingest_knows_whether_anybody_else_has_written_since_it_stored(
    open_client: Open, shelf: Shelf
) -> None:
    shelf.album("A/B")
    client, other = open_client(), open_client()
    ingest = client._library.start_listing(EVERYTHING).ingest
    ingest.ensure(None)
    with client._library.index.read() as connection:
        assert ingest.is_alone(connection)
    other.search("a", frozenset({Kind.TRACK}), EVERYTHING, 1)
    with client._library.index.read() as connection:
        assert not ingest.is_alone(connection)
