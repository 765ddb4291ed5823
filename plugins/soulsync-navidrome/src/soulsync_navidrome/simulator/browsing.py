"""Looking at a simulated server: libraries, artists, albums, songs, search."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_navidrome.simulator.gate import Gate, Refusal
from soulsync_navidrome.simulator.library import Group
from soulsync_navidrome.simulator.payloads import Payload
from soulsync_navidrome.simulator.personality import EmptySearch
from soulsync_navidrome.simulator.state import SimulatedUser

T = TypeVar("T")

_PAGING = ("artistCount", "artistOffset", "albumCount", "albumOffset", "songCount", "songOffset")


class Browsing:
    """The reading methods."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        gate.offer("ping", lambda request, user: {})
        if gate.how.rich:
            gate.offer("getOpenSubsonicExtensions", self.extensions, public=True)
        else:
            gate.offer("getOpenSubsonicExtensions", self.unknown, public=True)
        if gate.how.api_keys:
            gate.offer("tokenInfo", lambda request, user: {"tokenInfo": {"username": user.name}})
        gate.offer("getLicense", lambda request, user: {"license": {"valid": True}})
        gate.offer("getMusicFolders", self.folders)
        gate.offer("getArtists", self.artists, ("musicFolderId",))
        gate.offer("getArtist", self.artist, ("id",))
        gate.offer("getAlbum", self.album, ("id",))
        gate.offer("getSong", self.song, ("id",))
        gate.offer("getAlbumList2", self.album_list, ("type", "size", "offset", "musicFolderId"))
        gate.offer("search3", self.search, ("query", "musicFolderId", *_PAGING))
        gate.offer("getGenres", self.genres)

    def extensions(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """The extensions, also to people who did not sign in."""
        names = self._gate.how.extensions
        return {"openSubsonicExtensions": [{"name": name, "versions": [1]} for name in names]}

    def unknown(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """What servers say to methods they do not know."""
        raise Refusal(0, "Unknown method")

    def folders(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """The libraries."""
        text = self._gate.how.text_folder_ids
        libraries = self._gate.catalogue.libraries.items()
        found = [{"id": str(number) if text else number, "name": name} for number, name in libraries]
        return {"musicFolders": self._gate.forms.many("musicFolder", found)}

    def artists(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """Album artists, by their first letter."""
        folder = self._gate.folder(request)
        forms = self._gate.forms
        letters: dict[str, list[tuple[str, Payload]]] = {}
        for artist_id in self._gate.catalogue.album_artists:
            albums = [group for group in forms.own_albums(artist_id) if folder in (None, group.library)]
            if albums:
                name = self._gate.catalogue.artists[artist_id]
                letters.setdefault(name[:1].upper(), []).append(
                    (name, forms.artist(artist_id, user.name, albums))
                )
        index = [
            {"name": letter, "artist": [form for _, form in sorted(found, key=lambda entry: entry[0])]}
            for letter, found in sorted(letters.items())
        ]
        return {"artists": {"ignoredArticles": "The", **forms.many("index", index)}}

    def artist(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """An artist with everything he is on, whatever the library."""
        artist_id = request.value("id") or ""
        if artist_id not in self._gate.catalogue.artists:
            raise Refusal(70, "Artist not found")
        forms = self._gate.forms
        albums = [
            forms.album(group, user.name) for group in self._gate.catalogue.albums_of.get(artist_id, [])
        ]
        return {"artist": {**forms.artist(artist_id, user.name), **forms.many("album", albums)}}

    def album(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """An album with its songs."""
        group = self._gate.catalogue.albums.get(request.value("id") or "")
        if group is None:
            raise Refusal(70, "Album not found")
        return {"album": self._gate.forms.album_with_songs(group, user.name)}

    def song(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """A song."""
        found = self._gate.catalogue.songs.get(request.value("id") or "")
        if found is None:
            raise Refusal(70, "Song not found")
        return {"song": self._gate.forms.song(found, user.name)}

    def album_list(self, request: SimulatedRequest, user: SimulatedUser) -> Payload | Answer:
        """One page of albums."""
        how = self._gate.how
        size, offset = request.number_of("size", 10), request.number_of("offset", 0)
        if how.album_cap is not None and size > how.album_cap:
            if how.refuses_large_pages:
                return Answer.json({"detail": [{"loc": ["query", "size"], "msg": "too large"}]}, status=422)
            size = how.album_cap
        folder = self._gate.folder(request)
        groups = self._in_order(request.value("type") or "")
        if folder is not None:
            groups = [group for group in groups if group.library == folder]
        page = [self._gate.forms.album(group, user.name) for group in groups[offset : offset + size]]
        return {"albumList2": self._gate.forms.many("album", page)}

    def search(self, request: SimulatedRequest, user: SimulatedUser) -> Payload | Answer:
        """Artists, albums and songs whose names hold all the words."""
        how, forms = self._gate.how, self._gate.forms
        query = request.value("query")
        if query is None:
            raise Refusal(10, "Required parameter 'query' is missing")
        if how.refuses_large_pages and request.number_of("songCount", 20) > (how.song_cap or 500):
            return Answer.json({"detail": [{"loc": ["query", "songCount"], "msg": "too large"}]}, status=422)
        words = self._words(query)
        if words is None:
            return {"searchResult3": self._hits([], [], [])}
        folder = self._gate.folder(request)
        catalogue = self._gate.catalogue
        artists = [
            artist_id
            for artist_id in (catalogue.album_artists if request.value("artistCount") != "0" else ())
            if _holds(words, catalogue.artists[artist_id])
            and any(folder in (None, group.library) for group in forms.own_albums(artist_id))
        ]
        albums, songs = catalogue.albums_of_library(folder), catalogue.songs_of(folder)
        if words:
            albums = [group for group in albums if _holds(words, group.name, *_names(group.artists))]
            songs = [song for song in songs if _holds(words, song.title, song.album, *_names(song.artists))]
        return {
            "searchResult3": self._hits(
                [forms.artist(artist_id, user.name) for artist_id in _part(request, "artist", artists)],
                [forms.album(group, user.name) for group in _part(request, "album", albums)],
                [forms.song(song, user.name) for song in _part(request, "song", songs)],
            )
        }

    def genres(self, request: SimulatedRequest, user: SimulatedUser) -> Payload:
        """The genres of all songs."""
        counts: dict[str, int] = {}
        for song in self._gate.catalogue.songs.values():
            for genre in song.genres:
                counts[genre] = counts.get(genre, 0) + 1
        found = [{"value": name, "songCount": count, "albumCount": 1} for name, count in counts.items()]
        return {"genres": self._gate.forms.many("genre", found)}

    def _hits(self, artists: Iterable[object], albums: Iterable[object], songs: Iterable[object]) -> Payload:
        forms = self._gate.forms
        return {**forms.many("artist", artists), **forms.many("album", albums), **forms.many("song", songs)}

    def _words(self, query: str) -> list[str] | None:
        """The words looked for; None when that finds nothing at all."""
        behaviour = self._gate.how.empty_search
        text = query.strip()
        if text == '""' or not text:
            quoted = text == '""'
            if behaviour is EmptySearch.NOTHING or (behaviour is EmptySearch.QUOTES and not quoted):
                return None
            return []
        return _folded(text.replace('"', " ").replace("*", " ")).split() or None

    def _in_order(self, kind: str) -> list[Group]:
        orders: dict[str, Callable[[Group], tuple[str | float, ...]]] = {
            "alphabeticalByName": lambda group: (group.name.casefold(), group.id),
            "alphabeticalByArtist": lambda group: (group.artists[0][1].casefold(), group.name, group.id),
            "newest": lambda group: (-group.added.timestamp(), group.id),
        }
        if kind not in orders:
            raise Refusal(0, "Not implemented!")
        return self._gate.catalogue.albums_in_order(kind, orders[kind])


def _part(request: SimulatedRequest, kind: str, found: list[T]) -> list[T]:
    offset = request.number_of(f"{kind}Offset", 0)
    return found[offset : offset + request.number_of(f"{kind}Count", 20)]


def _names(artists: Iterable[tuple[str, str]]) -> list[str]:
    return [name for _, name in artists]


def _holds(words: list[str], *texts: str) -> bool:
    if not words:
        return True
    whole = _folded(" ".join(texts))
    return all(word in whole for word in words)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
