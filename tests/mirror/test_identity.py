"""An item keeps its uid whatever its server calls it, and nothing else gets it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.mirror import ChangeType, SyncState
from soulsync_engine.models import Album, Artist, ArtistCredit, Item, ItemRef, Kind, MusicBrainzIds, Problem
from soulsync_engine.policy import SyncPolicy

pytestmark = pytest.mark.costly

MBIDS = [f"{number:08}-0000-4000-8000-000000000000" for number in range(100)]


def library(shelf, ids=str, *, artists=2, albums=2, tracks=3, same_name=False, paths=True, mbids=False):
    """Artists with albums with tracks, all of whose ids are made by `ids`."""
    items: list[Item] = []
    for a in range(artists):
        name = "Nirvana" if same_name else f"Artist {a}"
        credit = (ArtistCredit(name=name, id=ids(f"ar{a}")),)
        items.append(Artist(ref=shelf.ref(Kind.ARTIST, ids(f"ar{a}")), name=name, library_id="L1"))
        for b in range(albums):
            album = f"Album {a}{b}"
            items.append(
                Album(
                    ref=shelf.ref(Kind.ALBUM, ids(f"al{a}{b}")), title=album, artists=credit, library_id="L1"
                )
            )
            for t in range(tracks):
                number = (a * albums + b) * tracks + t
                items.append(
                    shelf.track(
                        ids(f"tr{a}{b}{t}"),
                        f"Song {t}",
                        artists=credit,
                        album_artists=credit,
                        album=album,
                        album_id=ids(f"al{a}{b}"),
                        track_number=t + 1,
                        duration_ms=180_000 + number * 1000,
                        path=f"/music/{a}/{b}/{t}.flac" if paths else None,
                        musicbrainz=MusicBrainzIds(track=MBIDS[number]) if mbids else MusicBrainzIds(),
                    )
                )
    shelf.items, shelf.changed = {}, []
    shelf.put(*items)
    return shelf


def uids(mirror) -> dict[tuple[str, ...], str]:
    """The uid of each item, by what it is and not by what its server calls it."""
    found: dict[tuple[str, ...], str] = {}
    for change in mirror.changes():
        known = mirror.get(change.uid)
        if known.removed:
            continue
        item = known.item
        if isinstance(item, Artist):
            albums = sorted(
                album.title for album in mirror.iter_albums() if album.artists[0].id == item.ref.id
            )
            key = ("artist", item.name, *albums)
        elif isinstance(item, Album):
            key = ("album", item.title)
        else:
            key = ("track", str(item.album), item.title)
        assert found.setdefault(key, change.uid) == change.uid
    return found


def feed(mirror, since: int) -> Counter[tuple[str, str]]:
    return Counter((change.type.value, change.kind.value) for change in mirror.changes(since))


@pytest.mark.parametrize("way", ["plain", "detailed"])
@pytest.mark.parametrize(
    "evidence",
    [{"mbids": True, "paths": False}, {"paths": True}, {"paths": False}],
    ids=["ids", "paths", "names"],
)
def test_new_ids_for_everything_leave_every_uid(shelf, serve, mirror, sync, clients, way, evidence):
    server = serve(library(shelf, **evidence), clients[way])
    sync(server, mirror)
    before, since = uids(mirror), mirror.last_seq()
    assert len(before) == 18
    library(shelf, lambda id: f"new-{id}", **evidence)
    shelf.token = "t1"
    report = sync(server, mirror)
    assert uids(mirror) == before
    assert feed(mirror, since) == {
        ("remapped", "track"): 12,
        ("remapped", "album"): 4,
        ("remapped", "artist"): 2,
    }
    assert report.kinds[Kind.TRACK].remapped == 12
    assert report.ambiguities == ()
    assert {track.album_id for track in mirror.iter_tracks()} == {
        album.ref.id for album in mirror.iter_albums()
    }


def test_two_artists_of_one_name_stay_two(shelf, serve, mirror, sync):
    server = serve(library(shelf, same_name=True))
    sync(server, mirror)
    before = uids(mirror)
    assert sum(key[:2] == ("artist", "Nirvana") for key in before) == 2
    library(shelf, lambda id: f"new-{id}", same_name=True)
    report = sync(server, mirror)
    assert uids(mirror) == before
    assert report.ambiguities == ()


def test_a_rehearsal_of_new_ids_counts_the_same_and_writes_nothing(shelf, serve, mirror, sync):
    server = serve(library(shelf))
    sync(server, mirror)
    since = mirror.last_seq()
    library(shelf, lambda id: f"new-{id}")
    rehearsed = sync(server, mirror, dry_run=True)
    assert mirror.last_seq() == since
    assert rehearsed.kinds == sync(server, mirror).kinds


def test_a_server_that_is_restored_has_its_old_ids_again(shelf, serve, mirror, sync):
    server = serve(library(shelf))
    sync(server, mirror)
    before = uids(mirror)
    for ids in (lambda id: f"new-{id}", str, lambda id: f"newer-{id}", lambda id: f"new-{id}"):
        library(shelf, ids)
        sync(server, mirror)
        assert uids(mirror) == before
    known = mirror.find(shelf.ref(Kind.TRACK, "tr000"))
    assert known.ids == ("new-tr000", "newer-tr000", "tr000") or set(known.ids) == {
        "new-tr000",
        "newer-tr000",
        "tr000",
    }
    assert known.ids[0] == "new-tr000"
    assert mirror.find(shelf.ref(Kind.TRACK, "new-tr000")) == known


def test_an_old_id_that_comes_back_as_something_else_is_a_new_item(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("9", "Other"))
    sync(server, mirror)
    uid = mirror.find(shelf.ref(Kind.TRACK, "1")).uid
    shelf.drop(shelf.track("1"))
    shelf.put(shelf.track("2", "Rope", path="/rope"))
    sync(server, mirror)
    assert mirror.find(shelf.ref(Kind.TRACK, "2")).uid == uid
    shelf.put(shelf.track("1", "Kite", path="/kite"))
    sync(server, mirror)
    assert mirror.get(uid).item.title == "Rope"
    assert mirror.get(uid).ids == ("2",)
    assert mirror.find(shelf.ref(Kind.TRACK, "1")).item.title == "Kite"
    assert mirror.counts().tracks == 3


def test_ids_that_swap_their_items_are_changes_not_moves_of_uids(shelf, serve, mirror, sync):
    # Nothing on the wire tells that the ids were swapped, and the id is what the server calls an item.
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("2", "Kite", path="/kite"))
    sync(server, mirror)
    since = mirror.last_seq()
    shelf.put(shelf.track("2", "Rope", path="/rope"), shelf.track("1", "Kite", path="/kite"))
    sync(server, mirror)
    assert feed(mirror, since) == {("changed", "track"): 2}


@pytest.mark.parametrize("way", ["plain", "detailed"])
def test_a_renamed_folder_is_the_same_album_and_the_same_tracks(shelf, serve, mirror, sync, clients, way):
    server = serve(library(shelf), clients[way])
    sync(server, mirror)
    before, since = uids(mirror), mirror.last_seq()
    moved = [item for item in shelf.items.values() if getattr(item, "album", "") == "Album 00"]
    shelf.changed, shelf.token = [], "t1"
    for track in moved:
        shelf.drop(track)
        ref = shelf.ref(Kind.TRACK, f"moved-{track.ref.id}")
        shelf.put(replace(track, ref=ref, path=track.path.replace("/0/0/", "/0/renamed/")))
    report = sync(server, mirror)
    assert uids(mirror) == before
    assert report.kinds[Kind.TRACK].remapped == 3
    assert {change.fields for change in mirror.changes(since)} == {("path",)}


def test_what_cannot_be_told_apart_is_reported_and_left_alone(shelf, serve, mirror, sync):
    server = serve(shelf)
    twins = {"album": "Twins", "track_number": 1, "duration_ms": 1000}
    shelf.put(
        shelf.track("1", "Same", **twins),
        shelf.track("2", "Same", **twins),
        shelf.track("3", "Other", path="/3"),
    )
    sync(server, mirror)
    old = {mirror.find(shelf.ref(Kind.TRACK, id)).uid for id in "12"}
    shelf.drop(shelf.track("1"), shelf.track("2"), shelf.track("3"))
    shelf.put(
        shelf.track("4", "Same", **twins),
        shelf.track("5", "Same", **twins),
        shelf.track("6", "Other", path="/3"),
    )
    report = sync(server, mirror, policy=SyncPolicy())
    assert sorted(one.ref.id for one in report.ambiguities) == ["4", "5"]
    counts = report.kinds[Kind.TRACK]
    assert (counts.added, counts.remapped, counts.missing) == (2, 1, 2)
    assert {mirror.find(shelf.ref(Kind.TRACK, id)).uid for id in "45"}.isdisjoint(old)
    assert all(mirror.get(uid).missing for uid in old)


def test_a_copy_of_an_item_that_is_still_there_is_a_new_one(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", album="A", track_number=1, path="/a"))
    sync(server, mirror)
    shelf.put(shelf.track("2", "Rope", album="A", track_number=1, path="/b"))
    report = sync(server, mirror)
    assert (report.kinds[Kind.TRACK].added, report.kinds[Kind.TRACK].remapped) == (1, 0)
    assert report.ambiguities == ()


def test_without_proof_an_item_that_may_be_a_known_one_stays_out(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("2", "Kite", path="/kite"))
    sync(server, mirror)
    shelf.drop(shelf.track("1"))
    shelf.put(shelf.track("3", "Rope", path="/rope"), shelf.track("4", "New", path="/new"))
    shelf.problems = [Problem(kind=Kind.TRACK, reason="damaged")]
    report = sync(server, mirror)
    assert report.state is SyncState.INCOMPLETE
    assert sorted(track.ref.id for track in mirror.iter_tracks()) == ["1", "2", "4"]
    shelf.problems = []
    assert sync(server, mirror).kinds[Kind.TRACK].remapped == 1
    assert sorted(track.ref.id for track in mirror.iter_tracks()) == ["2", "3", "4"]


def test_an_item_that_is_missing_and_comes_back_under_another_id_keeps_its_uid(shelf, serve, mirror, sync):
    server = serve(library(shelf))
    sync(server, mirror)
    before = uids(mirror)
    kept = dict(shelf.items)
    for item in list(shelf.items.values()):
        if item.ref.id.endswith(("00", "000", "001", "002")):
            shelf.drop(item)
    careful = SyncPolicy(grace_sweeps=5, confirm_above=1.0)
    assert sync(server, mirror, policy=careful).kinds[Kind.TRACK].missing == 4
    shelf.items = kept
    library(shelf, lambda id: f"new-{id}")
    assert sync(server, mirror, policy=careful).kinds[Kind.TRACK].remapped == 12
    assert uids(mirror) == before


def test_a_removed_item_that_comes_back_is_restored_under_any_id_it_had(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("9", "Other"))
    sync(server, mirror)
    uid = mirror.find(shelf.ref(Kind.TRACK, "1")).uid
    shelf.drop(shelf.track("1"))
    shelf.put(shelf.track("2", "Rope", path="/rope"))
    sync(server, mirror)
    shelf.drop(shelf.track("2"))
    sync(server, mirror)
    assert mirror.get(uid).removed
    since = mirror.last_seq()
    shelf.put(shelf.track("1", "Rope", path="/rope"))
    sync(server, mirror)
    assert [(change.type, change.uid) for change in mirror.changes(since)] == [(ChangeType.RESTORED, uid)]
    assert mirror.get(uid).item.ref.id == "1"


def test_two_former_ids_of_a_removed_item_do_not_share_its_uid(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("9", "Other"))
    sync(server, mirror)
    shelf.drop(shelf.track("1"))
    shelf.put(shelf.track("2", "Rope", path="/rope"))
    sync(server, mirror)
    shelf.drop(shelf.track("2"))
    sync(server, mirror)
    shelf.put(shelf.track("1", "Rope", path="/rope"), shelf.track("2", "Rope", path="/rope"))
    sync(server, mirror)
    assert sorted(track.ref.id for track in mirror.iter_tracks()) == ["1", "2", "9"]
    assert len({mirror.find(shelf.ref(Kind.TRACK, id)).uid for id in "129"}) == 3


def test_a_library_that_moved_to_another_server_keeps_its_uids(make_shelf, serve, mirror, sync):
    old, new = library(make_shelf(name="old")), library(make_shelf(name="new"), lambda id: f"n{id}")
    sync(serve(old), mirror)
    before = uids(mirror)
    assert mirror.move_server("old", "new") == 18
    assert all(known.missing for known in mirror.missing("new", Kind.TRACK))
    report = sync(serve(new), mirror)
    assert report.kinds[Kind.TRACK].remapped == 12
    assert uids(mirror) == before
    with pytest.raises(NotFoundError, match="knows no server 'old'"):
        mirror.move_server("old", "new")
    sync(serve(old), mirror)
    with pytest.raises(ConflictError, match="has items of the server 'new' already"):
        mirror.move_server("old", "new")


def test_it_is_known_who_wrote_a_field(shelf, serve, mirror, sync):
    server = serve(shelf)
    shelf.put(shelf.track("1", "Rope", year=1999))
    sync(server, mirror)
    shelf.put(shelf.track("1", "Rope", year=2001))
    sync(server, mirror)
    [uid] = {change.uid for change in mirror.changes()}
    first, second = (change.run for change in mirror.changes())
    written = mirror.written_by(uid)
    assert (written["title"].id, written["year"].id) == (first, second)
    assert written["year"].server == "music"
    with pytest.raises(NotFoundError):
        mirror.written_by("77")


def test_an_unknown_ref_is_not_found(shelf, mirror):
    for ref in (shelf.ref(Kind.TRACK, "1"), ItemRef("nowhere", Kind.TRACK, "1")):
        with pytest.raises(NotFoundError):
            mirror.find(ref)
