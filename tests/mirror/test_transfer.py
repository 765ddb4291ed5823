"""What only a mirror knows goes to another one whole, and the care of a mirror keeps it."""

from __future__ import annotations

import json

import pytest

from soulsync_engine.errors import ConflictError, MirrorImportError, NotFoundError
from soulsync_engine.mirror import ChangeType, Mirror
from soulsync_engine.models import ArtistCredit, Kind


@pytest.fixture
def knowing(shelf, serve, mirror, sync) -> list[str]:
    """An export of a mirror with a remapped and a removed item, an odd path, and credits."""
    server = serve(shelf)
    credit = (ArtistCredit(name="Æ\udcff", id="7"),)
    shelf.put(
        shelf.track("1", "Rope", path="/rope"),
        shelf.track("2", "Gone"),
        shelf.track("3", "Odd \udcff", path="/m\udcff", artists=credit, genres=("A", "B"), favorite=True),
    )
    sync(server, mirror)
    shelf.drop(shelf.track("1"), shelf.track("2"))
    shelf.put(shelf.track("11", "Rope", path="/rope"))
    sync(server, mirror)
    return list(mirror.export())


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request, tmp_path):
    """Another mirror, in either database."""
    url = (
        f"sqlite:///{tmp_path / 'other.sqlite3'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    with Mirror.open(url) as opened:
        if request.param == "postgresql" and opened.last_seq():
            pytest.skip("the same database is under test already")
        yield opened


@pytest.fixture
def mirror(sqlite_url):
    with Mirror.open(sqlite_url) as opened:
        yield opened


def test_uids_and_ids_survive(shelf, serve, mirror, other, sync, knowing):
    assert all(line.isascii() for line in knowing)
    assert other.import_(knowing) == 3
    rope = mirror.find(shelf.ref(Kind.TRACK, "1")).uid
    for id in ("1", "11"):
        assert other.find(shelf.ref(Kind.TRACK, id)).uid == rope
    assert other.get(rope).ids == ("11", "1")
    assert other.get(rope).missing
    assert other.find(shelf.ref(Kind.TRACK, "2")).removed
    assert list(other.iter_tracks()) == list(mirror.iter_tracks())
    assert [change.type for change in other.changes()] == [ChangeType.ADDED] * 2
    since = other.last_seq()
    report = sync(serve(shelf), other)
    assert (report.kinds[Kind.TRACK].unchanged, report.kinds[Kind.TRACK].missing) == (2, 0)
    assert list(other.changes(since)) == []
    assert len(other.search("rope")) == 1


def test_ids_that_changed_since_the_export_are_found(shelf, serve, other, sync, knowing):
    other.import_(knowing)
    shelf.drop(shelf.track("11"))
    shelf.put(shelf.track("111", "Rope", path="/rope"))
    uid = other.find(shelf.ref(Kind.TRACK, "1")).uid
    assert sync(serve(shelf), other).kinds[Kind.TRACK].remapped == 1
    assert other.get(uid).item.ref.id == "111"


def test_new_items_get_new_uids(shelf, serve, other, sync, knowing):
    other.import_(knowing)
    used = {other.find(shelf.ref(Kind.TRACK, id)).uid for id in ("1", "2", "3")}
    shelf.put(shelf.track("new", "Kite", path="/kite"))
    sync(serve(shelf), other)
    assert other.find(shelf.ref(Kind.TRACK, "new")).uid not in used


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: ["{}"],
        lambda lines: [json.dumps({"format": "soulsync-mirror", "version": 99})],
        lambda lines: [*lines[:-1], lines[-1][:-20]],
        lambda lines: [*lines, '{"uid": 1}'],
        lambda lines: [*lines, "nonsense"],
    ],
    ids=["nothing", "another", "newer", "cut", "incomplete", "nonsense"],
)
def test_what_is_no_whole_export_leaves_the_mirror_as_it_was(other, knowing, spoil):
    with pytest.raises(MirrorImportError):
        other.import_(spoil(knowing))
    assert (other.counts().tracks, other.last_seq()) == (0, 0)
    assert other.import_(knowing) == 3


def test_a_mirror_that_is_not_empty_takes_nothing_over(mirror, knowing):
    with pytest.raises(ConflictError, match="not empty"):
        mirror.import_(knowing)


def test_rebuilding_compares_everything_and_keeps_uids_and_feed(shelf, serve, mirror, sync, knowing):
    before, since = {t.ref.id: mirror.find(t.ref).uid for t in mirror.iter_tracks()}, mirror.last_seq()
    mirror.rebuild("music")
    report = sync(serve(shelf), mirror)
    assert report.kinds[Kind.TRACK].unchanged == 2
    assert {t.ref.id: mirror.find(t.ref).uid for t in mirror.iter_tracks()} == before
    assert mirror.last_seq() == since
    assert len(mirror.search("rope")) == 1
    with pytest.raises(NotFoundError):
        mirror.rebuild("attic")


def test_forgetting_a_server_leaves_the_others(make_shelf, serve, mirror, sync):
    for name in ("one", "two"):
        sync(serve(make_shelf(name=name).stock(3)), mirror)
    assert mirror.forget_server("one") == 9
    assert mirror.counts("one").tracks == 0
    assert mirror.counts().tracks == 3
    assert {change.ref.server for change in mirror.changes()} == {"two"}
    assert len(mirror.search("song 1")) == 1
    assert mirror.last_sync("one") is None
    sync(serve(make_shelf(name="one").stock(3)), mirror)
    assert mirror.counts().tracks == 6
