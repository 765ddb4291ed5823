"""The forms in which a simulated server shows what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from soulsync_navidrome.simulator.library import Catalogue, Group, Named, Song
from soulsync_navidrome.simulator.personality import Personality
from soulsync_navidrome.simulator.state import Opinion, SimulatedPlaylist, State

Payload = dict[str, object]
_PARTS = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
}


class Forms:
    """Songs, albums, artists and playlists in the words of one personality, as one user sees them."""

    def __init__(self, how: Personality, catalogue: Catalogue, state: State) -> None:
        self._how = how
        self._catalogue = catalogue
        self._state = state

    def time(self, moment: datetime) -> str:
        """A moment as this server writes it."""
        utc = moment.astimezone(UTC)
        if self._how.naive_times:
            return utc.replace(tzinfo=None, microsecond=0).isoformat()
        return utc.replace(tzinfo=None).isoformat() + "Z"

    def song(self, song: Song, user: str) -> Payload:
        """A song."""
        return self._song(song, self._state.seen(user, "song", song.id))

    def album(self, group: Group, user: str) -> Payload:
        """An album without its songs."""
        genres = _genres(group)
        years = [song.year for song in group.songs if song.year]
        form: Payload = {
            "id": group.id,
            "name": group.name,
            "artist": " & ".join(name for _, name in group.artists),
            "artistId": group.artists[0][0],
            "songCount": len(group.songs),
            "duration": sum(song.seconds for song in group.songs),
            "created": self.time(group.added),
        }
        if years:
            form["year"] = min(years)
        if genres:
            form["genre"] = genres[0] if self._how.rich else ", ".join(genres)
        if any(song.cover for song in group.songs):
            form["coverArt"] = f"al-{group.id}"
        if self._how.rich:
            form |= {
                "genres": [{"name": genre} for genre in genres],
                "artists": self._named(group.artists),
                "displayArtist": " & ".join(name for _, name in group.artists),
                "isCompilation": any(song.compilation for song in group.songs),
                "sortName": group.name.casefold(),
                "musicBrainzId": "",
                "discTitles": [],
            }
        self._add_opinion(form, self._state.seen(user, "album", group.id))
        return form

    def album_with_songs(self, group: Group, user: str) -> Payload:
        """An album and its songs."""
        return {
            **self.album(group, user),
            **self.many("song", [self.song(song, user) for song in group.songs]),
        }

    def artist(self, artist_id: str, user: str, albums: list[Group] | None = None) -> Payload:
        """An artist; the count is of the albums given, else of all where he is an album artist."""
        own = self.own_albums(artist_id) if albums is None else albums
        form: Payload = {
            "id": artist_id,
            "name": self._catalogue.artists[artist_id],
            "albumCount": len(own),
        }
        if self._how.rich:
            form |= {"musicBrainzId": "", "sortName": "", "roles": ["albumartist", "artist"]}
        self._add_opinion(form, self._state.seen(user, "artist", artist_id))
        return form

    def own_albums(self, artist_id: str) -> list[Group]:
        """The albums of which somebody is an album artist."""
        return [
            group
            for group in self._catalogue.albums_of.get(artist_id, [])
            if artist_id in {found for found, _ in group.artists}
        ]

    def playlist(self, found: SimulatedPlaylist, user: str) -> Payload:
        """A playlist without its entries."""
        songs = [
            self._catalogue.songs[song_id] for song_id in found.songs if song_id in self._catalogue.songs
        ]
        form: Payload = {
            "id": found.id,
            "name": found.name,
            "owner": found.owner,
            "public": found.public,
            "songCount": len(songs),
            "duration": sum(song.seconds for song in songs),
            "created": self.time(found.created),
            "changed": self.time(found.changed),
        }
        if found.comment:
            form["comment"] = found.comment
        if self._how.rich:
            form["readonly"] = found.smart or found.owner != user
        if self._how.native:
            form["coverArt"] = f"pl-{found.id}_{int(found.changed.timestamp()):x}"
        return form

    def many(self, key: str, items: Iterable[object]) -> Payload:
        """A list under its key; an empty one is left out by servers that do."""
        found = list(items)
        return {key: found} if found or self._how.empty_lists else {}

    def _song(self, song: Song, opinion: Opinion | None) -> Payload:
        form: Payload = {
            "id": song.id,
            "parent": song.album_id,
            "isDir": False,
            "title": song.title,
            "album": song.album,
            "artist": " • ".join(name for _, name in song.artists),
            "size": song.size,
            "contentType": _PARTS.get(song.suffix, "application/octet-stream"),
            "suffix": song.suffix,
            "duration": song.seconds,
            "bitRate": song.bitrate,
            "path": self._path(song),
            "isVideo": False,
            "created": self.time(song.added),
            "albumId": song.album_id,
            "artistId": song.artists[0][0],
            "type": "music",
        }
        numbers = {"track": song.number, "discNumber": song.disc, "year": song.year}
        form |= {name: value for name, value in numbers.items() if value}
        if song.genres:
            form["genre"] = song.genres[0]
        if song.cover:
            form["coverArt"] = f"mf-{song.id}"
        if self._how.rich:
            form |= {
                "samplingRate": 44100,
                "bitDepth": 16,
                "channelCount": 2,
                "mediaType": "song",
                "genres": [{"name": genre} for genre in song.genres],
                "artists": self._named(song.artists),
                "albumArtists": self._named(song.album_artists),
                "displayArtist": " • ".join(name for _, name in song.artists),
                "displayAlbumArtist": " • ".join(name for _, name in song.album_artists),
                "musicBrainzId": song.recording_id or "",
                "isrc": list(song.isrcs),
                "contributors": [],
                "moods": [],
                "replayGain": {"trackGain": -6.5, "trackPeak": 0.98},
                "sortName": song.title.casefold(),
                "comment": "",
                "bpm": 0,
            }
        self._add_opinion(form, opinion)
        return form

    def _path(self, song: Song) -> str:
        if self._how.real_paths:
            return song.path
        artist = song.album_artists[0][1].replace("/", "_")
        number = f"{song.disc or 1:02}-{song.number or 0:02}"
        return (
            f"{artist}/{song.album.replace('/', '_')}/{number} - {song.title.replace('/', '_')}.{song.suffix}"
        )

    def _named(self, artists: tuple[Named, ...]) -> list[Payload]:
        return [{"id": artist_id, "name": name} for artist_id, name in artists]

    def _add_opinion(self, form: Payload, opinion: Opinion | None) -> None:
        if opinion is None:
            return
        if opinion.starred is not None:
            form["starred"] = self.time(opinion.starred)
        if opinion.stars and self._how.ratings_stored:
            form["userRating"] = opinion.stars
        if opinion.plays and self._how.rich:
            form["playCount"] = opinion.plays
            if opinion.played is not None:
                form["played"] = self.time(opinion.played)


def _genres(group: Group) -> list[str]:
    return list(dict.fromkeys(genre for song in group.songs for genre in song.genres))
