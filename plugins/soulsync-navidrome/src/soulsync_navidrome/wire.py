"""What Subsonic servers send, every field optional: servers leave out, send null, and differ in types.

Ids are integers on some servers and texts on others; numbers come as texts here and there.
"""

from __future__ import annotations

import msgspec

Id = int | str | None
Number = int | float | str | None
Flag = bool | str | None


class WireError(msgspec.Struct):
    """Why the server refused."""

    code: Number = None
    message: str | None = None


class ArtistRef(msgspec.Struct):
    """An artist as credited."""

    id: Id = None
    name: str | None = None


class GenreName(msgspec.Struct):
    """One genre of an item; some servers call the name a value."""

    name: str | None = None
    value: str | None = None


Genres = list[GenreName | str] | None


class Child(msgspec.Struct):
    """A song."""

    id: Id = None
    title: str | None = None
    album: str | None = None
    artist: str | None = None
    isDir: Flag = None
    isVideo: Flag = None
    track: Number = None
    discNumber: Number = None
    year: Number = None
    genre: str | None = None
    coverArt: Id = None
    size: Number = None
    suffix: str | None = None
    duration: Number = None
    bitRate: Number = None
    samplingRate: Number = None
    path: str | None = None
    userRating: Number = None
    playCount: Number = None
    played: str | None = None
    created: str | None = None
    starred: str | None = None
    albumId: Id = None
    artistId: Id = None
    musicBrainzId: str | None = None
    isrc: list[str] | str | None = None
    genres: Genres = None
    artists: list[ArtistRef] | None = None
    albumArtists: list[ArtistRef] | None = None


class AlbumID3(msgspec.Struct):
    """An album. `song` is there only when the album was asked for by its id."""

    id: Id = None
    name: str | None = None
    title: str | None = None
    artist: str | None = None
    artistId: Id = None
    coverArt: Id = None
    songCount: Number = None
    duration: Number = None
    playCount: Number = None
    created: str | None = None
    starred: str | None = None
    year: Number = None
    genre: str | None = None
    userRating: Number = None
    musicBrainzId: str | None = None
    genres: Genres = None
    artists: list[ArtistRef] | None = None
    sortName: str | None = None
    isCompilation: Flag = None
    song: msgspec.Raw = msgspec.Raw()


class ArtistID3(msgspec.Struct):
    """An artist. `album` is there only when the artist was asked for by its id."""

    id: Id = None
    name: str | None = None
    coverArt: Id = None
    albumCount: Number = None
    starred: str | None = None
    userRating: Number = None
    musicBrainzId: str | None = None
    sortName: str | None = None
    album: msgspec.Raw = msgspec.Raw()


class IndexID3(msgspec.Struct):
    """The artists under one letter."""

    artist: msgspec.Raw = msgspec.Raw()


class ArtistsID3(msgspec.Struct):
    """All artists, by letter."""

    index: list[IndexID3] | IndexID3 | None = None


class SearchResult3(msgspec.Struct):
    """Hits of a search."""

    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()


class AlbumList2(msgspec.Struct):
    """One page of albums."""

    album: msgspec.Raw = msgspec.Raw()


class MusicFolder(msgspec.Struct):
    """A library."""

    id: Id = None
    name: str | None = None


class MusicFolders(msgspec.Struct):
    """The libraries the user may see."""

    musicFolder: list[MusicFolder] | MusicFolder | None = None


class ScanStatus(msgspec.Struct):
    """Whether the server looks through its files; `lastScan` is not of every server."""

    scanning: Flag = None
    count: Number = None
    folderCount: Number = None
    lastScan: str | None = None
    error: str | None = None


class WirePlaylist(msgspec.Struct):
    """A playlist; `entry` is there only when it was asked for by its id."""

    id: Id = None
    name: str | None = None
    comment: str | None = None
    owner: str | None = None
    public: Flag = None
    songCount: Number = None
    duration: Number = None
    created: str | None = None
    changed: str | None = None
    readonly: Flag = None
    coverArt: Id = None
    entry: msgspec.Raw = msgspec.Raw()


class Playlists(msgspec.Struct):
    """The playlists the user sees."""

    playlist: msgspec.Raw = msgspec.Raw()


class NowPlayingEntry(msgspec.Struct):
    """A song somebody listens to."""

    id: Id = None
    title: str | None = None
    username: str | None = None
    playerName: str | None = None
    minutesAgo: Number = None
    positionMs: Number = None
    state: str | None = None


class NowPlaying(msgspec.Struct):
    """What is being played."""

    entry: list[NowPlayingEntry] | NowPlayingEntry | None = None


class WireUser(msgspec.Struct):
    """A user of the server."""

    username: str | None = None
    adminRole: Flag = None


class Users(msgspec.Struct):
    """The users of the server."""

    user: list[WireUser] | WireUser | None = None


class Extension(msgspec.Struct):
    """An extension of the OpenSubsonic API that the server has."""

    name: str | None = None


class Response(msgspec.Struct):
    """The envelope's content. What a call is about is kept raw and decoded by whoever asked."""

    status: str | None = None
    version: str | None = None
    type: str | None = None
    serverVersion: str | None = None
    openSubsonic: Flag = None
    error: WireError | None = None
    openSubsonicExtensions: list[Extension] | None = None
    tokenInfo: WireUser | None = None
    musicFolders: MusicFolders | None = None
    scanStatus: ScanStatus | None = None
    searchResult3: SearchResult3 | None = None
    albumList2: AlbumList2 | None = None
    artists: ArtistsID3 | None = None
    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()
    playlists: Playlists | None = None
    playlist: msgspec.Raw = msgspec.Raw()
    nowPlaying: NowPlaying | None = None
    user: WireUser | None = None
    users: Users | None = None


class Envelope(msgspec.Struct):
    """The whole body of every answer."""

    response: Response = msgspec.field(name="subsonic-response")
