"""From the wire to the models: pure functions, tested on recorded answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from soulsync_engine.models import (
    Album,
    Artist,
    ArtistCredit,
    ItemRef,
    Kind,
    MusicBrainzIds,
    Playlist,
    PlaylistEntry,
    Track,
    UserData,
)
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.repeated import (
    ABSENT,
    linked,
    linked_credits,
    named_credits,
    shared_musicbrainz,
    shared_musicbrainz_list,
    texts,
)

TYPES: Final = {
    Kind.ARTIST: "MusicArtist",
    Kind.ALBUM: "MusicAlbum",
    Kind.TRACK: "Audio",
    Kind.PLAYLIST: "Playlist",
}
"""What the servers call the kinds."""

_TRACK: Final = Kind.TRACK
_USER_FIELDS: Final = frozenset({"rating", "favorite"})
_PLAY_FIELDS: Final = _USER_FIELDS | {"play_count", "last_played"}
_ARTIST_NEVER: Final = frozenset({"album_count", "track_count", "updated"})
# The play count of a folder is a number that means nothing.
_ALBUM_NEVER: Final = frozenset({"play_count", "updated"})
_ALBUM_UNCOUNTED: Final = _ALBUM_NEVER | {"track_count"}
_TRACK_NEVER: Final = frozenset({"isrcs", "updated"})
_NO_IDS: Final = MusicBrainzIds()
_NO_WIRE_IDS: Final = wire.ProviderIds()
_NO_DATA: Final = wire.UserData()
_NO_SOURCE: Final = wire.MediaSource()
_NO_STREAM: Final = wire.MediaStream()
_SOURCE_FIELDS: Final = frozenset({"size", "bitrate", "codec", "sample_rate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """Maps what one server sends. `library` is the library that was asked, None where that is not known."""

    server: str
    library: str | None = None

    def artist(self, item: wire.Item) -> Artist:
        """An artist."""
        return Artist(
            ref=self._ref(Kind.ARTIST, item),
            name=item.name or "",
            sort_name=item.sort_name,
            genres=tuple(item.genres or ()),
            biography=item.overview,
            musicbrainz_id=values.musicbrainz((item.provider_ids or _NO_WIRE_IDS).music_brainz_artist),
            rating=rating_of(item.user_data),
            favorite=item.user_data.is_favorite if item.user_data else None,
            added=values.moment(item.date_created),
            omitted=_omitted(
                _ARTIST_NEVER,
                None if item.user_data else _USER_FIELDS,
                item.genres is None,
                item.provider_ids is None,
                item.date_created is None,
            ),
        )

    def album(self, item: wire.Item) -> Album:
        """An album."""
        tracks = item.recursive_item_count or item.child_count
        return Album(
            ref=self._ref(Kind.ALBUM, item),
            title=item.name or "",
            artists=linked(item.album_artists or ()) or _named(item.album_artist),
            sort_title=item.sort_name,
            year=item.production_year or _year(item.premiere_date),
            genres=tuple(item.genres or ()),
            track_count=tracks,
            duration_ms=values.milliseconds(item.cumulative_run_time_ticks or item.run_time_ticks),
            musicbrainz=_album_ids(item.provider_ids) if item.provider_ids else _NO_IDS,
            rating=rating_of(item.user_data),
            favorite=item.user_data.is_favorite if item.user_data else None,
            library_id=self.library,
            added=values.moment(item.date_created),
            omitted=_omitted(
                _ALBUM_NEVER if tracks else _ALBUM_UNCOUNTED,
                None if item.user_data else _USER_FIELDS,
                item.genres is None,
                item.provider_ids is None,
                item.date_created is None,
                self.library is None,
            ),
        )

    def track(self, row: wire.Track) -> Track:
        """A track. It runs a million times for a large library, so only what is unusual in a row costs a call."""
        native = row.id
        if native is None or native == "":
            raise ValueError("it has no id")
        data, ids, sources = row.user_data, row.provider_ids, row.media_sources
        known = _NO_DATA if data is None else data
        source = sources[0] if sources else _NO_SOURCE
        streams = source.media_streams
        sound = streams[0] if streams and streams[0].type == "Audio" else _sound(streams)
        bits, ticks, played = sound.bit_rate or source.bitrate, row.run_time_ticks, known.last_played_date
        disc, number = row.parent_index_number, row.index_number
        path, album_id, created = row.path or source.path, row.album_id, row.date_created
        genres, artist_items, album_artists = (
            bytes(row.genres),
            bytes(row.artist_items),
            bytes(row.album_artists),
        )
        artists = linked_credits(artist_items)
        whole = data and ids and created and sources and self.library and genres not in ABSENT
        return Track(
            ref=ItemRef(self.server, _TRACK, native if native.__class__ is str else str(native)),
            title=row.name or _stem(path),
            artists=artists or named_credits(bytes(row.artists)),
            album=row.album or None,
            album_id=album_id if album_id.__class__ is str and album_id else values.text_id(album_id),
            album_artists=(artists if album_artists == artist_items else linked_credits(album_artists))
            or _named(row.album_artist),
            disc=disc if disc and disc > 0 else None,
            track_number=number if number and number > 0 else None,
            duration_ms=values.milliseconds(ticks) if ticks else None,
            year=row.production_year or _year(row.premiere_date),
            genres=texts(genres),
            musicbrainz=_NO_IDS if ids is None or ids == _NO_WIRE_IDS else _track_ids(ids),
            path=path,
            size=source.size,
            bitrate=(bits + 500) // 1000 if bits else None,
            codec=sound.codec or _first(source.container or row.container),
            sample_rate=sound.sample_rate,
            rating=None if known.rating is None and known.likes is None else rating_of(known),
            favorite=known.is_favorite,
            play_count=known.play_count,
            last_played=values.moment(played) if played else None,
            library_id=self.library,
            added=values.moment(created),
            omitted=_TRACK_NEVER if whole else self._omitted_of(row, genres),
        )

    def _omitted_of(self, row: wire.Track, genres: bytes) -> frozenset[str]:
        return _omitted(
            _TRACK_NEVER,
            None if row.user_data else _PLAY_FIELDS,
            genres in ABSENT,
            row.provider_ids is None,
            row.date_created is None,
            self.library is None,
            not row.media_sources,
        )

    def playlist(self, item: wire.Item, *, public: bool | None, read_only: str | None) -> Playlist:
        """A playlist; what its item does not tell is given."""
        return Playlist(
            ref=self._ref(Kind.PLAYLIST, item),
            name=item.name or "",
            description=item.overview,
            public=public,
            read_only=read_only,
            track_count=item.child_count,
            duration_ms=values.milliseconds(item.cumulative_run_time_ticks or item.run_time_ticks),
            revision=item.etag,
            added=values.moment(item.date_created),
        )

    def entry(self, position: int, row: wire.Track) -> PlaylistEntry:
        """One place of a playlist."""
        track = self.track(row)
        return PlaylistEntry(
            entry_id=values.text_id(row.playlist_item_id) or track.ref.id,
            position=position,
            track_ref=track.ref,
            track=track,
        )

    def user_data(self, kind: Kind, item: str, data: wire.UserData) -> UserData:
        """What is stored of the user's relation to an item."""
        return UserData(
            ref=ItemRef(self.server, kind, item),
            rating=rating_of(data),
            favorite=data.is_favorite,
            play_count=data.play_count,
            last_played=values.moment(data.last_played_date),
        )

    def _ref(self, kind: Kind, item: wire.Item) -> ItemRef:
        native = values.text_id(item.id)
        if native is None:
            raise ValueError("it has no id")
        return ItemRef(self.server, kind, native)


