"""A server that issues every id anew: everything that identifies an item otherwise stays what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.models import Album, Artist, Item, Kind, Track
from soulsync_engine.testing.scenarios import odd
from soulsync_navidrome.simulator import (
    NAVIDROME_AFTER_REID,
    NAVIDROME_BEFORE_REID,
    Catalogue,
    Naming,
    NavidromeSimulator,
    Song,
    from_scenario,
)

Engines = Callable[..., MediaServerEngine]
Key = tuple[object, ...]
ways = pytest.mark.parametrize("native", [True, False], ids=["native", "search"])
NAMESAKES = {"of Leeds": "Harbour Lights", "of Lyon": "Quai Nord"}
"""Two artists of one name, and the album that each of them has."""


def library(naming: Naming) -> Catalogue:
    """The odd scenario, and two artists who have nothing in common but their name."""
    catalogue = from_scenario(odd(), naming)
    like = next(iter(catalogue.songs.values()))
    return Catalogue([*catalogue.songs.values(), *_by_namesakes(naming, like)], catalogue.libraries.values())


def _by_namesakes(naming: Naming, like: Song) -> Iterable[Song]:
    for whose, album in NAMESAKES.items():
        credited = ((naming("artist", "Echo", whose), "Echo"),)
        for number, title in enumerate(("Intro", album), start=1):
            path = f"Echo {whose}/{album}/{number:02} {title}.mp3"
            yield replace(
                like,
                id=naming("song", path),
                title=title,
                artists=credited,
                album_artists=credited,
                album=album,
                album_id=naming("album", album, whose),
                disc=1,
                number=number,
                path=path,
                recording_id=None,
                isrcs=(),
                compilation=False,
            )


def natural_keys(items: Iterable[Item]) -> dict[Key, str]:
    """Who or what each item is to people, whatever its id: the ids by that. No two items may be alike."""
    artists: dict[str, str] = {}
    albums: dict[str, Album] = {}
    tracks: list[Track] = []
    for item in items:
        if isinstance(item, Artist):
            artists[item.ref.id] = item.name
        elif isinstance(item, Album):
            albums[item.ref.id] = item
        else:
            tracks.append(item)
    keys: list[tuple[Key, str]] = []
    for artist_id, name in artists.items():
        own = frozenset(
            album.title for album in albums.values() if artist_id in {credit.id for credit in album.artists}
        )
        keys.append((("artist", name, own), artist_id))
    for album_id, album in albums.items():
        names = tuple(credit.name for credit in album.artists)
        titles = frozenset(
            (track.disc, track.track_number, track.title) for track in tracks if track.album_id == album_id
        )
        keys.append((("album", album.title, names, titles), album_id))
    for track in tracks:
        whose = natural_album(track, albums)
        keys.append((("track", whose, track.disc, track.track_number, track.title, track.size), track.ref.id))
    found = dict(keys)
    assert len(found) == len(keys), "the natural keys of this library are not keys"
    return found


def natural_album(track: Track, albums: dict[str, Album]) -> Key:
    album = albums[track.album_id or ""]
    return (album.title, tuple(credit.name for credit in album.artists))


def mirrored(engine: MediaServerEngine) -> dict[Key, str]:
    """The mirror's uids by the natural keys of the items that are there."""
    found = [engine.mirror.get(uid) for uid in {change.uid for change in engine.mirror.changes()}]
    here = {entry.item.ref: entry for entry in found if not entry.removed}
    uids = {(ref.kind, ref.id): entry.uid for ref, entry in here.items()}
    keys = natural_keys(entry.item for entry in here.values())
    return {key: uids[Kind(str(key[0])), native_id] for key, native_id in keys.items()}


def read(engine: MediaServerEngine) -> dict[Key, str]:
    """The server's ids by natural keys."""
    server = engine.server("home")
    return natural_keys([*server.iter_artists(), *server.iter_albums(), *server.iter_tracks()])


@ways
def test_all_ids_are_new_and_who_is_who_stays_as_it_was(engines: Engines, native: bool) -> None:
    with NavidromeSimulator(NAVIDROME_BEFORE_REID, content=library) as simulator:
        engine = engines({**simulator.settings(), "native_api": native})
        before, token = read(engine), engine.server("home").change_token()
        simulator.become(NAVIDROME_AFTER_REID)
        after = read(engine)
        assert before.keys() == after.keys()
        assert set(before.values()).isdisjoint(after.values()), "every artist, album and track is issued anew"
        assert {key[0] for key in before} == {"artist", "album", "track"}
        assert sum(key[:2] == ("artist", "Echo") for key in after) == 2
        assert engine.server("home").change_token() != token, "so that a sync looks at all"


@ways
def test_new_ids_for_everything_leave_the_mirrors_uids_in_place(engines: Engines, native: bool) -> None:
    with NavidromeSimulator(NAVIDROME_BEFORE_REID, content=library) as simulator:
        engine = engines({**simulator.settings(), "native_api": native})
        engine.sync()
        before, seq = mirrored(engine), engine.mirror.last_seq()
        assert before.keys() == read(engine).keys()
        simulator.become(NAVIDROME_AFTER_REID)
        engine.sync()
        assert mirrored(engine) == before
        gone = [change for change in engine.mirror.changes(seq) if change.type in ("added", "removed")]
        assert gone == [], "nothing was added and nothing removed"
        assert engine.mirror.counts("home").artists == sum(key[0] == "artist" for key in before)
