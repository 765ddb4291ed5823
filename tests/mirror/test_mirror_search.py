"""Search over the mirror."""

from __future__ import annotations

import pytest

from soulsync_engine.mirror.search import refresh_index
from soulsync_engine.mirror.search.layout import RANKED
from soulsync_engine.models import Album, Artist, ArtistCredit, Kind


@pytest.fixture
def stocked(shelf, serve, mirror, sync):
    def credit(name):
        return (ArtistCredit(name=name),)

    shelf.put(
        shelf.track("1", "Déjà Vu", artists=credit("Beyoncé"), album="B'Day"),
        shelf.track("2", "群青日和", artists=credit("東京事変"), album="教育"),
        shelf.track("3", "Don’t Stop", artists=credit("Fleetwood Mac"), album="Rumours", library_id="L2"),
        shelf.track("4", "!!!", artists=credit("Chk")),
        shelf.track("5", "Мумий", artists=credit("Тролль")),
        shelf.track("6", "사랑했지만", artists=credit("김광석")),
        shelf.track("7", "Stop", artists=credit("Sam")),
        Album(
            ref=shelf.ref(Kind.ALBUM, "1"), title="Rumours", artists=credit("Fleetwood Mac"), library_id="L2"
        ),
        Artist(ref=shelf.ref(Kind.ARTIST, "1"), name="Fleetwood Mac"),
    )
    sync(serve(shelf), mirror)
    return mirror


@pytest.mark.costly
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("deja vu", ["1"]),
        ("DÉJÀ", ["1"]),
        ("beyonce dej", ["1"]),
        ("bday", ["1"]),
        ("dont stop", ["3"]),
        ("don't", ["3"]),
        ("stop", ["7", "3"]),
        ("mac stop", ["3"]),
        ("mac nothing", []),
        ("群青", ["2"]),
        ("青日", ["2"]),
        ("日", ["2"]),
        ("和", ["2"]),
        ("事変 群青", ["2"]),
        ("京東", []),
        ("東京事変", ["2"]),
        ("!!!", ["4"]),
        ("мумий", ["5"]),
        ("тро", ["5"]),
        ("사랑", ["6"]),
        ("했지", ["6"]),
        ("", []),
        ("\0 ", []),
        ("\udcff", []),
        ('" OR "', []),
        ("title:stop*", []),
        ("x" * 1_000_000, []),
    ],
)
def test_words_are_found_however_they_are_written(stocked, text, ids):
    assert [hit.item.ref.id for hit in stocked.search(text, kinds={Kind.TRACK})] == ids


def test_all_kinds_are_searched_unless_told_otherwise(stocked):
    assert {hit.item.ref.kind for hit in stocked.search("fleetwood")} == {Kind.ARTIST, Kind.ALBUM, Kind.TRACK}
    assert [hit.item.ref.kind for hit in stocked.search("fleetwood", kinds=[Kind.ALBUM])] == [Kind.ALBUM]


def test_a_search_stays_in_its_scope(stocked):
    assert [hit.item.ref.id for hit in stocked.search("stop", server="music", libraries=["L1"])] == ["7"]
    assert stocked.search("stop", server="elsewhere") == ()
    assert stocked.search("stop", libraries=[]) == ()


def test_pages_follow_each_other(stocked):
    whole = stocked.search("fleetwood")
    paged = [hit for start in range(4) for hit in stocked.search("fleetwood", limit=1, offset=start)]
    assert tuple(paged) == whole
    assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)


def test_of_very_many_hits_the_first_are_ranked_and_a_narrower_text_finds_the_others(
    make_shelf, serve, mirror, sync
):
    shelf = make_shelf(page_size=5000)
    shelf.put(*(shelf.track(str(number), f"Song {number}") for number in range(RANKED + 1)))
    sync(serve(shelf), mirror)
    assert len(mirror.search("song", limit=2 * RANKED)) == RANKED
    assert len(mirror.search("song", limit=10, offset=RANKED - 5)) == 5
    assert [hit.item.title for hit in mirror.search("song", limit=2)] == ["Song 0", "Song 1"]
    assert [hit.item.ref.id for hit in mirror.search(f"song {RANKED}")] == [str(RANKED)]


