"""What Subsonic servers send, as values of the models, but for songs, which have a room of their own: `songs`.

Pure functions; what makes no sense raises `ValueError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from soulsync_engine.models import (
    ActivePlay,
    Album,
    Artist,
    ArtistCredit,
    ItemRef,
    Kind,
    MusicBrainzIds,
    PlayCount,
    Playlist,
    Track,
    User,
    UserData,
)
from soulsync_navidrome.credits import absent, credits, genres
from soulsync_navidrome.values import (
    flag,
    milliseconds,
    moment,
    musicbrainz,
    positive,
    rating_from_stars,
    text_id,
    whole,
)
from soulsync_navidrome.wire import (
    AlbumID3,
    ArtistID3,
    Child,
    NowPlayingEntry,
    WirePlaylist,
    WireUser,
)

UNTITLED: Final = "[untitled]"
_NEVER_OF_ARTISTS: Final = frozenset({"genres", "biography", "track_count", "added", "updated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the answers of one server are to be read.

    `rich` says that the server speaks OpenSubsonic, so that what its answers leave out is unknown rather than absent.
    `library_id` is the library that everything in the answer belongs to, where that is known. `album_artists` are the
    artists of albums by id, for servers whose songs do not name them.
    """

    server: str
    rich: bool
    made_up_paths: bool = False
    library_id: str | None = None
    album_artists: Mapping[str, tuple[ArtistCredit, ...]] = field(default_factory=dict)

    def in_library(self, library_id: str | None) -> Reading:
        """The same, for answers about one library."""
        return replace(self, library_id=library_id)

    def with_album_artists(self, artists: Mapping[str, tuple[ArtistCredit, ...]]) -> Reading:
        """The same, with the artists of these albums known."""
        return replace(self, album_artists=artists)


def album(found: AlbumID3, how: Reading) -> Album:
    """An album."""
    omitted = {"updated", "disc_count"}
    if how.library_id is None:
        omitted.add("library_id")
    if found.music_brainz_id is None:
        omitted.add("musicbrainz")
    if found.is_compilation is None:
        omitted.add("compilation")
    if found.sort_name is None:
        omitted.add("sort_title")
    if how.rich and found.genre is None and absent(found.genres):
        omitted.add("genres")
    return Album(
        ref=ItemRef(how.server, Kind.ALBUM, text_id(found.id)),
        title=found.name or found.title or UNTITLED,
        artists=credits(found.artists, found.artist, found.artist_id),
        sort_title=found.sort_name or None,
        year=positive(found.year),
        genres=genres(found.genres, found.genre),
        compilation=flag(found.is_compilation),
        track_count=whole(found.song_count),
        duration_ms=milliseconds(found.duration),
        musicbrainz=MusicBrainzIds(release=musicbrainz(found.music_brainz_id)),
        rating=rating_from_stars(found.user_rating),
        favorite=bool(found.starred),
        play_count=whole(found.play_count),
        library_id=how.library_id,
        added=moment(found.created),
        omitted=frozenset(omitted),
    )


def artist(found: ArtistID3, how: Reading) -> Artist:
    """An artist. They belong to no one library, except where there is only one."""
    omitted = set(_NEVER_OF_ARTISTS)
    if how.library_id is None:
        omitted.add("library_id")
    if found.music_brainz_id is None:
        omitted.add("musicbrainz_id")
    if found.sort_name is None:
        omitted.add("sort_name")
    return Artist(
        ref=ItemRef(how.server, Kind.ARTIST, text_id(found.id)),
        name=found.name or UNTITLED,
        sort_name=found.sort_name or None,
        musicbrainz_id=musicbrainz(found.music_brainz_id),
        album_count=whole(found.album_count),
        rating=rating_from_stars(found.user_rating),
        favorite=bool(found.starred),
        library_id=how.library_id,
        omitted=frozenset(omitted),
    )


def playlist(found: WirePlaylist, server: str, user: str | None) -> Playlist:
    """A playlist, as `user` sees it: what belongs to somebody else can only be read."""
    reason = None
    if flag(found.readonly):
        reason = "the server makes its content itself, or lets only its owner change it"
    elif found.owner and user and found.owner.casefold() != user.casefold():
        reason = f"it belongs to {found.owner}"
    return Playlist(
        ref=ItemRef(server, Kind.PLAYLIST, text_id(found.id)),
        name=found.name or UNTITLED,
        description=found.comment or None,
        owner=found.owner or None,
        public=flag(found.public),
        read_only=reason,
        track_count=whole(found.song_count),
        duration_ms=milliseconds(found.duration),
        revision=found.changed or None,
        added=moment(found.created),
        updated=moment(found.changed),
    )


def user_data(ref: ItemRef, found: Child | AlbumID3 | ArtistID3) -> UserData:
    """What the server stores of the user's relation to an item."""
    plays = found if isinstance(found, Child) else None
    return UserData(
        ref=ref,
        rating=rating_from_stars(found.user_rating),
        favorite=bool(found.starred),
        play_count=whole(plays.play_count) if plays else None,
        last_played=moment(plays.played) if plays else None,
    )


def play_count(found: Track) -> PlayCount | None:
    """How often a track was played, None when it was not."""
    if not found.play_count:
        return None
    return PlayCount(track=found.ref, count=found.play_count, last_played=found.last_played)


def active_play(found: NowPlayingEntry, server: str) -> ActivePlay:
    """Something that is being played."""
    return ActivePlay(
        track=ItemRef(server, Kind.TRACK, text_id(found.id)),
        title=found.title or UNTITLED,
        user=found.username or None,
        client=found.player_name or None,
        position_ms=whole(found.position_ms),
        paused=None if found.state is None else found.state == "paused",
    )


def user(found: WireUser) -> User:
    """A user; the name is all the id there is."""
    return User(id=text_id(found.username), name=text_id(found.username), admin=flag(found.admin_role))
