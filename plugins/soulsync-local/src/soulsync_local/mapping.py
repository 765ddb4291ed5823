"""Rows of the index as values of the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from soulsync_engine.models import Album, Artist, ArtistCredit, ItemRef, Kind, MusicBrainzIds, Track
from soulsync_local.grouping import album_title, artist_names, disc_of
from soulsync_local.ids import artist_id
from soulsync_local.keys import name_key
from soulsync_local.naming import display, title_from_name
from soulsync_local.records import FileRow, PartRecord, decode_owners, decode_part
from soulsync_local.roots import Root

PART_COLUMNS: Final = "part.album, part.library, part.body, part.tracks, part.added"
PartRow = tuple[str, str, bytes, int, int]

_LATEST: Final = datetime.max.replace(tzinfo=UTC).timestamp() * 1e9


@dataclass(frozen=True, slots=True)
class CreditedPart:
    """One part of an album of an artist, with the artist as credited there."""

    artist: str
    name: str
    musicbrainz_id: str | None
    part: PartRow


class Mapper:
    """Makes items of one server out of rows."""

    def __init__(self, server: str, roots: Iterable[Root]) -> None:
        self._server = server
        self._places = {root.library: (root.name, display(root.absolute(b""))) for root in roots}

    def track(self, row: FileRow) -> Track:
        """One file without a problem as a track."""
        tags, path, folder, library = row.tags, row.path, row.folder, row.library
        root_name, prefix = self._places[library]
        artists, album_artists = _credits(library, artist_names(tags, folder, root_name), row.owners)
        updated = moment(row.updated)
        return Track(
            ref=ItemRef(self._server, Kind.TRACK, row.id),
            title=tags.title or title_from_name(path),
            artists=artists,
            album=album_title(tags, folder, root_name),
            album_id=row.album,
            album_artists=album_artists,
            disc=disc_of(path, tags),
            track_number=tags.track,
            duration_ms=tags.duration_ms,
            year=tags.year,
            genres=tags.genres,
            musicbrainz=MusicBrainzIds(
                recording=tags.recording_id,
                track=tags.track_id,
                release=tags.release_id,
                release_group=tags.release_group_id,
                artists=tags.artist_ids,
                album_artists=tags.album_artist_ids,
            ),
            isrcs=tags.isrcs,
            path=prefix + display(path),
            size=row.size,
            bitrate=tags.bitrate,
            codec=tags.codec,
            sample_rate=tags.sample_rate,
            library_id=library,
            added=moment(row.added) if row.added != row.updated else updated,
            updated=updated,
        )

    def album(self, parts: Sequence[PartRow]) -> Album:
        """All parts of one album as the album."""
        records = [(decode_part(body), tracks) for _, _, body, tracks, _ in parts]
        id, library = parts[0][:2]
        main = _main(records)
        durations = [record.duration_ms for record, _ in records if record.duration_ms is not None]
        return Album(
            ref=ItemRef(self._server, Kind.ALBUM, id),
            title=main.title,
            artists=tuple(ArtistCredit(name=name, id=artist) for artist, name in main.artists),
            year=main.year,
            genres=_genres(records),
            compilation=any(record.compilation for record, _ in records),
            track_count=sum(tracks for _, tracks in records),
            disc_count=len({disc for record, _ in records for disc in record.discs}),
            duration_ms=sum(durations) if durations else None,
            musicbrainz=MusicBrainzIds(
                release=main.release_id,
                release_group=main.release_group_id,
                album_artists=main.album_artist_ids,
            ),
            library_id=library,
            added=moment(min(part[4] for part in parts)),
            updated=moment(max(record.updated for record, _ in records)),
        )

    def artist(self, credited: Sequence[CreditedPart]) -> Artist:
        """Everything one artist is an album artist of as the artist."""
        records = [(decode_part(one.part[2]), one.part[3]) for one in credited]
        names: Counter[str] = Counter()
        ids: Counter[str] = Counter()
        for one in credited:
            names[one.name] += one.part[3]
            if one.musicbrainz_id is not None:
                ids[one.musicbrainz_id] += one.part[3]
        return Artist(
            ref=ItemRef(self._server, Kind.ARTIST, credited[0].artist),
            name=_most(names) or "",
            genres=_genres(records),
            musicbrainz_id=_most(ids),
            album_count=len({one.part[0] for one in credited}),
            track_count=sum(tracks for _, tracks in records),
            library_id=credited[0].part[1],
            added=moment(min(one.part[4] for one in credited)),
            updated=moment(max(record.updated for record, _ in records)),
        )


def moment(nanoseconds: int) -> datetime | None:
    """The time, or None for what cannot be one: file systems hold whatever was written to them."""
    if not 0 <= nanoseconds < _LATEST:
        return None
    return datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC)


@lru_cache(maxsize=256)
def _credits(
    library: str, names: tuple[str, ...], owners: bytes | None
) -> tuple[tuple[ArtistCredit, ...], tuple[ArtistCredit, ...]]:
    """The names as tagged, with ids for those who are album artists of the same album; and the album artists.

    Cached, because the tracks of an album come one after the other.
    """
    known = () if owners is None else decode_owners(owners)
    album_artists = tuple(ArtistCredit(name=name, id=id) for id, name in known)
    return tuple(_credit(library, name, album_artists) for name in names), album_artists


def _credit(library: str, name: str, album_artists: tuple[ArtistCredit, ...]) -> ArtistCredit:
    for known in album_artists:
        if known.name == name:
            return known
    id = artist_id(library, name_key(name))
    return ArtistCredit(name=name, id=id if any(known.id == id for known in album_artists) else None)


def _main(records: Sequence[tuple[PartRecord, int]]) -> PartRecord:
    # Of several with as many tracks the first, so that the answer does not flicker.
    return max(records, key=lambda one: one[1])[0]


def _genres(records: Sequence[tuple[PartRecord, int]]) -> tuple[str, ...]:
    if len(records) == 1:
        # Those of a part are in that order already, and each is there once.
        return records[0][0].genres
    shown: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for record, tracks in records:
        for genre in record.genres:
            shown.setdefault(name_key(genre), genre)
            counts[name_key(genre)] += tracks
    return tuple(shown[key] for key, _ in counts.most_common())


def _most(counts: Counter[str]) -> str | None:
    return counts.most_common(1)[0][0] if counts else None
