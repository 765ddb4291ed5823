"""Change tokens, what changed since one, and what was added last."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from soulsync_engine.errors import ConflictError
from soulsync_engine.models import EVERYTHING, Item, Kind, Scope

if TYPE_CHECKING:
    from conftest import Opened, Shelf

    Open = Callable[..., Opened]


def token(client: Opened) -> str:
    return client.change_token(EVERYTHING)


def changed(client: Opened, kind: Kind, since: str, limit: int = 100) -> tuple[list[Item], set[str]]:
    """Items and removed ids since a token."""
    items, removed, cursor = [], [], None
    while True:
        page = client.list_changed(kind, EVERYTHING, since, cursor, limit)
        items += page.items
        removed += page.removed or ()
        cursor = page.next_cursor
        if cursor is None:
            assert page.total == len(items) + len(page.problems)
            assert len(set(removed)) == len(removed)
            return items, set(removed)


@pytest.fixture
def since(client: Opened, shelf: Shelf) -> str:
    """The token of two albums, which were listed in that state."""
    shelf.album("A/B", "one two three")
    shelf.album("C/D", "four")
    found = token(client)
    client.tracks()
    client.recorder.take()
    return found


def test_equal_trees_have_equal_tokens_in_every_process_and_nothing_is_read(
    open_client: Open, client: Opened, shelf: Shelf
) -> None:
    shelf.album("A/B")
    first = token(client)
    assert not client._library.index.path.exists()
    client.tracks()
    other = open_client(data=shelf.root.parent / "elsewhere")
    assert token(client) == token(other) == first
    assert other.recorder.take() == []


@pytest.mark.parametrize("change", ["add", "edit", "touch", "rename", "delete", "replace"])
def test_every_change_of_the_files_changes_the_token(client: Opened, shelf: Shelf, change: str) -> None:
    shelf.album("A/B")
    before = token(client)
    path = shelf.root / "A/B/01 One.flac"
    if change == "add":
        shelf.put("A/B/4.flac", title="x")
    elif change == "edit":
        path.write_bytes(path.read_bytes() + b"\0")
    elif change == "touch":
        path.touch()
    elif change == "rename":
        path.rename(path.with_name("1.flac"))
    elif change == "delete":
        path.unlink()
    else:
        stat = path.stat()
        copy = shelf.put("A/B/copy.flac", at=stat.st_mtime, data=path.read_bytes())
        copy.replace(path)
    assert token(client) != before


def test_other_files_do_not_change_the_token(client: Opened, shelf: Shelf) -> None:
    shelf.album("A/B")
    before = token(client)
    shelf.put("A/B/cover.jpg", data=b"x")
    (shelf.root / "empty").mkdir()
    assert token(client) == before


def test_tokens_of_different_scopes_differ(open_client: Open, shelf: Shelf, other: Shelf) -> None:
    shelf.album("A/B")
    client = open_client(shelf.root, other.root)
    here, there = (Scope(libraries=(one.id,)) for one in client.list_libraries())
    tokens = {client.change_token(scope) for scope in (here, there, EVERYTHING)}
    assert len(tokens) == 3
    client.tracks()
    with pytest.raises(ConflictError):
        client.list_changed(Kind.TRACK, there, client.change_token(here), None, 10)


def test_nothing_changed_since_the_latest_token(client: Opened, since: str) -> None:
    for kind in (Kind.TRACK, Kind.ALBUM, Kind.ARTIST):
        assert changed(client, kind, since) == ([], set())


def test_an_added_file_changes_its_album_and_artist(client: Opened, shelf: Shelf, since: str) -> None:
    shelf.put("A/B/4.flac", title="new", artists=("A",), album="B")
    tracks, removed = changed(client, Kind.TRACK, since)
    assert ([track.title for track in tracks], removed) == (["new"], set())
    albums, removed = changed(client, Kind.ALBUM, since)
    assert ([(album.title, album.track_count) for album in albums], removed) == ([("B", 4)], set())
    artists, removed = changed(client, Kind.ARTIST, since)
    assert ([(artist.name, artist.track_count) for artist in artists], removed) == ([("A", 4)], set())


def test_a_moved_file_is_a_changed_one(client: Opened, shelf: Shelf, since: str) -> None:
    (shelf.root / "C/D/01 four.flac").rename(shelf.root / "C/D/4.flac")
    tracks, removed = changed(client, Kind.TRACK, since)
    assert ([track.path for track in tracks], removed) == ([f"{shelf.root}/C/D/4.flac"], set())


def test_what_is_gone_is_reported_exactly(client: Opened, shelf: Shelf, since: str) -> None:
    ids = client.ids()
    album = next(album for album in client.albums() if album.title == "D")
    artist = next(artist for artist in client.artists() if artist.name == "C")
    shutil.rmtree(shelf.root / "C")
    (shelf.root / "A/B/01 one.flac").unlink()
    assert changed(client, Kind.TRACK, since) == ([], {ids["01 four.flac"], ids["01 one.flac"]})
    albums, removed = changed(client, Kind.ALBUM, since)
    assert ([album.track_count for album in albums], removed) == ([2], {album.ref.id})
    artists, removed = changed(client, Kind.ARTIST, since)
    assert ([artist.track_count for artist in artists], removed) == ([2], {artist.ref.id})


def test_what_went_and_came_back_is_not_reported_as_gone(client: Opened, shelf: Shelf, since: str) -> None:
    path = shelf.root / "C/D/01 four.flac"
    data = path.read_bytes()
    path.unlink()
    client.tracks()
    shelf.put("C/D/01 four.flac", data=data)
    tracks, removed = changed(client, Kind.TRACK, since)
    assert ([track.title for track in tracks], removed) == (["four"], set())


def test_a_retagged_album_is_gone_under_its_old_name_and_there_under_its_new(
    client: Opened, shelf: Shelf, since: str
) -> None:
    old = next(album for album in client.albums() if album.title == "D")
    shelf.put("C/D/01 four.flac", at=shelf.LONG_AGO + 9, title="four", artists=("C",), album="E")
    albums, removed = changed(client, Kind.ALBUM, since)
    assert ([album.title for album in albums], removed) == (["E"], {old.ref.id})
    artists, removed = changed(client, Kind.ARTIST, since)
    assert ([artist.name for artist in artists], removed) == (["C"], set())


def test_a_file_that_broke_is_a_problem_and_not_gone(client: Opened, shelf: Shelf, since: str) -> None:
    ids = client.ids()
    shelf.put("C/D/01 four.flac", data=b"")
    page = client.list_changed(Kind.TRACK, EVERYTHING, since, None, 10)
    assert (page.items, page.removed) == ((), ())
    assert [problem.id for problem in page.problems] == [ids["01 four.flac"]]


def test_changes_come_in_pages(client: Opened, shelf: Shelf, since: str) -> None:
    shelf.album("E/F", "a b c d e")
    (shelf.root / "C/D/01 four.flac").unlink()
    whole = changed(client, Kind.TRACK, since)
    assert len(whole[0]) == 5
    assert changed(client, Kind.TRACK, since, limit=2) == whole


def test_a_token_stays_good_over_many_states_and_restarts(
    open_client: Open, client: Opened, shelf: Shelf, since: str
) -> None:
    middle = []
    for number in range(3):
        shelf.put(f"new/{number}.flac", title=f"t{number}", artists=("N",), album="N")
        middle.append(token(client))
        client.tracks()
    client.close()
    later = open_client()
    assert [track.title for track in sorted(changed(later, Kind.TRACK, since)[0], key=lambda one: one.title)] == [
        "t0", "t1", "t2",
    ]  # fmt: skip
    assert [track.title for track in changed(later, Kind.TRACK, middle[1])[0]] == ["t2"]


def test_going_back_to_an_old_state_leaves_the_changes_visible(
    client: Opened, shelf: Shelf, since: str
) -> None:
    path = shelf.root / "C/D/01 four.flac"
    path.rename(path.with_name("x.flac"))
    client.tracks()
    path.with_name("x.flac").rename(path)
    assert token(client) == since
    client.tracks()
    assert [track.path for track in changed(client, Kind.TRACK, since)[0]] == [str(path)]


@pytest.mark.parametrize("bad", ["", "nonsense", "local1:", "local1:x=y"])
def test_a_token_that_is_not_understood_is_a_conflict(client: Opened, since: str, bad: str) -> None:
    with pytest.raises(ConflictError):
        client.list_changed(Kind.TRACK, EVERYTHING, bad, None, 10)


def test_a_token_of_a_state_that_was_never_read_is_a_conflict(
    client: Opened, shelf: Shelf, since: str
) -> None:
    path = shelf.put("new.flac", title="x")
    unseen = token(client)
    path.unlink()
    with pytest.raises(ConflictError, match="not remembered"):
        client.list_changed(Kind.TRACK, EVERYTHING, unseen, None, 10)


def test_what_was_added_last_comes_first(client: Opened, shelf: Shelf) -> None:
    for number, title in enumerate(("old", "older", "oldest")):
        shelf.put(f"{title}/1.flac", at=shelf.LONG_AGO - number, title=title, artists=(title,), album=title)
    client.tracks()
    shelf.put("moved in/1.flac", at=1_000_000_000, title="latest", artists=("latest",), album="latest")
    for kind in (Kind.TRACK, Kind.ALBUM, Kind.ARTIST):
        for limit in (1, 2, 100):
            items, _ = client.all(
                lambda scope, cursor, size, kind=kind: client.list_recently_added(kind, scope, cursor, size),
                limit,
            )
            names = [getattr(item, "title", None) or item.name for item in items]
            assert names == ["latest", "old", "older", "oldest"]


def test_a_first_scan_in_the_future_does_not_happen(client: Opened, shelf: Shelf) -> None:
    shelf.put("A/1.flac", at=time.time() + 86400, title="x")
    (track,) = client.tracks()
    assert track.added is not None
    assert track.added.timestamp() < time.time()
