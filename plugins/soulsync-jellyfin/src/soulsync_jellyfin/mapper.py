"""From the wire to the models: pure functions, tested on recorded answers."""

from __future__ import annotations

from dataclasses import dataclass
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
_PLAY_FIELDS: Final = _USER_FIELDS | {"play_count"}
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
            genres=tuple(item.genres or ()),
            biography=item.overview,
            musicbrainz_id=values.musicbrainz(_provider(item, "MusicBrainzArtist")),
            rating=rating_of(item.user_data),
            favorite=item.user_data.is_favorite if item.user_data else None,
            added=values.moment(item.date_created),
            omitted=_omitted(item, user=_USER_FIELDS) | {"album_count", "track_count", "updated"},
        )

    def album(self, item: wire.Item) -> Album:
        """An album."""
        tracks = item.recursive_item_count or item.child_count
        return Album(
            ref=self._ref(Kind.ALBUM, item),
            title=item.name or "",
            artists=_credits(item.album_artists, (item.album_artist,) if item.album_artist else ()),
            sort_title=item.sort_name,
            year=_year(item),
            genres=tuple(item.genres or ()),
            track_count=tracks,
            duration_ms=values.milliseconds(item.cumulative_run_time_ticks or item.run_time_ticks),
            musicbrainz=_album_ids(item),
            rating=rating_of(item.user_data),
            favorite=item.user_data.is_favorite if item.user_data else None,
            library_id=self.library,
            added=values.moment(item.date_created),
            # The play count of a folder is a number that means nothing.
            omitted=_omitted(item, user=_USER_FIELDS)
            | {"play_count", "updated", *(() if tracks else ("track_count",)), *self._no_library()},
        )

    def track(self, item: wire.Item) -> Track:
        """A track."""
        source = item.media_sources[0] if item.media_sources else wire.MediaSource()
        sound = _sound(source)
        data = item.user_data or wire.UserData()
        return Track(
            ref=self._ref(Kind.TRACK, item),
            title=item.name or _stem(item.path or source.path),
            artists=_credits(item.artist_items, tuple(item.artists or ())),
            album=item.album or None,
            album_id=values.text_id(item.album_id),
            album_artists=_credits(item.album_artists, (item.album_artist,) if item.album_artist else ()),
            disc=values.positive(item.parent_index_number),
            track_number=values.positive(item.index_number),
            duration_ms=values.milliseconds(item.run_time_ticks),
            year=_year(item),
            genres=tuple(item.genres or ()),
            musicbrainz=_track_ids(item),
            path=item.path or source.path,
            size=source.size,
            bitrate=_kbit(sound.bit_rate or source.bitrate),
            codec=sound.codec or _first(source.container or item.container),
            sample_rate=sound.sample_rate,
            rating=rating_of(item.user_data),
            favorite=data.is_favorite,
            play_count=data.play_count,
            last_played=values.moment(data.last_played_date),
            library_id=self.library,
            added=values.moment(item.date_created),
            omitted=_omitted(item, user=_PLAY_FIELDS | {"last_played"})
            | {"isrcs", "updated", *(() if item.media_sources else _SOURCE_FIELDS), *self._no_library()},
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

    def _no_library(self) -> tuple[str, ...]:
        return ("library_id",) if self.library is None else ()


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


def _omitted(item: wire.Item, *, user: frozenset[str]) -> frozenset[str]:
    """What the row did not carry. A row of a listing is thin: servers send only what was asked for."""
    missing: set[str] = set()
    if item.user_data is None:
        missing |= user
    if item.genres is None:
        missing.add("genres")
    if item.provider_ids is None:
        missing |= {"musicbrainz", "musicbrainz_id"}
    if item.date_created is None:
        missing.add("added")
    return frozenset(missing)


def _credits(linked: list[wire.NamedId] | None, names: tuple[str, ...]) -> tuple[ArtistCredit, ...]:
    found = tuple(
        ArtistCredit(name=each.name, id=values.text_id(each.id)) for each in linked or () if each.name
    )
    return found or tuple(ArtistCredit(name=name) for name in names if name)


def _provider(item: wire.Item, name: str) -> str | None:
    return (item.provider_ids or {}).get(name)


def _track_ids(item: wire.Item) -> MusicBrainzIds:
    return MusicBrainzIds(
        recording=values.musicbrainz(_provider(item, "MusicBrainzRecording")),
        # The servers take this one from the tag of the release's track, not of the recording.
        track=values.musicbrainz(_provider(item, "MusicBrainzTrack")),
        release=values.musicbrainz(_provider(item, "MusicBrainzAlbum")),
        release_group=values.musicbrainz(_provider(item, "MusicBrainzReleaseGroup")),
        artists=values.musicbrainz_list(_provider(item, "MusicBrainzArtist")),
        album_artists=values.musicbrainz_list(_provider(item, "MusicBrainzAlbumArtist")),
    )


def _album_ids(item: wire.Item) -> MusicBrainzIds:
    return MusicBrainzIds(
        release=values.musicbrainz(_provider(item, "MusicBrainzAlbum")),
        release_group=values.musicbrainz(_provider(item, "MusicBrainzReleaseGroup")),
        artists=values.musicbrainz_list(_provider(item, "MusicBrainzArtist")),
        album_artists=values.musicbrainz_list(_provider(item, "MusicBrainzAlbumArtist")),
    )


def _year(item: wire.Item) -> int | None:
    if item.production_year:
        return item.production_year
    premiere = values.moment(item.premiere_date)
    return None if premiere is None else premiere.year


def _sound(source: wire.MediaSource) -> wire.MediaStream:
    streams = (stream for stream in source.media_streams or () if stream.type == "Audio")
    return next(streams, wire.MediaStream())


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
