"""Years and genres of tracks, which come from their albums: as they are now, whatever was read before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from soulsync_engine.errors import UnavailableError
from soulsync_engine.models import AlbumPatch, Kind
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import Answer, Exchange, status
from soulsync_plex.simulator import SEVERAL, PlexSimulator

Connect = Callable[..., MediaServer]

SWEEPING = 1000


def genres(server: MediaServer, album: str) -> set[tuple[str, ...]]:
    """What a page of a sweep says of the tracks of an album."""
    return {
        track.genres
        for track in server.list_tracks(cursor="1", limit=SWEEPING).items
        if track.album_id == album
    }


def test_what_a_sweep_read_of_albums_is_not_believed_afterwards(server: MediaServer) -> None:
    token = server.change_token()
    track = server.list_tracks(cursor="5", limit=SWEEPING).items[0]
    assert track.album_id is not None
    server.update_album(track.album_id, AlbumPatch(genres=("Dusk",)))
    (now,) = server.get_items(Kind.TRACK, [track.ref.id])
    assert now.genres == ("Dusk",) != track.genres
    changed = server.list_changed(Kind.TRACK, since=token, limit=100).items
    assert {item.genres for item in changed if item.album_id == track.album_id} == {("Dusk",)}
    playlist = server.create_playlist("Dusk", [track]).playlist
    assert [entry.track and entry.track.genres for entry in server.iter_playlist_entries(playlist)] == [
        ("Dusk",)
    ]


def test_a_new_sweep_reads_the_albums_of_every_library_anew(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    server = connect(running(small(), personality=SEVERAL))
    last = list(server.iter_tracks())[-1]
    assert last.album_id is not None
    assert genres(server, last.album_id) == {last.genres}
    server.update_album(last.album_id, AlbumPatch(genres=("Dusk",)))
    server.list_tracks(limit=1)
    assert genres(server, last.album_id) == {("Dusk",)}


@pytest.mark.parametrize("limit", [5, SWEEPING])
def test_a_page_whose_albums_cannot_be_read_is_no_page(
    plex: PlexSimulator, server: MediaServer, limit: int
) -> None:
    server.list_libraries()
    paths = ("/library/metadata/*", "/library/sections/2/all")
    # At the second address the tracks come first.
    for path, request in zip(paths, (1, 2), strict=True):
        plex.faults.at(request, status(500), path=path)
    with pytest.raises(UnavailableError):
        server.list_tracks(cursor="5", limit=limit)


def test_albums_of_several_libraries_are_looked_up_in_one_request(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    simulator = running(small(), personality=SEVERAL)
    server = connect(simulator)
    ids = server.list_ids(Kind.TRACK, limit=100).items
    simulator.forget()
    tracks = server.get_items(Kind.TRACK, ids)
    assert len({track.library_id for track in tracks}) == 2
    assert len(simulator.requests) == 2


def test_albums_are_read_of_those_libraries_alone_whose_tracks_lack_something(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    simulator = running(small(), personality=SEVERAL)
    server = connect(simulator)
    everything = list(server.iter_tracks())
    complete, lacking = everything[0].library_id, everything[-1].library_id
    server.list_tracks(limit=1)

    def with_genres(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        told = plain.body.replace(
            b'"type":"track"', b'"type":"track","parentYear":1999,"Genre":[{"tag":"Dusk"}]'
        )
        return replace(plain, body=told)

    simulator.faults.always(with_genres, path=f"/library/sections/{complete}/all")
    simulator.forget()
    tracks = server.list_tracks(cursor="1", limit=SWEEPING).items
    asked = [request.path for request in simulator.requests if ("type", "9") in request.query]
    assert asked == [f"/library/sections/{lacking}/all"]
    assert {track.genres for track in tracks if track.library_id == complete} == {("Dusk",)}
    assert all("genres" not in track.omitted for track in tracks)


def test_an_album_that_its_library_does_not_list_is_looked_up_for_its_tracks(
    plex: PlexSimulator, server: MediaServer
) -> None:
    tracks = server.list_tracks(cursor="1", limit=SWEEPING).items
    lost = tracks[-1].album_id
    server.list_tracks(limit=1)

    def without_one(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        listing = json.loads(plain.body)
        rows = listing["MediaContainer"]["Metadata"]
        if ("type", "9") in exchange.request.query:
            listing["MediaContainer"]["Metadata"] = [row for row in rows if row["ratingKey"] != lost]
            listing["MediaContainer"]["totalSize"] = len(listing["MediaContainer"]["Metadata"])
        return replace(plain, body=json.dumps(listing).encode())

    plex.faults.always(without_one, path="/library/sections/2/all")
    plex.forget()
    assert server.list_tracks(cursor="1", limit=SWEEPING).items == tracks
    assert [request.path for request in plex.requests].count(f"/library/metadata/{lost}") == 1
