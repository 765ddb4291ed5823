"""What Subsonic servers send, as values of the models. Pure functions; what makes no sense raises `ValueError`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath
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
from soulsync_navidrome.values import (
    flag,
    milliseconds,
    moment,
    musicbrainz,
    optional_id,
    positive,
    rating_from_stars,
    text_id,
    whole,
)
from soulsync_navidrome.wire import (
    AlbumID3,
    ArtistID3,
    ArtistRef,
    Child,
    GenreName,
    Genres,
    Id,
    NowPlayingEntry,
    WirePlaylist,
    WireUser,
)

_UNTITLED: Final = "[untitled]"
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


@lru_cache(maxsize=16_384)
def one_credit(name: str, id: Id) -> tuple[ArtistCredit, ...]:
    """One artist, made once: a library names the same few over and over."""
    return (ArtistCredit(name=name, id=optional_id(id)),)


@lru_cache(maxsize=256)
def _left_out(
    album_artists: bool, path: bool, library_id: bool, isrcs: bool, musicbrainz: bool, genres: bool
) -> frozenset[str]:
    """The names of what an answer did not hold, one set for all songs that are alike in this."""
    given = {
        "album_artists": album_artists,
        "path": path,
        "library_id": library_id,
        "isrcs": isrcs,
        "musicbrainz": musicbrainz,
        "genres": genres,
    }
    return frozenset(name for name, omitted in given.items() if omitted) | {"updated"}


@lru_cache(maxsize=4096)
def unique_names(names: tuple[str | None, ...]) -> tuple[str, ...]:
    """Names, each once and without blanks; a library has the same few combinations over and over."""
    return tuple(dict.fromkeys(name for name in names if name))


def credits(several: list[ArtistRef] | None, name: str | None, id: Id) -> tuple[ArtistCredit, ...]:
    """The artists of an item: the list where there is one, else the single one."""
    if several and len(several) == 1 and several[0].name:
        return one_credit(several[0].name, several[0].id)
    found: tuple[ArtistCredit, ...] = ()
    for entry in several or ():
        if entry.name:
            found += one_credit(entry.name, entry.id)
    if found or not name:
        return found
    return one_credit(name, id)


def genres(several: Genres, single: str | None) -> tuple[str, ...]:
    """The genres of an item, each once, in the server's order."""
    if not several:
        return unique_names((single,))
    return unique_names(
        tuple([entry.name or entry.value if type(entry) is GenreName else entry for entry in several])
    )


def track(song: Child, how: Reading) -> Track:
    """A song. Folders and videos, which share its form, are refused."""
    if (song.is_dir is not False and flag(song.is_dir)) or (
        song.is_video is not False and flag(song.is_video)
    ):
        raise ValueError("it is a folder or a video, not a song")
    album_id = optional_id(song.album_id)
    album_artists = credits(song.album_artists, None, None) or how.album_artists.get(album_id or "", ())
    path = song.path or None
    if path is not None and how.made_up_paths and path[0] != "/":
        path = None
    isrcs = song.isrc or ()
    title = song.title
    if not title or title.isspace():
        title = _stem(song.path) or _UNTITLED
    return Track(
        ref=ItemRef(how.server, Kind.TRACK, text_id(song.id)),
        title=title,
        artists=credits(song.artists, song.artist, song.artist_id),
        album=song.album or None,
        album_id=album_id,
        album_artists=album_artists,
        disc=positive(song.disc_number),
        track_number=positive(song.track),
        duration_ms=milliseconds(song.duration),
        year=positive(song.year),
        genres=genres(song.genres, song.genre),
        musicbrainz=MusicBrainzIds(recording=musicbrainz(song.music_brainz_id)),
        isrcs=(isrcs,) if isinstance(isrcs, str) else tuple(filter(None, isrcs)),
        path=path,
        size=positive(song.size),
        bitrate=positive(song.bit_rate),
        codec=(song.suffix or "").lower() or None,
        sample_rate=positive(song.sampling_rate),
        rating=None if song.user_rating is None else rating_from_stars(song.user_rating),
        favorite=bool(song.starred),
        play_count=whole(song.play_count),
        last_played=None if song.played is None else moment(song.played),
        library_id=how.library_id,
        added=moment(song.created),
        omitted=_left_out(
            not album_artists,
            path is None,
            how.library_id is None,
            song.isrc is None,
            song.music_brainz_id is None,
            how.rich and song.genres is None and song.genre is None,
        ),
    )


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
    if how.rich and found.genres is None and found.genre is None:
        omitted.add("genres")
    return Album(
        ref=ItemRef(how.server, Kind.ALBUM, text_id(found.id)),
        title=found.name or found.title or _UNTITLED,
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
        name=found.name or _UNTITLED,
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
        name=found.name or _UNTITLED,
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
        title=found.title or _UNTITLED,
        user=found.username or None,
        client=found.player_name or None,
        position_ms=whole(found.position_ms),
        paused=None if found.state is None else found.state == "paused",
    )


def user(found: WireUser) -> User:
    """A user; the name is all the id there is."""
    return User(id=text_id(found.username), name=text_id(found.username), admin=flag(found.admin_role))


def _stem(path: str | None) -> str | None:
    return PurePosixPath(path).stem or None if path else None
