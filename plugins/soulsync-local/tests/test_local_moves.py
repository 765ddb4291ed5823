"""A file that is moved keeps its id; whatever could be something else gets a new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


@pytest.fixture
def before(client: Opened, shelf: Shelf) -> dict[str, str]:
    """The ids of two albums of three files."""
    shelf.album("A/B", "one two three")
    shelf.album("C/D", "four five six")
    ids = client.ids()
    client.recorder.take()
    return ids


def test_a_renamed_file_keeps_its_id(client: Opened, shelf: Shelf, before: dict[str, str]) -> None:
    (shelf.root / "A/B/01 one.flac").rename(shelf.root / "A/B/99 uno.flac")
    after = client.ids()
    assert after.pop("99 uno.flac") == before.pop("01 one.flac")
    assert after == before
    assert client.recorder.take() == []


def test_the_files_of_a_renamed_folder_keep_their_ids(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    (shelf.root / "A/B").rename(shelf.root / "A/Renamed")
    assert client.ids() == before
    assert client.recorder.take() == []
    assert {track.path for track in client.tracks() if "/A/" in (track.path or "")} == {
        f"{shelf.root}/A/Renamed/{name}" for name in ("01 one.flac", "02 two.flac", "03 three.flac")
    }


def test_a_file_moved_to_another_folder_keeps_its_id_and_changes_what_it_joins(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    untagged = shelf.put("A/Odds/untagged.flac")
    before = client.ids()
    untagged.rename(shelf.root / "C/D/untagged.flac")
    assert client.ids() == before
    assert client.recorder.take() == ["untagged.flac"]
    assert {(album.title, album.track_count) for album in client.albums()} == {("B", 3), ("D", 4)}


def test_two_files_that_change_places_keep_their_ids(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    one, two = shelf.root / "A/B/01 one.flac", shelf.root / "A/B/02 two.flac"
    shelf.put("A/B/03 three.flac", title="three", artists=("A",), album="B", genres=("so that sizes differ",))
    before = client.ids()
    one.rename(shelf.root / "x")
    two.rename(one)
    (shelf.root / "x").rename(two)
    titles = {track.ref.id: track.title for track in client.tracks()}
    assert titles[before["01 one.flac"]] == "one"
    assert client.ids()["01 one.flac"] == before["02 two.flac"]
    assert client.ids()["02 two.flac"] == before["01 one.flac"]


def test_a_file_moved_onto_another_replaces_it(client: Opened, shelf: Shelf, before: dict[str, str]) -> None:
    (shelf.root / "A/B/01 one.flac").replace(shelf.root / "A/B/02 two.flac")
    after = client.ids()
    assert after["02 two.flac"] == before["01 one.flac"]
    assert before["02 two.flac"] not in after.values()
    assert len(after) == 5


def test_a_copy_is_a_new_track(client: Opened, shelf: Shelf, before: dict[str, str]) -> None:
    shutil.copy2(shelf.root / "A/B/01 one.flac", shelf.root / "C/D/copy.flac")
    after = client.ids()
    assert before.items() <= after.items()
    assert after["copy.flac"] not in before.values()


def test_a_file_copied_elsewhere_and_deleted_keeps_its_id(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    old, new = shelf.root / "A/B/01 one.flac", shelf.root / "E/uno.flac"
    new.parent.mkdir()
    # While both are there, they cannot share an inode.
    shutil.copy(old, new)
    old.unlink()
    assert client.ids()["uno.flac"] == before["01 one.flac"]
    assert len(client.ids()) == 6


def test_two_copies_of_a_deleted_file_are_both_new(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    old = shelf.root / "A/B/01 one.flac"
    shutil.copy(old, shelf.root / "copy 1.flac")
    shutil.copy(old, shelf.root / "copy 2.flac")
    old.unlink()
    after = client.ids()
    assert before["01 one.flac"] not in after.values()
    assert len(set(after.values())) == 7


def test_one_copy_of_two_deleted_equal_files_is_new(client: Opened, shelf: Shelf) -> None:
    tags = {"title": "same", "artists": ("A",), "album": "B"}
    one, two = shelf.put("A/1.flac", **tags), shelf.put("A/2.flac", **tags)
    before = client.ids()
    shutil.copy(one, shelf.root / "A/3.flac")
    one.unlink()
    two.unlink()
    after = client.ids()
    assert after["3.flac"] not in before.values()


def test_untagged_files_of_one_size_are_told_apart_by_their_names(client: Opened, shelf: Shelf) -> None:
    for name in ("one", "two"):
        shelf.put(f"A/{name}.flac")
    before = client.ids()
    for name, new in (("one", "B/one.flac"), ("two", "B/other.flac")):
        shelf.root.joinpath("B").mkdir(exist_ok=True)
        shutil.copy(shelf.root / f"A/{name}.flac", shelf.root / new)
    shutil.rmtree(shelf.root / "A")
    after = client.ids()
    assert after["one.flac"] == before["one.flac"]
    assert after["other.flac"] not in before.values()


def test_a_new_file_at_the_old_place_of_a_moved_one_gets_an_id_of_its_own(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    (shelf.root / "A/B/01 one.flac").rename(shelf.root / "A/B/moved.flac")
    shelf.put("A/B/01 one.flac", at=shelf.LONG_AGO + 9, title="another", artists=("A",), album="B")
    after = client.ids()
    assert after["moved.flac"] == before["01 one.flac"]
    assert after["01 one.flac"] not in before.values()
    assert len(set(after.values())) == 7


def test_an_edited_file_keeps_its_id_also_when_the_tagger_replaced_it(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    path = shelf.root / "A/B/01 one.flac"
    shelf.put("A/B/x.flac", at=shelf.LONG_AGO + 5, title="edited", artists=("A",), album="B").replace(path)
    assert client.ids() == before


def test_moves_survive_a_restart_and_unmoved_files_a_lost_index(
    open_client: Open, client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    (shelf.root / "A/B/01 one.flac").rename(shelf.root / "A/B/uno.flac")
    moved = client.ids()
    client.close()
    assert open_client().ids() == moved
    afresh = open_client(data=shelf.root.parent / "new data").ids()
    uno = afresh.pop("uno.flac")
    assert uno != moved.pop("uno.flac")
    assert afresh == moved


def test_a_file_that_comes_back_to_its_place_has_its_id_again(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    path = shelf.root / "A/B/01 one.flac"
    data = path.read_bytes()
    path.unlink()
    assert len(client.ids()) == 5
    shelf.put("A/B/01 one.flac", data=data)
    assert client.ids() == before


def test_a_hard_link_is_a_track_of_its_own_and_no_move(
    client: Opened, shelf: Shelf, before: dict[str, str]
) -> None:
    os.link(shelf.root / "A/B/01 one.flac", shelf.root / "A/B/linked.flac")
    after = client.ids()
    assert before.items() <= after.items()
    assert len(set(after.values())) == 7
