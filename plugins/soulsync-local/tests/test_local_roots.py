"""Roots that are missing, unmounted, emptied or overlapping; and folders in them that cannot be read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from soulsync_engine.errors import ConfigurationError, SoulSyncError, UnavailableError
from soulsync_engine.models import EVERYTHING, Kind
from soulsync_local.absence import refuse_unmounted
from soulsync_local.moves import Known
from soulsync_local.roots import Root
from soulsync_local.settings import LocalSettings
from soulsync_local.walk import walk

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def everything(client: Opened) -> list[Callable[[], object]]:
    return [
        client.connect,
        client.list_libraries,
        lambda: client.list_tracks(EVERYTHING, None, 10),
        lambda: client.list_albums(EVERYTHING, None, 10),
        lambda: client.list_artists(EVERYTHING, None, 10),
        lambda: client.list_ids(Kind.TRACK, EVERYTHING, None, 10),
        lambda: client.change_token(EVERYTHING),
        lambda: client.get_items(Kind.TRACK, ("x",)),
        lambda: client.search("x", frozenset({Kind.TRACK}), EVERYTHING, 10),
        lambda: client.trigger_scan(EVERYTHING, ()),
        lambda: client.list_recently_added(Kind.ALBUM, EVERYTHING, None, 10),
    ]


def test_a_missing_root_is_unavailable_whatever_is_asked(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.tracks()
    shelf.root.rename(shelf.root.with_name("unmounted"))
    for call in everything(client):
        with pytest.raises(UnavailableError, match="is not there"):
            call()
    shelf.root.with_name("unmounted").rename(shelf.root)
    assert client.tracks() == before
    assert len(client.recorder.take()) == 3


def test_a_root_that_is_a_file_is_unavailable(open_client: Open, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("music")
    for call in everything(open_client(path)):
        with pytest.raises(UnavailableError, match="not a folder"):
            call()


@pytest.mark.usefixtures("shelf", "bound_by_rights")
def test_an_unreadable_root_is_unavailable(client: Opened, shelf: Shelf) -> None:
    shelf.root.chmod(0)
    try:
        for call in everything(client):
            with pytest.raises(UnavailableError, match="may not be read"):
                call()
    finally:
        shelf.root.chmod(0o755)


def test_one_missing_root_of_two_makes_the_server_unavailable(
    open_client: Open, shelf: Shelf, other: Shelf
) -> None:
    shelf.album("A/B")
    client = open_client(shelf.root, other.root)
    other.root.rmdir()
    for call in everything(client):
        with pytest.raises(UnavailableError):
            call()


def test_a_root_that_never_held_music_is_empty_without_proof(client: Opened) -> None:
    page = client.list_tracks(EVERYTHING, None, 10)
    assert (page.items, page.total, page.empty_proof) == ((), 0, None)


def test_an_emptied_root_proves_that_it_is_the_same_folder(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    client.tracks()
    shutil.rmtree(shelf.root / "A")
    for list_page in (client.list_tracks, client.list_albums, client.list_artists, client.list_tracks):
        page = list_page(EVERYTHING, None, 10)
        assert (page.items, page.total) == ((), 0)
        assert page.empty_proof


def test_an_empty_folder_in_the_place_of_the_root_is_unavailable(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.tracks()
    real = shelf.root.with_name("real")
    shelf.root.rename(real)
    shelf.root.mkdir()
    for list_page in (client.list_tracks, client.list_albums, client.list_artists):
        with pytest.raises(UnavailableError, match="not the one that held music"):
            list_page(EVERYTHING, None, 10)
    with pytest.raises(UnavailableError, match="not the one that held music"):
        client.connect()
    shelf.root.rmdir()
    real.rename(shelf.root)
    assert client.tracks() == before


def test_other_files_in_the_place_of_the_music_are_no_proof(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    client.tracks()
    shelf.root.rename(shelf.root.with_name("real"))
    shelf.root.mkdir()
    (shelf.root / "NOT MOUNTED").touch()
    with pytest.raises(UnavailableError):
        client.list_tracks(EVERYTHING, None, 10)


def test_another_disk_in_the_place_of_the_music_is_unavailable(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.tracks()
    real = shelf.root.with_name("real")
    shelf.root.rename(real)
    shelf.album("Quite/Different", "seven eight")
    with pytest.raises(UnavailableError, match="none of those files"):
        client.list_tracks(EVERYTHING, None, 10)
    shutil.rmtree(shelf.root)
    real.rename(shelf.root)
    assert client.tracks() == before


def test_a_library_that_was_copied_to_another_disk_is_still_itself(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.ids()
    old = shelf.root.with_name("old")
    shelf.root.rename(old)
    shutil.copytree(old, shelf.root)
    assert client.ids() == before


def test_a_library_that_was_copied_and_sorted_anew_is_still_itself(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = client.ids()
    old = shelf.root.with_name("old")
    shelf.root.rename(old)
    shutil.copytree(old / "A", shelf.root / "By artist" / "A")
    assert client.ids() == before


def test_one_emptied_root_of_two_is_believed(open_client: Open, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B")
    other.album("C/D", "Only")
    client = open_client(shelf.root, other.root)
    assert len(client.tracks()) == 4
    shutil.rmtree(shelf.root / "A")
    assert [track.title for track in client.tracks()] == ["Only"]


@pytest.fixture
def closed_folder(shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[Path]:
    """An album folder that nobody may read."""
    shelf.album("Open/X")
    shelf.album("Closed/Y")
    folder = shelf.root / "Closed"
    request.getfixturevalue("bound_by_rights")
    yield folder
    folder.chmod(0o755)


def test_a_folder_that_becomes_unreadable_is_no_deletion(client: Opened, closed_folder: Path) -> None:
    before = client.tracks()
    closed_folder.chmod(0)
    with pytest.raises(UnavailableError, match="Closed"):
        client.list_tracks(EVERYTHING, None, 10)
    with pytest.raises(UnavailableError, match="Closed"):
        client.list_albums(EVERYTHING, None, 10)
    closed_folder.chmod(0o755)
    assert client.tracks() == before


def test_a_folder_that_never_could_be_read_is_a_problem_without_id(
    client: Opened, closed_folder: Path
) -> None:
    closed_folder.chmod(0)
    tracks, problems = client.all(client.list_tracks)
    assert [track.title for track in tracks] == ["One", "Two", "Three"]
    (problem,) = problems
    assert problem.id is None
    assert "Closed" in problem.reason


def known(shelf: Shelf, name: str, device: int) -> Known:
    return Known(1, "id", name.encode(), 1, 1, 1, device, name.rpartition("/")[0].encode())


@pytest.mark.parametrize("left", [".", "mount", "mount/empty"])
def test_missing_files_of_another_device_whose_folder_is_empty_now_are_in_doubt(
    shelf: Shelf, left: str
) -> None:
    (shelf.root / left).mkdir(parents=True, exist_ok=True)
    root = Root(shelf.root)
    found = walk(root, (root,), follow_symlinks=True)
    missing = [known(shelf, "mount/empty/1.flac", found.identity.device + 1)]
    if left == ".":
        refuse_unmounted(found, missing)
    else:
        with pytest.raises(UnavailableError, match="not to be mounted"):
            refuse_unmounted(found, missing)


def test_missing_files_of_the_same_device_are_gone(shelf: Shelf) -> None:
    (shelf.root / "folder").mkdir()
    root = Root(shelf.root)
    found = walk(root, (root,), follow_symlinks=True)
    refuse_unmounted(found, [known(shelf, "folder/1.flac", found.identity.device)])


def test_a_link_to_a_disk_that_is_not_mounted_is_no_deletion(
    client: Opened, shelf: Shelf, tmp_path: Path
) -> None:
    if os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("there is no second file system here")
    disk = Path("/dev/shm") / f"soulsync-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        shutil.copytree(shelf.put("A/B/1.flac", title="x").parent, disk / "B")
        (shelf.root / "disk").symlink_to(disk)
        assert len(client.tracks()) == 2
        disk.rename(disk.with_suffix(".off"))
        with pytest.raises(UnavailableError, match="not to be mounted"):
            client.list_tracks(EVERYTHING, None, 10)
        (shelf.root / "disk").unlink()
        assert len(client.tracks()) == 1
    finally:
        shutil.rmtree(disk, ignore_errors=True)
        shutil.rmtree(disk.with_suffix(".off"), ignore_errors=True)


def test_roots_that_overlap_through_a_link_are_refused(
    open_client: Open, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.album("A/B")
    link = tmp_path / "link"
    link.symlink_to(shelf.root / "A")
    with pytest.raises(ConfigurationError, match="inside"):
        open_client(shelf.root, link).connect()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no folder is given"),
        ({"paths": []}, "no folder is given"),
        ({"path": "music"}, "relative"),
        ({"path": "/a", "paths": ["/a/"]}, "given twice"),
        ({"path": "/a", "paths": ["/a/b"]}, "inside the other"),
        ({"path": "/a\0b"}, "NUL"),
        ({"path": "/a", "workers": -1}, "workers"),
        ({"path": "/a", "colour": "red"}, "colour"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LocalSettings.model_validate(settings)


def test_a_home_directory_is_expanded() -> None:
    assert LocalSettings.model_validate({"path": "~/Music"}).roots == (Path.home() / "Music",)


def test_a_library_keeps_its_id_when_its_path_is_spelled_otherwise() -> None:
    one = LocalSettings.model_validate({"path": "/srv/music"})
    other = LocalSettings.model_validate({"paths": ["/srv//x/../music/"]})
    assert Root(one.roots[0]).library == Root(other.roots[0]).library


def test_every_refusal_says_what_to_do(client: Opened, shelf: Shelf) -> None:
    shelf.root.rmdir()
    for call in everything(client):
        with pytest.raises(SoulSyncError) as raised:
            call()
        assert raised.value.next_step
