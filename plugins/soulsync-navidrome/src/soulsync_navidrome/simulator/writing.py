"""What users change on a simulated server: playlists, ratings, plays, scans; and its pictures and sound."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from soulsync_engine.testing.audio import TEMPLATES, AudioFormat
from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_navidrome.simulator.gate import Gate, Refusal
from soulsync_navidrome.simulator.library import Song
from soulsync_navidrome.simulator.payloads import Payload
from soulsync_navidrome.simulator.state import Opinion, Play, SimulatedPlaylist, SimulatedUser

_SCAN_POLLS = 2


class Writing:
    """The methods beyond reading."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        gate.offer("getScanStatus", self.scan_status)
        gate.offer(
            "startScan", self.start_scan, ("fullScan", "target") if gate.how.targeted_scan else ("fullScan",)
        )
        gate.offer("star", self.star, ("id", "albumId", "artistId"))
        gate.offer("unstar", self.unstar, ("id", "albumId", "artistId"))
        gate.offer("setRating", self.rate, ("id", "rating"))
        gate.offer("scrobble", self.scrobble, ("id", "time", "submission"))
        gate.offer("getNowPlaying", self.now_playing)
        gate.offer("getUser", self.user, ("username",))
        gate.offer("getUsers", self.users)
        gate.offer("getPlaylists", self.playlists, ("username",))
        gate.offer("getPlaylist", self.playlist, ("id",))
        gate.offer("createPlaylist", self.create_playlist, ("playlistId", "name", "songId"))
        changes = ("playlistId", "name", "comment", "public", "songIdToAdd", "songIndexToRemove")
        gate.offer("updatePlaylist", self.update_playlist, changes)
        gate.offer("deletePlaylist", self.delete_playlist, ("id",))
        gate.offer("getCoverArt", self.cover, ("id", "size"))
        gate.offer("stream", self.stream, ("id", "maxBitRate", "format"))

    def scan_status(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """How far the scan has come; asking is what makes it go on."""
        state, how = self._gate.state, self._gate.how
        state.scan_polls_left = max(0, state.scan_polls_left - 1)
        return {"scanStatus": self._status(how.last_scan)}

    def start_scan(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Begin a scan; admins only."""
        if not user.admin:
            raise Refusal(50, "User is not authorized for the given operation")
        state = self._gate.state
        state.scans.append(request.values("target"))
        state.scan_polls_left = _SCAN_POLLS
        state.last_scan = max(datetime.now(UTC), state.last_scan)
        return {"scanStatus": self._status(self._gate.how.last_scan)}

    def star(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Mark songs, albums and artists."""
        for opinion in self._starred(request, user):
            opinion.starred = opinion.starred or datetime.now(UTC)
        return {}

    def unstar(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Take marks back."""
        for opinion in self._starred(request, user):
            opinion.starred = None
        return {}

    def rate(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Zero to five stars for anything."""
        item_id, stars = request.value("id") or "", request.number_of("rating", -1)
        if not 0 <= stars <= 5:
            raise Refusal(0, "rating must be between 0 and 5")
        catalogue = self._gate.catalogue
        known: dict[str, Mapping[str, object]] = {
            "song": catalogue.songs,
            "album": catalogue.albums,
            "artist": catalogue.artists,
        }
        for kind, items in known.items():
            if item_id in items:
                self._gate.state.opinion(user.name, kind, item_id).stars = stars
                return {}
        raise Refusal(70, "Item not found")

    def scrobble(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Record a play, or what is being played when it is no submission."""
        song = self._song(request)
        if request.value("submission") == "false":
            self._gate.state.now_playing[user.name] = song.id
            return {}
        now = int(datetime.now(UTC).timestamp() * 1000)
        at = datetime.fromtimestamp(request.number_of("time", now) / 1000, UTC)
        state = self._gate.state
        state.plays.append(Play(next(state.numbers), user.name, song.id, at))
        opinion = state.opinion(user.name, "song", song.id)
        opinion.plays += 1
        opinion.played = at if opinion.played is None else max(at, opinion.played)
        return {}

    def now_playing(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """What is being played."""
        entries: list[Payload] = [
            {
                "id": song_id,
                "isDir": False,
                "title": self._gate.catalogue.songs[song_id].title,
                "username": name,
                "minutesAgo": 0,
                "playerId": 1,
                "playerName": "player",
            }
            for name, song_id in self._gate.state.now_playing.items()
        ]
        return {"nowPlaying": self._gate.forms.many("entry", entries)}

    def user(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """One user; only admins may ask about others."""
        name = request.value("username") or user.name
        if name != user.name and not user.admin:
            raise Refusal(50, "User is not authorized for the given operation")
        return {"user": _user(self._gate.state.users[name])}

    def users(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """All users; admins only."""
        if not user.admin:
            raise Refusal(50, "User is not authorized for the given operation")
        return {"users": {"user": [_user(found) for found in self._gate.state.users.values()]}}

    def playlists(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """One's own playlists and the public ones of others."""
        found = [
            entry for entry in self._gate.state.playlists.values() if entry.owner == user.name or entry.public
        ]
        forms = self._gate.forms
        return {"playlists": forms.many("playlist", [forms.playlist(entry, user.name) for entry in found])}

    def playlist(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """A playlist with its entries."""
        return {"playlist": self._with_entries(self._playlist(request.value("id"), user), user)}

    def create_playlist(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """A new playlist, or other content for an old one; songs that do not exist are dropped."""
        state = self._gate.state
        songs = [song_id for song_id in request.values("songId") if song_id in self._gate.catalogue.songs]
        if playlist_id := request.value("playlistId"):
            found = self._own_playlist(playlist_id, user)
            found.songs = songs
            found.name = request.value("name") or found.name
            found.changed = datetime.now(UTC)
        else:
            name = request.value("name")
            if name is None:
                raise Refusal(10, "Required parameter 'name' is missing")
            found = SimulatedPlaylist(id=f"pl{next(state.numbers)}", name=name, owner=user.name, songs=songs)
            state.playlists[found.id] = found
        # Servers from before OpenSubsonic say nothing about what they made.
        return {"playlist": self._with_entries(found, user)} if self._gate.how.rich else {}

    def update_playlist(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Add at the end, remove by index, and change what the playlist is called."""
        found = self._own_playlist(request.value("playlistId"), user)
        found.name = request.value("name") or found.name
        if (comment := request.value("comment")) is not None:
            found.comment = comment
        if (public := request.value("public")) is not None:
            found.public = public == "true"
        # One after the other, as servers do that were not told otherwise: indexes shift.
        for index in map(int, request.values("songIndexToRemove")):
            if index >= len(found.songs):
                raise Refusal(0, "index out of range")
            del found.songs[index]
        found.songs += [
            song_id for song_id in request.values("songIdToAdd") if song_id in self._gate.catalogue.songs
        ]
        found.changed = datetime.now(UTC)
        return {}

    def delete_playlist(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Delete a playlist."""
        del self._gate.state.playlists[self._own_playlist(request.value("id"), user).id]
        return {}

    def cover(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        """The picture in the files; of a playlist the one it was given, else that of its first album."""
        name = request.value("id") or ""
        catalogue = self._gate.catalogue
        if name.startswith("pl-"):
            playlist = self._playlist(name.removeprefix("pl-").partition("_")[0], user)
            if playlist.image is not None:
                return Answer(body=playlist.image, content_type="image/png")
            name = f"mf-{playlist.songs[0]}" if playlist.songs else ""
        group = catalogue.albums.get(name.removeprefix("al-"))
        song = catalogue.songs.get(name.removeprefix("mf-"))
        songs = group.songs if group else (song,) if song else ()
        picture = next((found.cover for found in songs if found.cover), None)
        if picture is None:
            raise Refusal(70, "Artwork not found")
        return Answer(body=picture, content_type="image/png")

    def stream(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        """The sound, in whole or a range of it."""
        song = self._song(request)
        data = TEMPLATES[AudioFormat(song.suffix)].data()
        wanted = request.headers.get("range", "").removeprefix("bytes=")
        if not wanted:
            return Answer(body=data, content_type="audio/mpeg")
        start, _, end = wanted.partition("-")
        part = data[int(start) : int(end) + 1 if end else None]
        return Answer(status=206, body=part, content_type="audio/mpeg")

    def _status(self, tells_time: bool) -> Payload:
        state, how = self._gate.state, self._gate.how
        scanning = state.scan_polls_left > 0
        counted = len(self._gate.catalogue.songs) if how.scan_total or scanning else 0
        status: Payload = {"scanning": scanning, "count": counted}
        if how.rich and how.last_scan:
            status["folderCount"] = len(self._gate.catalogue.albums)
            status["lastScan"] = self._gate.forms.time(state.last_scan)
        return status

    def _starred(self, request: SimulatedRequest, user: SimulatedUser) -> list[Opinion]:
        catalogue = self._gate.catalogue
        named = (
            [("song", song_id, catalogue.songs) for song_id in request.values("id")],
            [("album", album_id, catalogue.albums) for album_id in request.values("albumId")],
            [("artist", artist_id, catalogue.artists) for artist_id in request.values("artistId")],
        )
        found = [(kind, item_id, item_id in items) for group in named for kind, item_id, items in group]
        if not found:
            raise Refusal(10, "Required parameter 'id' is missing")
        if not all(known for _, _, known in found):
            raise Refusal(70, "Item not found")
        return [self._gate.state.opinion(user.name, kind, item_id) for kind, item_id, _ in found]

    def _song(self, request: SimulatedRequest) -> Song:
        song = self._gate.catalogue.songs.get(request.value("id") or "")
        if song is None:
            raise Refusal(70, "Song not found")
        return song

    def _playlist(self, playlist_id: str | None, user: SimulatedUser) -> SimulatedPlaylist:
        found = self._gate.state.playlists.get(playlist_id or "")
        if found is None or (found.owner != user.name and not found.public):
            raise Refusal(70, "Playlist not found")
        return found

    def _own_playlist(self, playlist_id: str | None, user: SimulatedUser) -> SimulatedPlaylist:
        found = self._playlist(playlist_id, user)
        if found.owner != user.name or found.smart:
            raise Refusal(50, "User is not authorized for the given operation")
        return found

    def _with_entries(self, found: SimulatedPlaylist, user: SimulatedUser) -> Payload:
        forms, songs = self._gate.forms, self._gate.catalogue.songs
        entries = [forms.song(songs[song_id], user.name) for song_id in found.songs if song_id in songs]
        return {**forms.playlist(found, user.name), **forms.many("entry", entries)}


def _user(user: SimulatedUser) -> Payload:
    roles = (
        "settings",
        "download",
        "upload",
        "playlist",
        "coverArt",
        "comment",
        "podcast",
        "stream",
        "jukebox",
    )
    form: Payload = {f"{role}Role": True for role in (*roles, "share", "videoConversion")}
    return {**form, "username": user.name, "adminRole": user.admin, "scrobblingEnabled": True}
