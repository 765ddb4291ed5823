"""The questions that listings are made of: one request each, decoded item by item."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from soulsync_engine.errors import IncompleteSweepError
from soulsync_engine.http import DecodedItems, UnexpectedAnswerError, decode_items, decoder_of
from soulsync_engine.models import Album, Artist, Item, Kind, Track
from soulsync_engine.plugin import UnavailableError
from soulsync_navidrome import mapper
from soulsync_navidrome.connection import Connection
from soulsync_navidrome.mapper import Reading
from soulsync_navidrome.songs import tidied, track
from soulsync_navidrome.transport import Parameters
from soulsync_navidrome.values import optional_id, text_id
from soulsync_navidrome.wire import AlbumID3, ArtistID3, Child, IndexID3, Song

WireT = TypeVar("WireT")
ModelT = TypeVar("ModelT")
OneT = TypeVar("OneT", AlbumID3, ArtistID3)

_COUNTS = {Kind.ARTIST: "artistCount", Kind.ALBUM: "albumCount", Kind.TRACK: "songCount"}


class Asking:
    """One server's lists. Nothing is remembered here."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.server = connection.server

    def search_songs(
        self, query: str, folder: str | None, offset: int, count: int, how: Reading
    ) -> DecodedItems[Track]:
        """Songs found, from `offset` on."""
        pairs: Parameters = [
            *(
                ("query", query),
                ("artistCount", 0),
                ("albumCount", 0),
                ("songCount", count),
                ("songOffset", offset),
            ),
            *_in_folder(folder),
        ]
        found = self.connection.transport.call("search3", pairs, bulk=True).search_result3
        return self.tracks(found.song if found else msgspec.Raw(), how)

    def album_list(self, kind: str, folder: str | None, offset: int, size: int) -> msgspec.Raw:
        """One page of albums, still raw."""
        pairs: Parameters = [("type", kind), ("size", size), ("offset", offset), *_in_folder(folder)]
        found = self.connection.transport.call("getAlbumList2", pairs, bulk=True).album_list2
        return _as_list(found.album) if found else msgspec.Raw()

    def albums(self, raw: msgspec.Raw, how: Reading) -> DecodedItems[Album]:
        """Albums out of an answer."""
        return self.items(raw, AlbumID3, lambda found: mapper.album(found, how), Kind.ALBUM)

    def tracks(self, songs: msgspec.Raw, how: Reading) -> DecodedItems[Track]:
        """Songs out of an answer. Where one is not as described they are all read as whatever they may be."""
        rows = self._rows(songs, Kind.TRACK)
        # A server that sends one song with values of other types sends most so.
        if rows and _is_described(rows[0]):
            found = decode_items(rows, Song, lambda song: track(song, how), kind=Kind.TRACK)
            if not found.problems:
                return found
        return decode_items(rows, Child, lambda child: track(tidied(child), how), kind=Kind.TRACK)

    def artists(self, folder: str | None, how: Reading) -> DecodedItems[Artist]:
        """Every artist, in the server's order, each once."""
        found = self.connection.transport.call("getArtists", _in_folder(folder), bulk=True).artists
        index = found.index if found else None
        letters = [index] if isinstance(index, IndexID3) else index or []
        parts = [
            self.items(letter.artist, ArtistID3, lambda wire: mapper.artist(wire, how), Kind.ARTIST)
            for letter in letters
        ]
        once = {artist.ref.id: artist for part in parts for artist in part.items}
        return DecodedItems(
            items=tuple(once.values()), problems=tuple(problem for part in parts for problem in part.problems)
        )

    def albums_of(self, artist_id: str) -> DecodedItems[AlbumID3]:
        """The albums of one artist, whatever library they are in."""
        raw = self.connection.transport.call("getArtist", [("id", artist_id)], bulk=True).artist
        found = self._asked_for(self.one(raw, ArtistID3), artist_id)
        return self.items(found.album, AlbumID3, _with_id, Kind.ALBUM)

    def album(self, album_id: str) -> AlbumID3:
        """One album with its songs."""
        raw = self.connection.transport.call("getAlbum", [("id", album_id)], bulk=True).album
        return self._asked_for(self.one(raw, AlbumID3), album_id)

    def _asked_for(self, found: OneT | None, item_id: str) -> OneT:
        """The answer, if it is about what was asked for: what a proxy kept of another question must not pass for it."""
        if found is None or optional_id(found.id) != item_id:
            raise IncompleteSweepError(
                f"The server was asked about {item_id!r} and answered with something else.",
                server=self.server,
                next_step="Nothing is concluded from it. Try again when the server is at rest.",
            )
        return found

    def one(self, raw: msgspec.Raw, wire: type[WireT]) -> WireT | None:
        """A single item out of an answer."""
        if bytes(raw) in (b"", b"null"):
            return None
        try:
            return decoder_of(wire).decode(raw)
        except (msgspec.ValidationError, RecursionError) as error:
            raise UnexpectedAnswerError(
                f"An answer of the server has another shape than expected: {error}.",
                server=self.server,
                next_step="Check that the server's version is supported.",
            ) from None

    def made(self, make: Callable[[], ModelT]) -> ModelT:
        """What `make` makes of an answer. That one makes no sense is the server's fault, and said so."""
        try:
            return make()
        except (ValueError, RecursionError) as error:
            raise UnexpectedAnswerError(
                f"An answer of the server makes no sense: {error}.",
                server=self.server,
                next_step="Check that the server's version is supported.",
            ) from None

    def items(
        self, raw: msgspec.Raw, wire: type[WireT], to_model: Callable[[WireT], ModelT], kind: Kind
    ) -> DecodedItems[ModelT]:
        """A list out of an answer, mapped."""
        return decode_items(self._rows(raw, kind), wire, to_model, kind=kind)

    def _rows(self, raw: msgspec.Raw, kind: Kind) -> list[msgspec.Raw]:
        """A list out of an answer; a list of one may come without brackets."""
        source = bytes(_as_list(raw))
        try:
            return decoder_of(list[msgspec.Raw]).decode(source) if source not in (b"", b"null") else []
        except msgspec.ValidationError as error:
            raise UnexpectedAnswerError(
                f"An answer of the server has no list of {kind}s where one is due: {error}.",
                server=self.server,
                next_step="Check that the server's version is supported.",
            ) from None

    def search_all(
        self, query: str, kinds: frozenset[Kind], folder: str | None, limit: int, how: Reading
    ) -> list[Item]:
        """Hits of all the kinds asked for, the server's order kept within each."""
        counts: Parameters = [(name, limit if kind in kinds else 0) for kind, name in _COUNTS.items()]
        pairs: Parameters = [("query", query), *counts, *_in_folder(folder)]
        found = self.connection.transport.call("search3", pairs).search_result3
        if found is None:
            return []
        hits: list[Item] = []
        if Kind.ARTIST in kinds:
            artists = self.items(found.artist, ArtistID3, lambda wire: mapper.artist(wire, how), Kind.ARTIST)
            hits += artists.items[:limit]
        if Kind.ALBUM in kinds:
            hits += self.albums(found.album, how).items[:limit]
        if Kind.TRACK in kinds:
            hits += self.tracks(found.song, how).items[:limit]
        return hits


def _is_described(row: msgspec.Raw) -> bool:
    try:
        decoder_of(Song).decode(row)
    except (ValueError, RecursionError):
        return False
    return True


def _with_id(album: AlbumID3) -> AlbumID3:
    text_id(album.id)
    return album


def _in_folder(folder: str | None) -> Parameters:
    return [] if folder is None else [("musicFolderId", folder)]


def _as_list(raw: msgspec.Raw) -> msgspec.Raw:
    source = bytes(raw).lstrip()
    return msgspec.Raw(b"[" + source + b"]") if source.startswith(b"{") else raw


class NotProvenError(UnavailableError):
    """The server shows nothing, and nothing proves that this is so because there is nothing."""
