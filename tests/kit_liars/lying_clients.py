"""The reference client with one lie each, of the kinds that real backends have told."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from pydantic import ConfigDict, Field, SecretStr

from soulsync_engine.errors import AuthenticationError, NotFoundError, SoulSyncError, UnavailableError
from soulsync_engine.models import (
    EVERYTHING,
    ArtistCredit,
    ByteRange,
    FieldOutcome,
    FieldResult,
    Kind,
    Page,
    PatchResult,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_engine.plugin import BackendSettings, BackendSpec, Support
from soulsync_engine.testing.reference.client import ReferenceClient


def lying(
    client: str,
    settings: str = "soulsync_engine.testing.reference.settings:ReferenceSettings",
    *,
    module: str = "lying_clients",
) -> BackendSpec:
    return BackendSpec(
        name="liar", title="A liar", contract=1, client=f"{module}:{client}", settings=settings
    )


class OpenSettings(BackendSettings):
    """A secret that is not declared as one, and unknown keys that are swallowed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    address: str = Field(description="Address")
    token: str = Field(description="Token")
    user: str = Field(default="ada", description="User")


class OpenClient(ReferenceClient):
    def __init__(self, context):
        settings = context.settings

        class Opened:
            address, token, user = settings.address, SecretStr(settings.token), settings.user

        super().__init__(replace(context, settings=Opened))


class Eager(ReferenceClient):
    def __init__(self, context):
        super().__init__(context)
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)


class Equal(ReferenceClient):
    def __eq__(self, other):
        return isinstance(other, Equal)

    def __hash__(self):
        return 1


class Skipping(ReferenceClient):
    """Loses the first item of every further page."""

    def list_tracks(self, scope, cursor, limit):
        page = super().list_tracks(scope, cursor, limit)
        return page if cursor is None else replace(page, items=page.items[1:])


class Overlapping(ReferenceClient):
    """Begins every further page with the last item of the one before."""

    def list_tracks(self, scope, cursor, limit):
        return super().list_tracks(scope, cursor and str(int(cursor) - 1), limit)


class Generous(ReferenceClient):
    def list_albums(self, scope, cursor, limit):
        return super().list_albums(scope, cursor, limit + 1)


class PageTotals(ReferenceClient):
    """Declares the length of the page as the total."""

    def list_artists(self, scope, cursor, limit):
        page = super().list_artists(scope, cursor, limit)
        return replace(page, total=len(page.items))


class FewerIds(ReferenceClient):
    def list_ids(self, kind, scope, cursor, limit):
        page = super().list_ids(kind, scope, cursor, limit)
        return replace(page, items=page.items[:-1], total=None)


class _Altered(ReferenceClient):
    """Shows every track altered."""

    def list_tracks(self, scope, cursor, limit):
        page = super().list_tracks(scope, cursor, limit)
        return replace(page, items=tuple(self.altered(track) for track in page.items))

    def altered(self, track: Track) -> Track:
        raise NotImplementedError


