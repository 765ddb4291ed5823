"""plexapi on our transport: what it knows of edits, pictures and ratings, without a connection of its own.

Importing plexapi reads a file of the user's and runs a program, so this module is imported when it is needed first.

It asks nothing by itself: the server it believes in is made of what is known already, and the objects it returns
do not reload themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element

from plexapi.audio import Album as PlexAlbum
from plexapi.audio import Artist as PlexArtist
from plexapi.audio import Track as PlexTrack
from plexapi.base import PlexObject
from plexapi.library import MusicSection
from plexapi.playlist import Playlist as PlexPlaylist
from plexapi.server import PlexServer

from soulsync_engine.http import UnreadableAnswerError
from soulsync_engine.models import Kind
from soulsync_plex.decoding import xml_root
from soulsync_plex.mapper import key_of
from soulsync_plex.transport import PlexTransport
from soulsync_plex.wire import ItemRow, PlaylistRow

MadeT = TypeVar("MadeT", bound=PlexObject)

PlexItem: TypeAlias = PlexArtist | PlexAlbum | PlexTrack

_CLASSES: Final = {Kind.ARTIST: PlexArtist, Kind.ALBUM: PlexAlbum, Kind.TRACK: PlexTrack}
_WRITING_GETS: Final = ("/:/scrobble", "/:/unscrobble")


class _Methods:
    """What plexapi takes for a session; it only ever names one of its methods."""

    def get(self) -> None: ...

    def post(self) -> None: ...

    def put(self) -> None: ...

    def delete(self) -> None: ...


class _Library:
    """Sections by their keys, without asking for them."""

    def __init__(self, server: BorrowedServer) -> None:
        self._server = server

    def sectionByID(self, key: int) -> MusicSection:  # noqa: N802 - plexapi's name
        known = {"key": str(key), "type": "artist", "title": ""}
        return _silent(MusicSection(self._server, Element("Directory", known), "/library/sections"))


class BorrowedServer(PlexServer):  # type: ignore[misc]
    """A server as plexapi knows it, reached through our transport. It never learns the token."""

    def __init__(self, transport: PlexTransport, *, server: str) -> None:
        self._transport = transport
        self._name = server
        self._baseurl = transport.base_url
        self._token = None
        self._showSecrets = False
        self._session = _Methods()
        self._timeout = None
        PlexObject.__init__(self, self, Element("MediaContainer"), self.key)

    @property
    def library(self) -> _Library:
        """What an item asks for its section before it sends an edit there."""
        return _Library(self)

    def query(
        self,
        key: str,
        method: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, object] | None = None,
        timeout: float | None = None,
        data: bytes | None = None,
    ) -> Element | None:
        """The answer as XML, None for one without a body. Errors are the engine's own."""
        path, _, query = key.partition("?")
        pairs = [
            *parse_qsl(query, keep_blank_values=True),
            *((name, str(value)) for name, value in (params or {}).items()),
        ]
        answer = self._transport.send(
            getattr(method, "__name__", "get").upper(),
            path,
            params=pairs,
            headers={"Accept": "application/xml", **(headers or {})},
            content=data,
            idempotent=False if path in _WRITING_GETS else None,
            timeout=timeout,
        )
        try:
            return xml_root(answer.body)
        except ValueError as error:
            raise UnreadableAnswerError(
                f"The answer to {answer.where} cannot be read: {error}.",
                server=self._name,
                next_step="Look whether it was done before trying again; something in between may spoil answers.",
            ) from None


def item(server: BorrowedServer, kind: Kind, row: ItemRow) -> PlexItem:
    """The object plexapi has for an item that was read before."""
    key = key_of(row.ratingKey) or ""
    known = {
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "type": kind.value,
        "title": row.title or "",
        "librarySectionID": key_of(row.librarySectionID) or "0",
        "parentRatingKey": key_of(row.parentRatingKey) or "",
    }
    tag = "Track" if kind is Kind.TRACK else "Directory"
    return _silent(_CLASSES[kind](server, Element(tag, known), known["key"]))


def playlist(server: BorrowedServer, row: PlaylistRow) -> PlexPlaylist:
    """The object plexapi has for a playlist that was read before."""
    key = key_of(row.ratingKey) or ""
    known = {"ratingKey": key, "key": f"/playlists/{key}/items", "type": "playlist", "title": row.title or ""}
    return _silent(PlexPlaylist(server, Element("Playlist", known), known["key"]))


def _silent(made: MadeT) -> MadeT:
    """The object, kept from asking for what it does not know."""
    made._autoReload = False
    return made
