"""What a reference server holds, and which of it changed at which revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import TypeVar

from soulsync_engine.models import (
    Album,
    Artist,
    ArtistCredit,
    Item,
    ItemRef,
    Kind,
    Library,
    MusicBrainzIds,
    Track,
)
from soulsync_engine.testing.audio import TEMPLATES
from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack

UNKNOWN = "Unknown"
_SERVER = ""
_TIMES = frozenset({"added", "updated"})

ItemT = TypeVar("ItemT", Artist, Album, Track)
Key = tuple[Kind, str]


@dataclass(slots=True)
class Catalogue:
    """Artists, albums and tracks by id, in a stable order. References lack the server's name until they leave."""

    libraries: dict[str, Library] = field(default_factory=dict)
    artists: dict[str, Artist] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    artist_libraries: dict[str, set[str]] = field(default_factory=dict)
    covers: dict[Key, bytes] = field(default_factory=dict)
    locked: dict[Key, set[str]] = field(default_factory=dict)
    changed: dict[Key, int] = field(default_factory=dict)
    removed: dict[Key, int] = field(default_factory=dict)
    revision: int = 0
    _ids: dict[tuple[str, ...], str] = field(default_factory=dict)

    def load(self, scenario: Scenario) -> None:
        """Hold this scenario from now on, as after a scan. What stays keeps its id; locked fields keep their value."""
        self.revision += 1
        names = scenario.libraries
        self.libraries = {
            self._id("library", name): Library(id=self._id("library", name), name=name) for name in names
        }
        self.artist_libraries = {}
        artists: dict[str, Artist] = {}
        albums: dict[str, list[Track]] = {}
        tracks: dict[str, Track] = {}
        for entry in scenario.tracks:
            track = self._track(entry)
            tracks[track.ref.id] = track
            albums.setdefault(track.album_id or "", []).append(track)
            for credit in track.album_artists:
                artist_id = credit.id or ""
                artists.setdefault(artist_id, Artist(ref=_ref(Kind.ARTIST, artist_id), name=credit.name))
                self.artist_libraries.setdefault(artist_id, set()).add(track.library_id or "")
            if entry.cover is not None:
                self.covers[Kind.ALBUM, track.album_id or ""] = entry.cover
        compilations = {self._album_id(entry) for entry in scenario.tracks if entry.compilation}
        made = {key: _album(key, members, key in compilations) for key, members in albums.items()}
        self.artists = self._settle(Kind.ARTIST, self.artists, _counted(artists, made))
        self.albums = self._settle(Kind.ALBUM, self.albums, made)
        self.tracks = self._settle(Kind.TRACK, self.tracks, tracks)

    def of_kind(self, kind: Kind) -> Mapping[str, Item]:
        """All items of one kind, by id."""
        if kind is Kind.ARTIST:
            return self.artists
        return self.albums if kind is Kind.ALBUM else self.tracks

    def libraries_of(self, item: Item) -> set[str]:
        """The ids of the libraries an item is in."""
        if isinstance(item, Artist):
            return self.artist_libraries.get(item.ref.id, set())
        return {item.library_id or ""}

    def edit(self, item: Item) -> None:
        """Store an edited item."""
        self.revision += 1
        stamped = replace(item, updated=datetime.now(UTC))
        if isinstance(stamped, Artist):
            self.artists[item.ref.id] = stamped
        elif isinstance(stamped, Album):
            self.albums[item.ref.id] = stamped
        else:
            self.tracks[item.ref.id] = stamped
        self.changed[item.ref.kind, item.ref.id] = self.revision

    def _settle(self, kind: Kind, old: Mapping[str, ItemT], new: Mapping[str, ItemT]) -> dict[str, ItemT]:
        now = datetime.now(UTC)
        settled: dict[str, ItemT] = {}
        for item_id, item in new.items():
            before = old.get(item_id)
            if before is None:
                settled[item_id] = replace(item, added=now, updated=now)
                self.removed.pop((kind, item_id), None)
            else:
                kept = {name: getattr(before, name) for name in self.locked.get((kind, item_id), ())}
                candidate = replace(item, added=before.added, updated=before.updated, **kept)
                settled[item_id] = candidate if _same(candidate, before) else replace(candidate, updated=now)
            if before is None or settled[item_id] != before:
                self.changed[kind, item_id] = self.revision
        for item_id in old.keys() - new.keys():
            self.removed[kind, item_id] = self.revision
            self.changed.pop((kind, item_id), None)
        return settled

    def _track(self, entry: ScenarioTrack) -> Track:
        template = TEMPLATES[entry.format]
        album_artists = entry.album_artists or entry.artists or (UNKNOWN,)
        return Track(
            ref=_ref(Kind.TRACK, self._id("track", entry.library, entry.file)),
            title=entry.title or _stem(entry.file),
            artists=tuple(self._credit(name) for name in entry.artists or (UNKNOWN,)),
            album=entry.album or _folder(entry.file),
            album_id=self._album_id(entry),
            album_artists=tuple(self._credit(name) for name in album_artists),
            disc=entry.disc,
            track_number=entry.track_number,
            duration_ms=template.duration_ms,
            year=entry.year,
            genres=entry.genres,
            musicbrainz=MusicBrainzIds(recording=entry.recording_id),
            isrcs=entry.isrcs,
            path=f"/{entry.library}/{entry.file}",
            size=len(template.data()),
            bitrate=max(1, len(template.data()) * 8 // template.duration_ms),
            codec=template.codec,
            sample_rate=template.sample_rate,
            library_id=self._id("library", entry.library),
        )

    def _album_id(self, entry: ScenarioTrack) -> str:
        artists = entry.album_artists or entry.artists or (UNKNOWN,)
        return self._id("album", entry.library, entry.album or _folder(entry.file), *artists)

    def _credit(self, name: str) -> ArtistCredit:
        return ArtistCredit(name=name, id=self._id("artist", name))

    def _id(self, *key: str) -> str:
        """An id that says nothing and is the same for the same key."""
        return self._ids.setdefault(key, f"{key[0][:2]}-{len(self._ids) + 1:x}")


def _ref(kind: Kind, id: str) -> ItemRef:
    return ItemRef(_SERVER, kind, id)


def _album(id: str, tracks: list[Track], compilation: bool) -> Album:
    first = tracks[0]
    return Album(
        ref=_ref(Kind.ALBUM, id),
        title=first.album or UNKNOWN,
        artists=first.album_artists,
        year=first.year,
        genres=tuple(dict.fromkeys(genre for track in tracks for genre in track.genres)),
        compilation=compilation,
        track_count=len(tracks),
        disc_count=len({track.disc or 1 for track in tracks}),
        duration_ms=sum(track.duration_ms or 0 for track in tracks),
        library_id=first.library_id,
    )


def _counted(artists: Mapping[str, Artist], albums: Mapping[str, Album]) -> dict[str, Artist]:
    """The artists with the numbers of albums they are credited with, and of the tracks on those."""
    album_counts: Counter[str] = Counter()
    track_counts: Counter[str] = Counter()
    for album in albums.values():
        for credit in album.artists:
            album_counts[credit.id or ""] += 1
            track_counts[credit.id or ""] += album.track_count or 0
    return {
        key: replace(artist, album_count=album_counts[key], track_count=track_counts[key])
        for key, artist in artists.items()
    }


def _same(one: Item, other: Item) -> bool:
    return all(
        getattr(one, entry.name) == getattr(other, entry.name)
        for entry in fields(one)
        if entry.name not in _TIMES
    )


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]


def _folder(file: str) -> str:
    return file.rpartition("/")[0].rpartition("/")[2] or UNKNOWN
