"""plexapi on our transport: what it knows of edits, pictures and ratings, without a connection of its own.

Importing plexapi reads a file of the user's and runs a program, so this module is imported when it is needed first.

It asks nothing by itself: the server it believes in is made of what is known already, and the objects it returns
do not reload themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast
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

PlexItem = PlexArtist | PlexAlbum | PlexTrack

_CLASSES: Final = {Kind.ARTIST: PlexArtist, Kind.ALBUM: PlexAlbum, Kind.TRACK: PlexTrack}
_WRITING_GETS: Final = ("/:/scrobble", "/:/unscrobble")


class _Methods:
    """What plexapi takes for a session; it only ever names one of its methods."""

    def get(self) -> None: ...

    def post(self) -> None: ...

    def put(self) -> None: ...

    def delete(self) -> None: ...


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
                f"The answer to {answer.where} cannot be read: {error}.", server=self._name
            ) from None


def item(server: BorrowedServer, kind: Kind, row: ItemRow) -> PlexItem:
    """plexapi's object of an item that was read before."""
    key = key_of(row.ratingKey) or ""
    known = {
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "type": kind.value,
        "title": row.title or "",
        "librarySectionID": key_of(row.librarySectionID) or "",
    }
    tag = "Track" if kind is Kind.TRACK else "Directory"
    return cast("PlexItem", _silent(server, _CLASSES[kind], Element(tag, known)))


def playlist(server: BorrowedServer, row: PlaylistRow) -> PlexPlaylist:
    """plexapi's object of a playlist that was read before."""
    key = key_of(row.ratingKey) or ""
    known = {"ratingKey": key, "key": f"/playlists/{key}/items", "type": "playlist", "title": row.title or ""}
    return _silent(server, PlexPlaylist, Element("Playlist", known))


def section(server: BorrowedServer, key: str) -> MusicSection:
    """A section that edits can be sent to."""
    return _silent(server, MusicSection, Element("Directory", {"key": key, "type": "artist", "title": ""}))


def _silent(server: BorrowedServer, kind: type[PlexObject], element: Element) -> PlexObject:
    made = kind(server, element, element.get("key"))
    made._autoReload = False
    return made
