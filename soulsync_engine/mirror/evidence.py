"""What speaks for two records being of one item: pure functions of items.

An item whose id has gone and one whose id is new are the same when the first kind of evidence that both have, in this
order, is the same, and each of the two has it alone:

0. the ledger: the new id is one that this very item had before;
1. MusicBrainz: the id of the track on its release; of the release; of the artist;
2. MusicBrainz: the recording, on an album of that id or title;
3. the file: its path;
4. for albums and artists: most of their tracks, or albums, went from the one to the other (see `votes_of`);
5. the names: of tracks the album, disc, number, title and length; of albums the artists, title and year; of artists
   the name.

So two artists of one name stay two, whichever of them gets another id.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from hashlib import blake2b
from typing import Final

from soulsync_engine.matching import search_key
from soulsync_engine.models import Album, ArtistCredit, Item, Kind, Track


class Evidence(IntEnum):
    """The kinds, the strongest first."""

    LEDGER = 0
    MUSICBRAINZ_ID = 1
    MUSICBRAINZ_RECORDING = 2
    PATH = 3
    MEMBERS = 4
    NAMES = 5


BY_KEY: Final = (
    Evidence.MUSICBRAINZ_ID,
    Evidence.MUSICBRAINZ_RECORDING,
    Evidence.PATH,
    Evidence.NAMES,
)
"""The kinds that a key tells."""


def keys_of(item: Item) -> Iterator[tuple[Evidence, int]]:
    """The evidence an item has, each as a number that is the same for the same evidence."""
    if isinstance(item, Track):
        yield from _of_track(item)
    elif isinstance(item, Album):
        if item.musicbrainz.release:
            yield Evidence.MUSICBRAINZ_ID, _key(item.musicbrainz.release)
        names = sorted(search_key(credit.name) for credit in item.artists)
        yield Evidence.NAMES, _key(search_key(item.title), str(item.year), *names)
    else:
        if item.musicbrainz_id:
            yield Evidence.MUSICBRAINZ_ID, _key(item.musicbrainz_id)
        yield Evidence.NAMES, _key(search_key(item.name))


def _of_track(track: Track) -> Iterator[tuple[Evidence, int]]:
    ids = track.musicbrainz
    album = search_key(track.album) if track.album else ""
    if ids.track:
        yield Evidence.MUSICBRAINZ_ID, _key(ids.track)
    if ids.recording and (ids.release or album):
        yield Evidence.MUSICBRAINZ_RECORDING, _key(ids.recording, ids.release or album)
    if track.path:
        yield Evidence.PATH, _key(track.path)
    if album and (track.track_number is not None or track.duration_ms is not None):
        # Servers round lengths differently after they read a file anew.
        seconds = None if track.duration_ms is None else round(track.duration_ms / 1000)
        place = (str(track.disc or 1), str(track.track_number), str(seconds))
        yield Evidence.NAMES, _key(album, *place, search_key(track.title))


def votes_of(before: Item, after: Item) -> Iterator[tuple[str, str, str]]:
    """Ids of other items that seem to have changed between two states of one: kind, old id, new id."""
    if isinstance(before, Track) and isinstance(after, Track):
        if before.album_id and after.album_id and before.album_id != after.album_id:
            yield Kind.ALBUM.value, before.album_id, after.album_id
        yield from _of_artists(before.artists, after.artists)
        yield from _of_artists(before.album_artists, after.album_artists)
    elif isinstance(before, Album) and isinstance(after, Album):
        yield from _of_artists(before.artists, after.artists)


def _of_artists(
    before: tuple[ArtistCredit, ...], after: tuple[ArtistCredit, ...]
) -> Iterator[tuple[str, str, str]]:
    if before == after or len(before) != len(after):
        return
    for old, new in zip(before, after, strict=True):
        if old.id and new.id and old.id != new.id and search_key(old.name) == search_key(new.name):
            yield Kind.ARTIST.value, old.id, new.id


def _key(*parts: str) -> int:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
