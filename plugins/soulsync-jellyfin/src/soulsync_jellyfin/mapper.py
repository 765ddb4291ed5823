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
    Item,
    ItemRef,
    Kind,
    MusicBrainzIds,
    Playlist,
    PlaylistEntry,
    Track,
    UserData,
)
from soulsync_jellyfin import values, wire

TYPES: Final = {
    Kind.ARTIST: "MusicArtist",
    Kind.ALBUM: "MusicAlbum",
    Kind.TRACK: "Audio",
    Kind.PLAYLIST: "Playlist",
}
"""What the servers call the kinds."""

_USER_FIELDS: Final = frozenset({"rating", "favorite"})
_PLAY_FIELDS: Final = _USER_FIELDS | {"play_count", "last_played"}
_ARTIST_NEVER: Final = frozenset({"album_count", "track_count", "updated"})
# The play count of a folder is a number that means nothing.
_ALBUM_NEVER: Final = frozenset({"play_count", "updated"})
_ALBUM_UNCOUNTED: Final = _ALBUM_NEVER | {"track_count"}
_TRACK_NEVER: Final = frozenset({"isrcs", "updated"})
_NO_IDS: Final = MusicBrainzIds()
_NO_SOURCE: Final = wire.MediaSource()
_NO_STREAM: Final = wire.MediaStream()
_SOURCE_FIELDS: Final = frozenset({"size", "bitrate", "codec", "sample_rate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """Maps what one server sends. `library` is the library that was asked, None where that is not known."""

    server: str
    library: str | None = None

    def item(self, kind: Kind, item: wire.Item) -> Item:
        """An artist, album or track. Raises `ValueError` for what has no id."""
        if kind is Kind.ARTIST:
            return self.artist(item)
        return self.album(item) if kind is Kind.ALBUM else self.track(item)

    def artist(self, item: wire.Item) -> Artist:
        """An artist."""
        return Artist(
            ref=self._ref(Kind.ARTIST, item),
            name=item.name or "",
            sort_name=item.sort_name,
            genres=_genres(item.genres),
            biography=item.overview,
            musicbrainz_id=values.musicbrainz((item.provider_ids or {}).get("MusicBrainzArtist")),
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
            artists=_credits(item.album_artists)
            or _named([item.album_artist] if item.album_artist else None),
            sort_title=item.sort_name,
            year=item.production_year or _premiere_year(item),
            genres=_genres(item.genres),
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

    def track(self, item: wire.Item) -> Track:
        """A track."""
        native = item.id
        if native is None or native == "":
            raise ValueError("it has no id")
        sources, data = item.media_sources, item.user_data
        source = sources[0] if sources else _NO_SOURCE
        sound = _sound(source)
        artist_items, album_artists = item.artist_items, item.album_artists
        return Track(
            ref=ItemRef(self.server, Kind.TRACK, native if native.__class__ is str else str(native)),
            title=item.name or _stem(item.path or source.path),
            artists=_credits(artist_items) or _named(item.artists),
            album=item.album or None,
            album_id=values.text_id(item.album_id),
            album_artists=_credits(album_artists)
            or _named([item.album_artist] if item.album_artist else None),
            disc=values.positive(item.parent_index_number),
            track_number=values.positive(item.index_number),
            duration_ms=values.milliseconds(item.run_time_ticks),
            year=item.production_year or _premiere_year(item),
            genres=_genres(item.genres),
            musicbrainz=_track_ids(item.provider_ids) if item.provider_ids else _NO_IDS,
            path=item.path or source.path,
            size=source.size,
            bitrate=_kbit(sound.bit_rate or source.bitrate),
            codec=sound.codec or _first(source.container or item.container),
            sample_rate=sound.sample_rate,
            rating=rating_of(data),
            favorite=data.is_favorite if data else None,
            play_count=data.play_count if data else None,
            last_played=values.moment(data.last_played_date) if data else None,
            library_id=self.library,
            added=values.moment(item.date_created),
            omitted=_omitted(
                _TRACK_NEVER,
                None if data else _PLAY_FIELDS,
                item.genres is None,
                item.provider_ids is None,
                item.date_created is None,
                self.library is None,
                not sources,
            ),
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

    def entry(self, position: int, item: wire.Item) -> PlaylistEntry:
        """One place of a playlist."""
        track = self.track(item)
        return PlaylistEntry(
            entry_id=values.text_id(item.playlist_item_id) or track.ref.id,
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


@lru_cache(maxsize=16_384)
def _credit(name: str, native: str | int | None) -> tuple[ArtistCredit, ...]:
    """One artist, made once: a library names the same few over and over."""
    return (ArtistCredit(name=name, id=values.text_id(native)),)


def _credits(linked: list[wire.NamedId] | None) -> tuple[ArtistCredit, ...]:
    if not linked:
        return ()
    found: tuple[ArtistCredit, ...] = ()
    for each in linked:
        if each.name:
            found += _credit(each.name, each.id)
    return found


def _named(names: list[str] | None) -> tuple[ArtistCredit, ...]:
    return tuple(ArtistCredit(name=name) for name in names or () if name)


@lru_cache(maxsize=4096)
def _genre(name: str) -> tuple[str, ...]:
    return (name,)


def _genres(names: list[str] | None) -> tuple[str, ...]:
    if not names:
        return ()
    return _genre(names[0]) if len(names) == 1 else tuple(names)


def _track_ids(ids: dict[str, str | None]) -> MusicBrainzIds:
    return MusicBrainzIds(
        recording=values.musicbrainz(ids.get("MusicBrainzRecording")),
        # The servers take this one from the tag of the release's track, not of the recording.
        track=values.musicbrainz(ids.get("MusicBrainzTrack")),
        release=values.musicbrainz(ids.get("MusicBrainzAlbum")),
        release_group=values.musicbrainz(ids.get("MusicBrainzReleaseGroup")),
        artists=values.musicbrainz_list(ids.get("MusicBrainzArtist")),
        album_artists=values.musicbrainz_list(ids.get("MusicBrainzAlbumArtist")),
    )


def _album_ids(ids: dict[str, str | None]) -> MusicBrainzIds:
    return MusicBrainzIds(
        release=values.musicbrainz(ids.get("MusicBrainzAlbum")),
        release_group=values.musicbrainz(ids.get("MusicBrainzReleaseGroup")),
        artists=values.musicbrainz_list(ids.get("MusicBrainzArtist")),
        album_artists=values.musicbrainz_list(ids.get("MusicBrainzAlbumArtist")),
    )


def _premiere_year(item: wire.Item) -> int | None:
    premiere = values.moment(item.premiere_date)
    return None if premiere is None else premiere.year


def _sound(source: wire.MediaSource) -> wire.MediaStream:
    for stream in source.media_streams or ():
        if stream.type == "Audio":
            return stream
    return _NO_STREAM


def _kbit(bits: int | None) -> int | None:
    return round(bits / 1000) if bits else None


def _first(container: str | None) -> str | None:
    """The first name of a container; servers give all the demuxer's names, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    return (container or "").partition(",")[0] or None


def _stem(path: str | None) -> str:
    if not path:
        return ""
    flavour = PureWindowsPath if "\\" in path and "/" not in path else PurePosixPath
    return flavour(path).stem
