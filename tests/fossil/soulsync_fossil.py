# ruff: noqa
# fmt: off
"""A backend written against contract 1. Never edit this file; see README.md."""

from pydantic import Field, SecretStr
from soulsync_engine.models import Album, Artist, ArtistCredit, ItemRef, Kind, Library, Page, SearchResult, ServerInfo, Track
from soulsync_engine.plugin import (
    AuthenticationError,
    BackendSettings,
    BackendSpec,
    MediaServerClient,
    NotFoundError,
    Support,
)

backend = BackendSpec(
    name="fossil",
    title="A backend of the first days",
    contract=1,
    client="soulsync_fossil:FossilClient",
    settings="soulsync_fossil:FossilSettings",
)


class FossilSettings(BackendSettings):
    token: SecretStr = Field(description="Any text but 'wrong'")


class FossilClient(MediaServerClient):
    limitations = {"trigger_scan": Support.server_cannot("stone does not change")}

    def __init__(self, context):
        self._server = context.server
        self._token = context.settings.token.get_secret_value()

    def connect(self):
        if self._token == "wrong":
            raise AuthenticationError("The stone does not know that token.", server=self._server)
        return ServerInfo(product="Fossil", version="1")

    # Everything is in one library, so the parameters that choose among several are not asked for.

    def list_libraries(self):
        return (Library(id="stone", name="Stone"),)

    def list_artists(self):
        return Page(items=(self._artist(),), total=1)

    def list_albums(self):
        return Page(items=(self._album(),), total=1)

    def list_tracks(self, cursor, limit):
        start = int(cursor or 0)
        numbers = range(1, 6)[start : start + limit]
        end = start + len(numbers)
        return Page(items=tuple(map(self._track, numbers)), next_cursor=str(end) if end < 5 else None, total=5)

    def get_items(self, kind, ids):
        known = {"artist": self._artist(), "album": self._album()}
        known.update({str(number): self._track(number) for number in range(1, 6)})
        found = [known[key] for key in ids if key in known]
        return tuple(item for item in found if item.ref.kind is kind)

    def search(self, query):
        tracks = [self._track(number) for number in range(1, 6)]
        return SearchResult(tracks=tuple(track for track in tracks if query.casefold() in track.title.casefold()))

    def list_users(self):
        raise NotFoundError("Nobody is here.", server=self._server)

    def _artist(self):
        return Artist(ref=ItemRef(self._server, Kind.ARTIST, "artist"), name="Ammonite")

    def _album(self):
        credit = ArtistCredit(name="Ammonite", id="artist")
        return Album(ref=ItemRef(self._server, Kind.ALBUM, "album"), title="Jurassic", artists=(credit,), year=1995)

    def _track(self, number):
        credit = ArtistCredit(name="Ammonite", id="artist")
        return Track(
            ref=ItemRef(self._server, Kind.TRACK, str(number)),
            title=f"Layer {number}",
            artists=(credit,),
            album="Jurassic",
            album_id="album",
            album_artists=(credit,),
            track_number=number,
            duration_ms=60_000,
        )
