"""The index file: lost, damaged, locked, newer; and ids that do not depend on it."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import ConflictError, UnavailableError
from soulsync_local import index
from soulsync_local.ids import artist_id, library_id, track_id
from soulsync_local.index import FILE_NAME, Index

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def test_ids_are_the_same_on_every_machine() -> None:
    library = library_id("/music")
    assert library == "c0fcd725dd323d1a"
    assert track_id(library, b"A/B/1.flac") == "b7cd5342aec1f06d03765a90075a1de2"
    assert artist_id(library, "björk") == "79bbd7f026a555ccf1fe02421de5568e"
    assert track_id(library, b"A/B/1.flac", 1) != track_id(library, b"A/B/1.flac")


def test_a_lost_index_is_made_anew_with_the_same_ids(open_client: Open, shelf: Shelf, data_dir: Path) -> None:
    shelf.album("A/B")
    first = open_client()
    before = (first.tracks(), first.albums(), first.artists())
    first.close()
    for path in data_dir.iterdir():
        path.unlink()
    second = open_client()
    assert (second.tracks(), second.albums(), second.artists()) == before
    assert len(second.recorder.take()) == 3


@pytest.mark.parametrize("damage", ["noise", "cut", "header"])
def test_a_damaged_index_is_set_aside_and_made_anew(
    open_client: Open, shelf: Shelf, data_dir: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.album("A/B", " ".join(f"t{number}" for number in range(60)))
    first = open_client()
    before = first.tracks()
    first.close()
    path = data_dir / FILE_NAME
    data = path.read_bytes()
    if damage == "noise":
        path.write_bytes(b"noise" * 5000)
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    second = open_client()
    with caplog.at_level(logging.WARNING):
        # Damage deep inside is met while reading; then the second attempt starts anew.
        with contextlib.suppress(UnavailableError):
            second.tracks()
        after = second.tracks()
    assert after == before
    assert "damaged" in caplog.text
    assert len(list(data_dir.glob("*.damaged-*"))) == 1


def test_an_index_of_a_newer_version_is_left_alone(open_client: Open, shelf: Shelf, data_dir: Path) -> None:
    data_dir.mkdir()
    with sqlite3.connect(data_dir / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(UnavailableError, match="newer"):
        open_client().tracks()
    assert [path.name for path in data_dir.iterdir()] == [FILE_NAME]


def test_two_processes_can_share_one_index(open_client: Open, shelf: Shelf) -> None:
    shelf.album("A/B")
    one, two = open_client(), open_client()
    assert one.tracks() == two.tracks()
    shelf.album("C/D")
    assert len(two.tracks()) == 6
    (shelf.root / "A/B/01 One.flac").unlink()
    assert len(one.tracks()) == 5
    assert one.albums() == two.albums()


def test_an_index_that_stays_locked_is_a_conflict(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (Index(data_dir, logging.getLogger("soulsync.test")) for _ in range(2))
    with two.read():
        pass
    monkeypatch.setattr(index, "_WAIT_SECONDS", 0.1)
    two.close()
    with one.read():
        pass
    with one.write() as connection:
        connection.execute("DELETE FROM state")
        with pytest.raises(ConflictError, match="busy"), two.write():
            pass
    with two.write():
        pass
    one.close()
    two.close()


def test_a_transaction_that_fails_leaves_nothing(data_dir: Path) -> None:
    one = Index(data_dir, logging.getLogger("soulsync.test"))

    def interrupted() -> None:
        with one.write() as connection:
            connection.execute("INSERT INTO regroup VALUES ('a', x'00')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with one.read() as connection:
        assert connection.execute("SELECT count(*) FROM regroup").fetchone() == (0,)
    one.close()


def test_a_place_for_the_index_that_cannot_be_made_is_unavailable(
    open_client: Open, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="cannot be made"):
        open_client(data=tmp_path / "file" / "data").tracks()
