"""Ratings, favourites and plays; users, and what they listen to now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from soulsync_engine.models import (
    ActivePlay,
    ItemRef,
    Kind,
    User,
    UserData,
)
from soulsync_engine.plugin import NotAllowedError, Support, UnsupportedError
from soulsync_navidrome import mapper
from soulsync_navidrome.failures import RefusedError, not_offered
from soulsync_navidrome.history import HistoryClient
from soulsync_navidrome.transport import Parameters
from soulsync_navidrome.values import rating_from_stars, stars_from_rating
from soulsync_navidrome.wire import NowPlayingEntry, WireUser

_STAR_PARAMETER: Final = {Kind.TRACK: "id", Kind.ALBUM: "albumId", Kind.ARTIST: "artistId"}


class ActivityClient(HistoryClient):
    """User data, users and sessions."""

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """As in the contract, in stars: 1 to 5."""
        self._wire(kind, id)
        stars = stars_from_rating(rating)
        try:
            self._connection.transport.call("setRating", [("id", id), ("rating", stars)])
        except RefusedError as error:
            raise self._not_for(
                kind, "set_rating", f"this server rates no {kind}s ({error.message})"
            ) from None
        stored = self._opinion(kind, id)
        if stored.rating != rating_from_stars(stars):
            raise self._not_for(
                kind, "set_rating", f"this server accepts ratings of {kind}s and does not keep them"
            )
        return stored

    def set_favorite(self, kind: Kind, id: str, favorite: bool) -> UserData:
        """As in the contract: a star."""
        if bool(self._wire(kind, id).starred) is favorite:
            # Marking twice is an error on some servers.
            return self._opinion(kind, id)
        method = "star" if favorite else "unstar"
        self._connection.transport.call(method, [(_STAR_PARAMETER[kind], id)])
        stored = self._opinion(kind, id)
        if stored.favorite is not favorite:
            raise self._not_for(kind, "set_favorite", f"this server does not keep marks of {kind}s")
        return stored

    def report_play(self, track_id: str, at: datetime) -> UserData:
        """As in the contract."""
        before = self._opinion(Kind.TRACK, track_id)
        milliseconds = int(at.astimezone(UTC).timestamp() * 1000)
        played: Parameters = [("id", track_id), ("time", milliseconds), ("submission", True)]
        self._connection.transport.call("scrobble", played, idempotent=False)
        stored = self._opinion(Kind.TRACK, track_id)
        if (stored.play_count or 0) <= (before.play_count or 0):
            raise self._not_for(
                Kind.TRACK, "report_play", "this server passes plays on and does not keep them"
            )
        return stored

    def list_users(self) -> tuple[User, ...]:
        """As in the contract: all of them for admins, oneself for others."""
        try:
            found = self._connection.transport.call("getUsers").users
        except (NotAllowedError, RefusedError):
            name = self._connection.facts.user or ""
            own = self._connection.transport.call("getUser", [("username", name)]).user
            return self._asking.made(lambda: (mapper.user(own),)) if own is not None else ()
        users = found.user if found else None
        several = [users] if isinstance(users, WireUser) else users or []
        return self._asking.made(lambda: tuple(mapper.user(user) for user in several))

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """As in the contract."""
        found = self._connection.transport.call("getNowPlaying").now_playing
        entries = found.entry if found else None
        several = [entries] if isinstance(entries, NowPlayingEntry) else entries or []
        playing = [entry for entry in several if entry.state != "stopped"]
        return self._asking.made(lambda: tuple(mapper.active_play(entry, self.server) for entry in playing))

    def _opinion(self, kind: Kind, item_id: str) -> UserData:
        """What the server stores, read back."""
        return mapper.user_data(ItemRef(self.server, kind, item_id), self._wire(kind, item_id))

    def _not_for(self, kind: Kind, operation: str, reason: str) -> UnsupportedError:
        return not_offered(
            operation, Support.server_cannot(reason), server=self.server, what=f"for this {kind}"
        )