def rating_of(data: wire.UserData | None) -> int | None:
    """0 to 100, from 0.0 to 10.0. A mere like or dislike stands for what the servers themselves take it for."""
    if data is None:
        return None
    if data.rating is not None:
        return round(min(max(data.rating, 0.0), 10.0) * 10)
    return None if data.likes is None else (100 if data.likes else 10)


def wire_rating(rating: int) -> float:
    """0.0 to 10.0, from 0 to 100, without loss."""
    return rating / 10


def image_source(item: wire.Item) -> tuple[str, str] | None:
    """The item whose picture stands for this one, and the type of picture; None where there is none anywhere."""
    own = values.text_id(item.id)
    tags = item.image_tags or {}
    if own is not None and "Primary" in tags:
        return own, "Primary"
    album = values.text_id(item.album_id)
    if album is not None and item.album_primary_image_tag:
        return album, "Primary"
    parent = values.text_id(item.parent_primary_image_item_id)
    if parent is not None:
        return parent, "Primary"
    if own is not None and "Thumb" in tags:
        return own, "Thumb"
    thumb = values.text_id(item.parent_thumb_item_id)
    return None if thumb is None else (thumb, "Thumb")


@lru_cache(maxsize=512)
def _omitted(
    never: frozenset[str],
    user: frozenset[str] | None,
    genres: bool,
    ids: bool,
    added: bool,
    library: bool = False,
    source: bool = False,
) -> frozenset[str]:
    """What a row did not carry, one set for all rows that are alike in this.

    A row of a listing is thin: servers send only what was asked for. `never` is in no row of that kind.
    """
    missing = set(never) | (user or frozenset())
    missing |= {
        name for name, left_out in (("genres", genres), ("added", added), ("library_id", library)) if left_out
    }
    if ids:
        missing |= {"musicbrainz_id"} if never is _ARTIST_NEVER else {"musicbrainz"}
    return frozenset(missing | _SOURCE_FIELDS if source else missing)


def _named(name: str | None) -> tuple[ArtistCredit, ...]:
    return (ArtistCredit(name=name),) if name else ()


def _track_ids(ids: wire.ProviderIds) -> MusicBrainzIds:
    return MusicBrainzIds(
        recording=values.musicbrainz(ids.music_brainz_recording),
        # The servers take this one from the tag of the release's track, not of the recording.
        track=values.musicbrainz(ids.music_brainz_track),
        release=shared_musicbrainz(ids.music_brainz_album),
        release_group=shared_musicbrainz(ids.music_brainz_release_group),
        artists=shared_musicbrainz_list(ids.music_brainz_artist),
        album_artists=shared_musicbrainz_list(ids.music_brainz_album_artist),
    )


def _album_ids(ids: wire.ProviderIds) -> MusicBrainzIds:
    return MusicBrainzIds(
        release=values.musicbrainz(ids.music_brainz_album),
        release_group=values.musicbrainz(ids.music_brainz_release_group),
        artists=values.musicbrainz_list(ids.music_brainz_artist),
        album_artists=values.musicbrainz_list(ids.music_brainz_album_artist),
    )


def _year(premiere: str | None) -> int | None:
    moment = values.moment(premiere)
    return None if moment is None else moment.year


def _sound(streams: list[wire.MediaStream] | None) -> wire.MediaStream:
    for stream in streams or ():
        if stream.type == "Audio":
            return stream
    return _NO_STREAM


def _first(container: str | None) -> str | None:
    """The first name of a container; servers give all the demuxer's names, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    return (container or "").partition(",")[0] or None


def _stem(path: str | None) -> str:
    if not path:
        return ""
    flavour = PureWindowsPath if "\\" in path and "/" not in path else PurePosixPath
    return flavour(path).stem