class Seconds(_Altered):
    def altered(self, track):
        return replace(track, duration_ms=(track.duration_ms or 0) // 1000)


class Naive(_Altered):
    def altered(self, track):
        return replace(track, added=track.added.replace(tzinfo=None))


class Cutting(_Altered):
    def altered(self, track):
        return replace(track, title=track.title[:64])


class Joining(_Altered):
    def altered(self, track):
        return replace(
            track, artists=(ArtistCredit(name=", ".join(credit.name for credit in track.artists)),)
        )


class Unordered(ReferenceClient):
    def get_items(self, kind, ids):
        return tuple(sorted(super().get_items(kind, ids), key=lambda item: item.ref.id))


class Limitless(ReferenceClient):
    def search(self, query, kinds, scope, limit):
        return super().search(query, kinds, scope, 1000)


class Deaf(ReferenceClient):
    def search(self, query, kinds, scope, limit):
        return SearchResult()


class Leaking(ReferenceClient):
    def list_tracks(self, scope, cursor, limit):
        return super().list_tracks(EVERYTHING, cursor, limit)


class Shrugging(ReferenceClient):
    """Takes an unknown library for an empty one."""

    def list_tracks(self, scope, cursor, limit):
        with suppress(NotFoundError):
            return super().list_tracks(scope, cursor, limit)
        return Page(items=(), total=0)


class Silent(ReferenceClient):
    """Answers "nothing there" when the server cannot be reached."""

    def list_tracks(self, scope, cursor, limit):
        with suppress(UnavailableError):
            return super().list_tracks(scope, cursor, limit)
        return Page(items=(), total=0)

    def connect(self):
        with suppress(UnavailableError):
            return super().connect()
        return ServerInfo(product="Silent", version="1")


class Confusing(ReferenceClient):
    """Calls a refusal an outage."""

    def connect(self):
        try:
            return super().connect()
        except AuthenticationError as error:
            raise UnavailableError("The server does not answer.") from error


class Talkative(ReferenceClient):
    def connect(self):
        try:
            return super().connect()
        except SoulSyncError as error:
            token = self._context.settings.token.get_secret_value()
            raise type(error)(f"GET /about?token={token} failed.") from error


class Constant(ReferenceClient):
    def change_token(self, scope):
        return "always the same"


class Restless(ReferenceClient):
    def change_token(self, scope):
        self.asked = getattr(self, "asked", 0) + 1
        return f"{super().change_token(scope)} {self.asked}"


class OffByOne(ReferenceClient):
    """Takes the last byte wanted for the one after it."""

    def stream(self, track_id, range, max_bitrate):
        if range is not None and range.end is not None:
            range = ByteRange(start=range.start, end=range.end - 1)
        return super().stream(track_id, range, max_bitrate)


class Recreating(ReferenceClient):
    """Replaces the content of a playlist by making another playlist."""

    def replace_entries(self, playlist_id, track_ids):
        was = self.delete_playlist(playlist_id)
        return self.create_playlist(was.name, track_ids, None, False)

    claims = frozenset({"delete_playlist"})


class RemovesTwins(ReferenceClient):
    """Removes every entry of a track when one is named."""

    claims = frozenset({"delete_playlist"})

    def remove_entries(self, playlist_id, entry_ids):
        entries = self.list_playlist_entries(playlist_id, None, 500).items
        tracks = {entry.track_ref for entry in entries if entry.entry_id in entry_ids}
        also = tuple(entry.entry_id for entry in entries if entry.track_ref in tracks)
        return super().remove_entries(playlist_id, also or entry_ids)


class Toggling(ReferenceClient):
    def set_favorite(self, kind, id, favorite):
        marked = self.get_items(kind, (id,))[0].favorite
        return super().set_favorite(kind, id, not marked)


class Backwards(ReferenceClient):
    def list_play_events(self, scope, since, cursor, limit):
        page = super().list_play_events(scope, since, None, 500)
        return replace(page, items=tuple(reversed(page.items))[:limit], next_cursor=None, total=None)


class Forgetful(ReferenceClient):
    """Says that it stored what it did not."""

    def update_album(self, id, patch):
        known = self.get_items(Kind.ALBUM, (id,))
        if not known:
            raise NotFoundError("There is no such album.")
        return PatchResult(ref=known[0].ref, fields={"genres": FieldResult(outcome=FieldOutcome.APPLIED)})


class Percent(ReferenceClient):
    def trigger_scan(self, scope: Scope, paths):
        return replace(super().trigger_scan(scope, paths), progress=50.0)


class Trusting(ReferenceClient):
    def parse_webhook(self, headers, body):
        json.loads(body)["event"]
        return super().parse_webhook(headers, body)


class Speechless(ReferenceClient):
    """Refuses without a reason."""

    limitations: ClassVar[dict[str, Support]] = {"list_users": Support.server_cannot("")}


class Contradictory(ReferenceClient):
    limitations: ClassVar[dict[str, Support]] = {"list_users": Support.server_cannot("there are no users")}
