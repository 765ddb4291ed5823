"""What Subsonic servers send, every field optional: servers leave out, send null, and differ in types.

Ids are integers on some servers and texts on others; numbers come as texts here and there.
"""

from __future__ import annotations

import msgspec

Id = int | str | None
Number = int | float | str | None
Flag = bool | str | None


class WireError(msgspec.Struct, rename="camel"):
    """Why the server refused."""

    code: Number = None
    message: str | None = None


class ArtistRef(msgspec.Struct, rename="camel"):
    """An artist as credited."""

    id: Id = None
    name: str | None = None


class GenreName(msgspec.Struct, rename="camel"):
    """One genre of an item; some servers call the name a value."""

    name: str | None = None
    value: str | None = None


Genres = list[GenreName | str] | None


class Child(msgspec.Struct, rename="camel"):
    """A song."""

    id: Id = None
    title: str | None = None
    album: str | None = None
    artist: str | None = None
    is_dir: Flag = None
    is_video: Flag = None
    track: Number = None
    disc_number: Number = None
    year: Number = None
    genre: str | None = None
    cover_art: Id = None
    size: Number = None
    suffix: str | None = None
    duration: Number = None
    bit_rate: Number = None
    sampling_rate: Number = None
    path: str | None = None
    user_rating: Number = None
    play_count: Number = None
    played: str | None = None
    created: str | None = None
    starred: str | None = None
    album_id: Id = None
    artist_id: Id = None
    music_brainz_id: str | None = None
    isrc: list[str] | str | None = None
    genres: Genres = None
    artists: list[ArtistRef] | None = None
    album_artists: list[ArtistRef] | None = None


class AlbumID3(msgspec.Struct, rename="camel"):
    """An album. `song` is there only when the album was asked for by its id."""

    id: Id = None
    name: str | None = None
    title: str | None = None
    artist: str | None = None
    artist_id: Id = None
    cover_art: Id = None
    song_count: Number = None
    duration: Number = None
    play_count: Number = None
    created: str | None = None
    starred: str | None = None
    year: Number = None
    genre: str | None = None
    user_rating: Number = None
    music_brainz_id: str | None = None
    genres: Genres = None
    artists: list[ArtistRef] | None = None
    sort_name: str | None = None
    is_compilation: Flag = None
    song: msgspec.Raw = msgspec.Raw()


class ArtistID3(msgspec.Struct, rename="camel"):
    """An artist. `album` is there only when the artist was asked for by its id."""

    id: Id = None
    name: str | None = None
    cover_art: Id = None
    album_count: Number = None
    starred: str | None = None
    user_rating: Number = None
    music_brainz_id: str | None = None
    sort_name: str | None = None
    album: msgspec.Raw = msgspec.Raw()


class IndexID3(msgspec.Struct, rename="camel"):
    """The artists under one letter."""

    artist: msgspec.Raw = msgspec.Raw()


class ArtistsID3(msgspec.Struct, rename="camel"):
    """All artists, by letter."""

    index: list[IndexID3] | IndexID3 | None = None


class SearchResult3(msgspec.Struct, rename="camel"):
    """Hits of a search."""

    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()


class AlbumList2(msgspec.Struct, rename="camel"):
    """One page of albums."""

    album: msgspec.Raw = msgspec.Raw()


class MusicFolder(msgspec.Struct, rename="camel"):
    """A library."""

    id: Id = None
    name: str | None = None


class MusicFolders(msgspec.Struct, rename="camel"):
    """The libraries the user may see."""

    music_folder: list[MusicFolder] | MusicFolder | None = None


class ScanStatus(msgspec.Struct, rename="camel"):
    """Whether the server looks through its files; `lastScan` is not of every server."""

    scanning: Flag = None
    count: Number = None
    folder_count: Number = None
    last_scan: str | None = None
    error: str | None = None


class WirePlaylist(msgspec.Struct, rename="camel"):
    """A playlist; `entry` is there only when it was asked for by its id."""

    id: Id = None
    name: str | None = None
    comment: str | None = None
    owner: str | None = None
    public: Flag = None
    song_count: Number = None
    duration: Number = None
    created: str | None = None
    changed: str | None = None
    readonly: Flag = None
    cover_art: Id = None
    entry: msgspec.Raw = msgspec.Raw()


class Playlists(msgspec.Struct, rename="camel"):
    """The playlists the user sees."""

    playlist: msgspec.Raw = msgspec.Raw()


class NowPlayingEntry(msgspec.Struct, rename="camel"):
    """A song somebody listens to."""

    id: Id = None
    title: str | None = None
    username: str | None = None
    player_name: str | None = None
    minutes_ago: Number = None
    position_ms: Number = None
    state: str | None = None


class NowPlaying(msgspec.Struct, rename="camel"):
    """What is being played."""

    entry: list[NowPlayingEntry] | NowPlayingEntry | None = None


class WireUser(msgspec.Struct, rename="camel"):
    """A user of the server."""

    username: str | None = None
    admin_role: Flag = None


class Users(msgspec.Struct, rename="camel"):
    """The users of the server."""

    user: list[WireUser] | WireUser | None = None


class Extension(msgspec.Struct, rename="camel"):
    """An extension of the OpenSubsonic API that the server has."""

    name: str | None = None


class Response(msgspec.Struct, rename="camel"):
    """The envelope's content. What a call is about is kept raw and decoded by whoever asked."""

    status: str | None = None
    version: str | None = None
    type: str | None = None
    server_version: str | None = None
    open_subsonic: Flag = None
    error: WireError | None = None
    open_subsonic_extensions: list[Extension] | None = None
    token_info: WireUser | None = None
    music_folders: MusicFolders | None = None
    scan_status: ScanStatus | None = None
    search_result3: SearchResult3 | None = None
    album_list2: AlbumList2 | None = None
    artists: ArtistsID3 | None = None
    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()
    playlists: Playlists | None = None
    playlist: msgspec.Raw = msgspec.Raw()
    now_playing: NowPlaying | None = None
    user: WireUser | None = None
    users: Users | None = None


class Envelope(msgspec.Struct, rename="camel"):
    """The whole body of every answer."""

    response: Response = msgspec.field(name="subsonic-response")
