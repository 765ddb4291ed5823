"""Items go into the mirror and come out equal."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from soulsync_engine.errors import ContractViolationError, NotFoundError
from soulsync_engine.mirror import ChangeType, MirrorCounts
from soulsync_engine.models import Album, Artist, ArtistCredit, Kind, MusicBrainzIds

pytestmark = pytest.mark.costly

T1 = datetime(2024, 2, 29, 12, 30, 45, 123456, tzinfo=UTC)
MUSICBRAINZ = MusicBrainzIds(
    recording="r", track="t", release="l", release_group="g", artists=("a", "b"), album_artists=("c",)
)


def full_items(shelf):
    artist = Artist(
        ref=shelf.ref(Kind.ARTIST, "ar1"),
        name="Beyoncé",
        sort_name="Beyoncé",
        genres=("Pop", "R&B"),
        biography="…",
        musicbrainz_id="m",
        album_count=1,
        track_count=2,
        rating=80,
        favorite=True,
        library_id="L1",
        added=T1,
        updated=T1,
    )
    album = Album(
        ref=shelf.ref(Kind.ALBUM, "al1"),
        title="Album",
        artists=(ArtistCredit(name="B", id="2"), ArtistCredit(name="A")),
        sort_title="album",
        year=1999,
        genres=("Pop",),
        compilation=False,
        track_count=3,
        disc_count=1,
        duration_ms=1000,
        musicbrainz=MUSICBRAINZ,
        rating=0,
        favorite=False,
        play_count=4,
        library_id="L1",
        added=T1,
        updated=T1,
    )
    track = shelf.track(
        "tr1",
        "Title",
        artists=(ArtistCredit(name="B", id="2"), ArtistCredit(name="A"), ArtistCredit(name="B", id="2")),
        album="Album",
        album_id="al1",
        album_artists=(ArtistCredit(name="C"),),
        disc=1,
        track_number=2,
        duration_ms=3,
        year=4,
        genres=("x", "y"),
        musicbrainz=MUSICBRAINZ,
        isrcs=("I1", "I2"),
        path="/music/a.flac",
        size=2**40,
        bitrate=5,
        codec="flac",
        sample_rate=6,
        rating=100,
        favorite=True,
        play_count=7,
        last_played=T1,
        added=T1,
        updated=T1,
    )
    return artist, album, track


def test_every_field_comes_back_as_it_was(shelf, serve, mirror, sync):
    artist, album, track = full_items(shelf)
    shelf.put(artist, album, track)
    sync(serve(shelf), mirror)
    assert list(mirror.iter_artists()) == [artist]
    assert list(mirror.iter_albums()) == [album]
    assert list(mirror.iter_tracks()) == [track]
    assert mirror.counts() == MirrorCounts(libraries=1, artists=1, albums=1, tracks=1)
    assert mirror.libraries("music") == shelf.libraries


@pytest.mark.parametrize(
    "text", ["a\0b", "\udcff", "\udcff\\x.mp3", "é\udc80", "M" * 1_000_000, "", "'; DROP TABLE tracks"]
)
def test_any_text_comes_back_as_it_was(shelf, serve, mirror, text, sync):
    track = shelf.track("1", "x", path=text, artists=(ArtistCredit(name=text),), album=text)
    track = replace(track, title=text)
    shelf.put(track, shelf.track("2"))
    sync(serve(shelf), mirror)
    assert list(mirror.iter_tracks()) == [track, shelf.track("2")]
    again = sync(serve(shelf), mirror)
    assert again.kinds[Kind.TRACK].unchanged == 2
    shelf.put(replace(track, title="plain", path="/p", artists=(ArtistCredit(name=text),), album=None))
    sync(serve(shelf), mirror)
    assert next(mirror.iter_tracks()) == shelf.items[Kind.TRACK, "1"]
    shelf.drop(track)
    sync(serve(shelf), mirror)
    assert [change.type for change in mirror.changes()][-1] is ChangeType.REMOVED


@pytest.mark.parametrize("id", ["x" * 1000, "\n\x01", "1", "01", "١", " "])
def test_ids_are_opaque(shelf, serve, mirror, id, sync):
    shelf.put(shelf.track(id))
    sync(serve(shelf), mirror)
    assert [track.ref.id for track in mirror.iter_tracks()] == [id]
    assert sync(serve(shelf), mirror).kinds[Kind.TRACK].unchanged == 1


@pytest.mark.parametrize("id", ["a\0b", "x" * 10_000, "\udcff"])
def test_ids_that_no_database_holds_are_the_backends_fault(shelf, serve, mirror, id, sync):
    shelf.put(shelf.track("1"))
    sync(serve(shelf), mirror)
    shelf.put(shelf.track(id))
    with pytest.raises(ContractViolationError, match="an id"):
        sync(serve(shelf), mirror)
    assert [track.ref.id for track in mirror.iter_tracks()] == ["1"]


@pytest.mark.parametrize(
    "values", [{"size": 2**80}, {"added": datetime(2024, 1, 1)}, {"size": 2**63}, {"title": None}]
)
def test_a_value_that_cannot_be_stored_is_the_backends_fault(shelf, serve, mirror, values, sync):
    shelf.put(shelf.track("1"), replace(shelf.track("odd"), **values))
    with pytest.raises(ContractViolationError):
        sync(serve(shelf), mirror)


def test_an_id_that_is_no_text_is_the_backends_fault(shelf, serve, mirror, sync):
    shelf.put(shelf.track("\udcff"))
    with pytest.raises(ContractViolationError, match="no valid text"):
        sync(serve(shelf), mirror)


def test_fields_that_were_not_sent_keep_their_value(shelf, serve, mirror, sync):
    whole = shelf.track("1", genres=("Pop",), year=1999, artists=(ArtistCredit(name="A"),))
    shelf.put(whole)
    sync(serve(shelf), mirror)
    omitted = frozenset({"genres", "year", "artists"})
    shelf.put(replace(whole, title="New", genres=(), year=None, artists=(), omitted=omitted))
    sync(serve(shelf), mirror)
    assert list(mirror.iter_tracks()) == [replace(whole, title="New")]
    assert [change.fields for change in mirror.changes()] == [(), ("title",)]
    assert sync(serve(shelf), mirror).kinds[Kind.TRACK].unchanged == 1


def test_a_field_that_was_never_sent_is_known_as_such_until_it_is(shelf, serve, mirror, sync):
    partial = shelf.track("1", omitted=frozenset({"genres"}))
    shelf.put(partial)
    sync(serve(shelf), mirror)
    assert list(mirror.iter_tracks()) == [partial]
    shelf.put(shelf.track("1"))
    sync(serve(shelf), mirror)
    assert list(mirror.iter_tracks()) == [shelf.track("1")]
    assert mirror.last_seq() == 1


def test_the_same_id_on_two_servers_is_two_items(make_shelf, serve, mirror, sync):
    one, two = make_shelf(name="one"), make_shelf(name="two")
    for shelf in (one, two):
        shelf.put(shelf.track("7", f"On {shelf.name}"), shelf.track("8", "Another"))
        sync(serve(shelf), mirror)
    assert [track.title for track in mirror.iter_tracks()] == ["On one", "Another", "On two", "Another"]
    assert [track.title for track in mirror.iter_tracks("two")] == ["On two", "Another"]
    assert mirror.counts("one").tracks == 2
    one.drop(one.track("7"))
    sync(serve(one), mirror)
    assert [track.title for track in mirror.iter_tracks()] == ["Another", "On two", "Another"]
    assert [hit.item.ref.server for hit in mirror.search("on")] == ["two"]


def test_two_artists_of_one_name_stay_two(shelf, serve, mirror, sync):
    shelf.put(*(Artist(ref=shelf.ref(Kind.ARTIST, id), name="Nirvana") for id in ("1", "2")))
    sync(serve(shelf), mirror)
    assert [artist.ref.id for artist in mirror.iter_artists()] == ["1", "2"]
    assert len(mirror.search("nirvana")) == 2


def test_a_uid_outlives_removal(shelf, serve, mirror, sync):
    shelf.put(shelf.track("1"), shelf.track("2"))
    sync(serve(shelf), mirror)
    uid = mirror.search("title 1")[0].uid
    shelf.drop(shelf.track("1"))
    sync(serve(shelf), mirror)
    assert mirror.get(uid).removed
    assert mirror.search("title 1") == ()
    assert mirror.counts().tracks == 1
    shelf.put(shelf.track("1"))
    sync(serve(shelf), mirror)
    assert not mirror.get(uid).removed
    assert mirror.search("title 1")[0].uid == uid


@pytest.mark.parametrize("uid", ["", "0", "99", "-1", "x", "٣", "9" * 40])
def test_an_unknown_uid_is_not_found(mirror, uid):
    with pytest.raises(NotFoundError):
        mirror.get(uid)


def test_readers_go_on_while_a_sync_writes(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=50)
    shelf.put(*(shelf.track(str(number), "Song") for number in range(500)))
    stop, failures, seen = threading.Event(), [], ([], [])

    def read(mine):
        try:
            while not stop.is_set():
                mine.append(mirror.counts().tracks)
                seqs = [change.seq for change in mirror.changes()]
                assert seqs == list(range(1, len(seqs) + 1))
                mirror.search("song")
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    readers = [threading.Thread(target=read, args=[mine]) for mine in seen]
    for reader in readers:
        reader.start()
    for round_ in range(3):
        shelf.put(*(shelf.track(str(number), f"Song {round_}") for number in range(500)))
        sync(serve(shelf), mirror)
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert all(mine and mine == sorted(mine) for mine in seen)