def test_better_fits_come_first_and_of_those_shorter_titles(make_shelf, serve, mirror, sync):
    shelf = make_shelf(page_size=20)
    love, other = (ArtistCredit(name="Love"),), (ArtistCredit(name="Other"),)
    shelf.put(
        shelf.track("album", "Song", artists=other, album="Love"),
        shelf.track("artist", "Song", artists=love),
        shelf.track("inside", "All My Love", artists=other),
        shelf.track("begun", "Lovely Day", artists=other),
        shelf.track("longer", "Love Me Do", artists=other, album="Love"),
        shelf.track("exact", "Love", artists=love),
        shelf.track("none", "Day", artists=other),
        Artist(ref=shelf.ref(Kind.ARTIST, "name"), name="Love"),
    )
    sync(serve(shelf), mirror)
    order = ["name", "exact", "begun", "longer", "inside", "artist", "album"]
    assert [hit.item.ref.id for hit in mirror.search("love")] == order
    assert [hit.item.ref.id for hit in mirror.search("LOVÉ do")] == ["longer"]
    assert [hit.item.ref.id for hit in mirror.search("other love")] == ["begun", "longer", "inside", "album"]
    assert [hit.item.ref.id for hit in mirror.search("day love")] == ["begun"]
    scores = [hit.score for hit in mirror.search("love")]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 5


def test_a_retitled_item_is_found_by_its_new_title_only(stocked, shelf, serve, sync):
    shelf.put(shelf.track("7", "Go"))
    sync(serve(shelf), stocked)
    assert [hit.item.ref.id for hit in stocked.search("go", kinds={Kind.TRACK})] == ["7"]
    assert [hit.item.ref.id for hit in stocked.search("sam")] == []


def test_an_index_made_anew_is_the_one_that_was_written_with_the_items(stocked, shelf, serve, sync):
    shelf.put(
        shelf.track(
            "7", "Go", artists=(ArtistCredit(name="B"), ArtistCredit(name="A"), ArtistCredit(name="B"))
        ),
        shelf.track("8", "\udcff Ö\0", album_artists=(ArtistCredit(name="\udcffA"),), album="事変\udcff"),
        shelf.track("9", "\udcff"),
    )
    shelf.drop(shelf.track("1"))
    sync(serve(shelf), stocked)
    shelf.put(shelf.track("1", "Back"), shelf.track("2", "Moved", path="/x"))
    sync(serve(shelf), stocked)
    written = index(stocked)
    with stocked.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM counters WHERE name = 'normalisation'")
    refresh_index(stocked.database)
    assert index(stocked) == written
    assert len(written) == 9 + 2


def test_an_index_that_has_fallen_behind_is_brought_up_by_the_next_sync(stocked, shelf, serve, sync):
    with stocked.database.writing() as connection:
        connection.exec_driver_sql("UPDATE counters SET value = value - 3 WHERE name = 'indexed'")
        connection.exec_driver_sql("DELETE FROM albums_search")
        connection.exec_driver_sql("DELETE FROM artists_search")
    shelf.put(shelf.track("7", "Go"))
    sync(serve(shelf), stocked)
    assert {hit.item.ref.kind for hit in stocked.search("fleetwood")} == {Kind.ARTIST, Kind.ALBUM, Kind.TRACK}
    assert [hit.item.ref.id for hit in stocked.search("go", kinds={Kind.TRACK})] == ["7"]


def index(mirror):
    with mirror.database.reading() as connection:
        return [
            (table, *row)
            for table in ("artists_search", "albums_search", "tracks_search")
            for row in connection.exec_driver_sql(f"SELECT rowid, * FROM {table} ORDER BY rowid")
        ]


def test_refreshing_the_index_again_writes_nothing(stocked):
    told = []
    refresh_index(stocked.database, lambda done, total: told.append(done))
    assert told == []
