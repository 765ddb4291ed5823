"""What the walk finds in a tree that is full of traps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.models import EVERYTHING, Kind, MediaFile

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def names(client: Opened) -> list[str]:
    return [os.path.relpath(track.path or "", client._library.roots[0].path) for track in client.tracks()]


def test_every_audio_suffix_is_found_in_any_case_and_nothing_else(client: Opened, shelf: Shelf) -> None:
    wanted = [
        "a.mp3",
        "b.FLAC",
        "c.Ogg",
        "d.opus",
        "e.m4a",
        "f.aac",
        "g.wav",
        "h.wma",
        "i.aiff",
        "j.ape",
        "k.wv",
        "l.mpc",
    ]
    for name in wanted:
        shelf.put(name, title="x")
    for name in ("cover.jpg", "song.lrc", "list.m3u", "mp3", "x.mp3.part", ".flac.swp", "notes"):
        shelf.put(name, data=b"text")
    assert names(client) == wanted


def test_hidden_folders_are_music_too_and_system_folders_are_not(client: Opened, shelf: Shelf) -> None:
    shelf.put("...And You Will Know/1.flac", title="x")
    for folder in ("lost+found", "$RECYCLE.BIN", "@eaDir", ".Trash-1000", "System Volume Information"):
        shelf.put(f"{folder}/1.flac", title="x")
    shelf.put("A/._1.flac", data=b"\0\5\26\7")
    assert names(client) == ["...And You Will Know/1.flac"]


def test_a_link_in_a_circle_is_not_followed(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    (shelf.root / "A/B/up").symlink_to(shelf.root)
    (shelf.root / "A/self").symlink_to(".")
    (shelf.root / "A/x").symlink_to("y")
    (shelf.root / "A/y").symlink_to("x")
    assert names(client) == ["A/B/01 one.flac"]


def test_a_link_to_a_place_inside_the_roots_is_passed_over(
    open_client: Open, shelf: Shelf, other: Shelf
) -> None:
    shelf.album("Z/B", "one")
    other.album("C/D", "two")
    (shelf.root / "A link").symlink_to("Z")
    (shelf.root / "favourite.flac").symlink_to("Z/B/01 one.flac")
    (shelf.root / "other").symlink_to(other.root)
    assert len(open_client(shelf.root, other.root).tracks()) == 2


def test_a_link_that_leads_out_is_followed_once(client: Opened, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B", "one")
    other.album("C/D", "two")
    (other.root / "C/back").symlink_to(shelf.root)
    (other.root / "C/loop").symlink_to(other.root)
    (shelf.root / "first").symlink_to(other.root / "C")
    (shelf.root / "second").symlink_to(other.root)
    (shelf.root / "third").symlink_to(other.root / "C")
    assert names(client) == ["A/B/01 one.flac", "first/D/01 two.flac"]
    assert names(client) == ["A/B/01 one.flac", "first/D/01 two.flac"]


def test_links_are_not_followed_when_that_is_switched_off(
    open_client: Open, shelf: Shelf, other: Shelf
) -> None:
    shelf.album("A/B", "one")
    other.album("C/D", "two")
    (shelf.root / "link").symlink_to(other.root)
    (shelf.root / "link.flac").symlink_to(other.root / "C/D/01 two.flac")
    assert names(open_client(follow_symlinks=False)) == ["A/B/01 one.flac"]


def test_a_link_that_leads_nowhere_is_nothing(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    (shelf.root / "gone.flac").symlink_to("/nowhere/at/all.flac")
    (shelf.root / "gone").symlink_to("/nowhere")
    tracks, problems = client.all(client.list_tracks)
    assert (len(tracks), problems) == (1, [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_what_is_no_file_is_not_opened(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one")
    os.mkfifo(shelf.root / "pipe.mp3")
    (shelf.root / "folder.mp3").mkdir()
    assert names(client) == ["A/B/01 one.flac"]


def test_a_name_that_is_not_utf_8_is_listed_streamed_and_kept_apart(client: Opened, shelf: Shelf) -> None:
    for name in (b"caf\xe9/\xff1.flac", b"caf\xe9/\xfe1.flac"):
        shelf.put(name, data=shelf.put("tmp.flac", title="x").read_bytes())
    (shelf.root / "tmp.flac").unlink()
    shelf.put(b"caf\xe9/\xfd.mp3", data=b"no audio at all")
    tracks, problems = client.all(client.list_tracks)
    assert len({track.ref.id for track in tracks}) == 2
    for track in tracks:
        assert track.album == "caf\N{REPLACEMENT CHARACTER}"
        assert (track.path or "").endswith("\N{REPLACEMENT CHARACTER}1.flac")
        file = client.stream(track.ref.id, None, None)
        assert isinstance(file, MediaFile)
        assert file.read().startswith(b"fLaC")
        assert client.get_items(Kind.TRACK, (track.ref.id,)) == (track,)
    assert len(problems) == 1
    problems[0].reason.encode()
    page = client.list_tracks(EVERYTHING, None, 2)
    assert (page.items, page.problems) == ((tracks[0],), tuple(problems))
    assert client.list_tracks(EVERYTHING, page.next_cursor, 2).items == (tracks[1],)


def test_bad_files_are_counted_and_stop_nothing(client: Opened, shelf: Shelf) -> None:
    whole = shelf.put("A/B/good.mp3", title="good").read_bytes()
    shelf.put("A/B/empty.mp3", data=b"")
    shelf.put("A/B/text.mp3", data=b"not audio at all\n" * 50)
    shelf.put("A/B/noise.flac", data=bytes(range(256)) * 8)
    shelf.put("A/B/half.ogg", data=shelf.put("A/B/x.ogg", title="x").read_bytes()[:90])
    (shelf.root / "A/B/x.ogg").unlink()
    shelf.put("A/B/lie.mp3", data=b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + whole[:40])
    tracks, problems = client.all(client.list_tracks, limit=2)
    assert "good" in [track.title for track in tracks]
    assert len(tracks) + len(problems) == 6
    assert {"empty.mp3", "text.mp3", "noise.flac"} <= {
        problem.reason.split("/")[2].split("'")[0] for problem in problems
    }
    assert all(problem.id for problem in problems)
    client.recorder.take()
    assert client.all(client.list_tracks) == (tracks, problems)
    assert client.recorder.take() == []


def test_a_bad_file_that_is_mended_becomes_a_track_with_the_same_id(client: Opened, shelf: Shelf) -> None:
    shelf.put("A/B/1.flac", data=b"")
    (problem,) = client.problems()
    shelf.put("A/B/1.flac", title="mended", artists=("A",), album="B")
    (track,) = client.tracks()
    assert (track.title, track.ref.id) == ("mended", problem.id)
    assert [album.title for album in client.albums()] == ["B"]


def test_a_good_file_that_is_damaged_is_a_problem_with_its_id(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B", "one two")
    before = client.ids()
    shelf.put("A/B/01 one.flac", data=b"")
    (problem,) = client.problems()
    assert problem.id == before["01 one.flac"]
    assert [album.track_count for album in client.albums()] == [1]


@pytest.mark.usefixtures("shelf")
def test_a_file_that_may_not_be_read_is_tried_again_each_time(
    client: Opened, shelf: Shelf, request: pytest.FixtureRequest
) -> None:
    shelf.album("A/B", "one two")
    request.getfixturevalue("bound_by_rights")
    path = shelf.root / "A/B/01 one.flac"
    path.chmod(0)
    closed = client.change_token(EVERYTHING)
    (problem,) = client.problems()
    assert "not readable" in problem.reason
    path.chmod(0o644)
    assert client.change_token(EVERYTHING) != closed
    assert len(client.tracks()) == 2


def test_trees_of_any_depth_and_names_of_any_length_are_walked(client: Opened, shelf: Shelf) -> None:
    shelf.put("/".join(["d"] * 40) + "/deep.flac", title="deep")
    shelf.put("n" * 240 + ".flac", title="long")
    shelf.put("#%?&+;= *\\'\"\n/x.flac", title="odd")
    assert sorted(track.title for track in client.tracks()) == ["deep", "long", "odd"]


def test_an_untagged_file_is_named_after_its_place(client: Opened, shelf: Shelf) -> None:
    shelf.put("Some Artist/Some Album/CD2/03 - Song.mp3")
    (track,) = client.tracks()
    assert (track.title, track.album, track.disc) == ("03 - Song", "Some Album", 2)
    assert [credit.name for credit in track.artists] == ["Some Artist"]
    assert track.artists == track.album_artists


def test_byte_identical_files_are_two_tracks(client: Opened, shelf: Shelf) -> None:
    path = shelf.put("A/B/1.flac", title="same")
    shutil.copy2(path, path.with_name("2.flac"))
    assert len(set(client.ids().values())) == 2


def test_a_folder_that_vanishes_during_the_walk_is_no_deletion(
    client: Opened, shelf: Shelf, tmp_path: Path
) -> None:
    from soulsync_local.roots import Root
    from soulsync_local.walk import RootWalk, VanishedError, _Walker, look_at

    shelf.album("A/B")
    shelf.album("C/D")
    root = Root(shelf.root)
    walker = _Walker(RootWalk(root, look_at(root)), (root,), True, None)
    items = walker._items
    shutil.rmtree(shelf.root / "C")
    with pytest.raises(VanishedError):
        list(items(b"C"))
    assert len(client.tracks()) == 3
