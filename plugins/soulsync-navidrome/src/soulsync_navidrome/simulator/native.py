"""Navidrome's own API, as its web page uses it: a login, lists with totals in a header, plays, covers of playlists."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_navidrome.simulator.gate import Gate
from soulsync_navidrome.simulator.library import Group, Named, Song
from soulsync_navidrome.simulator.payloads import Payload
from soulsync_navidrome.simulator.state import SimulatedUser

T = TypeVar("T")

_LIST = ("_start", "_end", "_sort", "_order")
_HEADER = "x-nd-authorization"
_ROOT = "/music"


class Native:
    """The native routes."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.logins = 0
        route = gate.simulator.route
        route("POST", "/auth/login", body=True)(self._login)
        route("GET", "/api/song", query=(*_LIST, "library_id", "missing", "id"))(self._guarded(self._songs))
        route("GET", "/api/album", query=(*_LIST, "library_id", "missing", "id"))(self._guarded(self._albums))
        route("GET", "/api/scrobble", query=(*_LIST, "from", "to"))(self._guarded(self._scrobbles))
        route("POST", "/api/playlist/{id}/image", body=True)(self._guarded(self._playlist_image))

    def _login(self, request: SimulatedRequest) -> Answer:
        given = request.json()
        name, password = (
            (given.get("username"), given.get("password")) if isinstance(given, dict) else (None, None)
        )
        with self._gate.lock:
            self.logins += 1
            user = self._gate.state.users.get(str(name))
            if user is None or user.password != password:
                return Answer.json({"error": "Invalid username or password"}, status=401)
            user.token = secrets.token_hex(16)
            return Answer.json(
                {"id": f"user-{user.name}", "name": user.name, "username": user.name, "isAdmin": user.admin}
                | {"token": user.token, "subsonicSalt": "a1b2c3", "subsonicToken": "0" * 32}
            )

    def _guarded(
        self, handler: Callable[[SimulatedRequest, SimulatedUser], Answer]
    ) -> Callable[[SimulatedRequest], Answer]:
        def answer(request: SimulatedRequest) -> Answer:
            token = request.headers.get(_HEADER, "").removeprefix("Bearer ")
            with self._gate.lock:
                for user in self._gate.state.users.values():
                    if user.token and secrets.compare_digest(user.token, token):
                        return handler(request, user)
            return Answer.json({"error": "Not authenticated"}, status=401)

        return answer

    def _songs(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        songs = self._wanted(request, self._gate.catalogue.songs_by_id())
        return _page(request, songs, lambda song: self._song(song, user.name))

    def _albums(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        groups = self._wanted(request, self._gate.catalogue.albums_in_order("id", lambda group: (group.id,)))
        return _page(request, groups, lambda group: self._album(group, user.name))

    def _wanted(self, request: SimulatedRequest, items: Sequence[T]) -> Sequence[T]:
        heeded = request.path not in self._gate.how.heedless
        libraries, ids = request.values("library_id") if heeded else (), request.values("id")
        if not libraries and not ids:
            return items
        return [
            item
            for item in items
            if (not libraries or str(getattr(item, "library", "")) in libraries)
            and (not ids or getattr(item, "id", "") in ids)
        ]

    def _scrobbles(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        after = request.number_of("from", 0)
        plays = [
            play for play in self._gate.state.plays if play.user == user.name and play.at.timestamp() >= after
        ]
        plays.sort(key=lambda play: (play.at, play.number), reverse=request.value("_order") == "DESC")
        return _page(
            request,
            plays,
            lambda play: {
                "id": play.number,
                "mediaFileId": play.song_id,
                "submissionTime": int(play.at.timestamp()),
            },
        )

    def _playlist_image(self, request: SimulatedRequest, user: SimulatedUser) -> Answer:
        found = self._gate.state.playlists.get(request.path_values["id"])
        if found is None:
            return Answer(status=404, body=b"not found", content_type="text/plain")
        if found.owner != user.name:
            return Answer(status=403, body=b"not authorized", content_type="text/plain")
        kind = request.headers.get("content-type", "")
        start = request.body.find(b"\r\n\r\n")
        boundary = kind.partition("boundary=")[2].encode()
        if not boundary or b'name="image"' not in request.body[:start]:
            return Answer(status=400, body=b"missing image file", content_type="text/plain")
        found.image = request.body[start + 4 : request.body.rfind(b"\r\n--" + boundary)]
        found.changed = datetime.now(UTC)
        return Answer(body=b'{"status":"ok"}', content_type="text/plain; charset=utf-8")

    def _song(self, song: Song, user: str) -> Payload:
        form: Payload = {
            "id": song.id,
            "libraryId": song.library,
            "libraryPath": f"{_ROOT}/{self._gate.catalogue.libraries[song.library]}",
            "libraryName": self._gate.catalogue.libraries[song.library],
            "path": song.path,
            "title": song.title,
            "album": song.album,
            "albumId": song.album_id,
            "artist": " • ".join(name for _, name in song.artists),
            "artistId": song.artists[0][0],
            "albumArtist": " • ".join(name for _, name in song.album_artists),
            "albumArtistId": song.album_artists[0][0],
            "trackNumber": song.number or 0,
            "discNumber": song.disc or 0,
            "year": song.year or 0,
            "size": song.size,
            "suffix": song.suffix,
            "duration": float(song.seconds),
            "bitRate": song.bitrate,
            "sampleRate": 44100,
            "channels": 2,
            "genre": song.genres[0] if song.genres else "",
            "genres": [{"id": genre.casefold(), "name": genre} for genre in song.genres] or None,
            "compilation": song.compilation,
            "missing": False,
            "tags": {"isrc": list(song.isrcs)} if song.isrcs else {},
            "participants": {"artist": _people(song.artists), "albumartist": _people(song.album_artists)},
            "createdAt": self._gate.forms.time(song.added),
            "updatedAt": self._gate.forms.time(song.added),
        }
        if song.recording_id:
            form["mbzRecordingID"] = song.recording_id
        return self._with_opinion(form, user, "song", song.id)

    def _album(self, group: Group, user: str) -> Payload:
        years = [song.year for song in group.songs if song.year]
        form: Payload = {
            "id": group.id,
            "libraryId": group.library,
            "name": group.name,
            "albumArtist": " • ".join(name for _, name in group.artists),
            "albumArtistId": group.artists[0][0],
            "minYear": min(years, default=0),
            "maxYear": max(years, default=0),
            "compilation": any(song.compilation for song in group.songs),
            "songCount": len(group.songs),
            "duration": float(sum(song.seconds for song in group.songs)),
            "genres": [
                {"id": genre.casefold(), "name": genre}
                for genre in dict.fromkeys(genre for song in group.songs for genre in song.genres)
            ],
            "orderAlbumName": group.name.casefold(),
            "missing": False,
            "participants": {"albumartist": _people(group.artists)},
            "createdAt": self._gate.forms.time(group.added),
            "updatedAt": self._gate.forms.time(group.added),
        }
        return self._with_opinion(form, user, "album", group.id)

    def _with_opinion(self, form: Payload, user: str, kind: str, item_id: str) -> Payload:
        opinion = self._gate.state.seen(user, kind, item_id)
        if opinion is not None:
            form |= {
                "rating": opinion.stars,
                "starred": opinion.starred is not None,
                "playCount": opinion.plays,
            }
            if opinion.played is not None:
                form["playDate"] = self._gate.forms.time(opinion.played)
        return form


def _page(request: SimulatedRequest, items: Sequence[T], form: Callable[[T], Payload]) -> Answer:
    start, end = request.number_of("_start", 0), request.number_of("_end", 0)
    part = items[start : end or None]
    return Answer.json([form(item) for item in part], headers={"X-Total-Count": str(len(items))})


def _people(artists: Sequence[Named]) -> list[Payload]:
    return [{"id": artist_id, "name": name} for artist_id, name in artists]
