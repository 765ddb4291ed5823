"""Ratings, favourites, plays and what is known of past ones; users, and what they listen to now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Final

import msgspec

from soulsync_engine.http import decode_items
from soulsync_engine.models import (
    ActivePlay,
    HistoryLevel,
    ItemRef,
    Kind,
    Page,
    PlayCount,
    PlayEvent,
    PlayEventPage,
    Scope,
    Track,
    User,
    UserData,
)
from soulsync_engine.plugin import NotAllowedError, Support, UnavailableError, UnsupportedError
from soulsync_navidrome import libraries, mapper, native_mapper
from soulsync_navidrome.covers import CoversClient
from soulsync_navidrome.failures import RefusedError
from soulsync_navidrome.native import NativeUnavailableError
from soulsync_navidrome.pages import offset_of
from soulsync_navidrome.transport import Parameters
from soulsync_navidrome.values import rating_from_stars, stars_from_rating
from soulsync_navidrome.wire import NowPlayingEntry, WireUser

_STAR_PARAMETER: Final = {Kind.TRACK: "id", Kind.ALBUM: "albumId", Kind.ARTIST: "artistId"}
_KEPT_HISTORIES: Final = 4


class ActivityClient(CoversClient):
    """History, user data, users and sessions."""

    _histories: dict[tuple[Scope, datetime | None], tuple[PlayEvent, ...]]
    _histories_lock: Lock

    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """As in the contract: every play where Navidrome's own API keeps them, else the last play of every track."""
        selection = libraries.select(self._connection, scope)
        if selection.folders == ():
            return PlayEventPage(items=(), level=HistoryLevel.LAST_PLAY)
        # Plays do not say which library they belong to, so one library's can only be had from its tracks.
        if selection.folders is None and self._native.excluded is None:
            try:
                return self._single_plays(since, cursor, limit)
            except NativeUnavailableError as error:
                self._native.give_up(str(error))
        return self._last_plays(scope, since, cursor, limit)

    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """As in the contract: read from all tracks, so that none is missed."""
        counts: list[PlayCount] = []
        place: str | None = cursor
        while True:
            page = self.list_tracks(scope, place, self.limits.max_page_size if limit > 1 else 1)
            counts += [count for track in page.items if (count := mapper.play_count(track)) is not None]
            place = page.next_cursor
            if place is None or len(counts) >= limit:
                break
        if len(counts) > limit:
            return self._counts_again(scope, cursor, limit)
        return Page(items=tuple(counts), next_cursor=place)

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """As in the contract, in stars: 1 to 5."""
        self._wire(kind, id)
        stars = stars_from_rating(rating)
        try:
            self._connection.transport.call("setRating", [("id", id), ("rating", stars)])
        except RefusedError:
            raise self._not_for(kind, "set_rating", f"this server rates no {kind}s") from None
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
            return (mapper.user(own),) if own is not None else ()
        users = found.user if found else None
        several = [users] if isinstance(users, WireUser) else users or []
        return tuple(mapper.user(user) for user in several)

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """As in the contract."""
        found = self._connection.transport.call("getNowPlaying").now_playing
        entries = found.entry if found else None
        several = [entries] if isinstance(entries, NowPlayingEntry) else entries or []
        return tuple(mapper.active_play(entry, self.server) for entry in several if entry.state != "stopped")

    def _single_plays(self, since: datetime | None, cursor: str | None, limit: int) -> PlayEventPage:
        offset = offset_of(cursor, self.server)
        filters: list[tuple[str, str | int]] = [("_sort", "submission_time"), ("_order", "DESC")]
        if since is not None:
            filters.append(("from", int(since.timestamp())))
        answer, total = self._native.page("/api/scrobble", offset, offset + limit, filters)
        user = self._connection.facts.user
        try:
            found = decode_items(
                msgspec.Raw(answer.body),
                native_mapper.NativePlay,
                lambda play: native_mapper.play(play, self.server, user),
                kind=Kind.TRACK,
            )
        except msgspec.ValidationError:
            raise NativeUnavailableError("its list of plays is no list") from None
        end = offset + len(found.items) + len(found.problems)
        return PlayEventPage(
            items=tuple(event for event in found.items if since is None or event.played_at > since),
            next_cursor=str(end) if offset < end < total else None,
            problems=found.problems,
            level=HistoryLevel.EVENTS,
        )

    def _last_plays(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """The newest first, which takes all of them; later pages are of the same reading."""
        offset = offset_of(cursor, self.server)
        key = (scope, since)
        with self._histories_lock:
            events = None if cursor is None else self._histories.get(key)
        if events is None:
            found = [
                PlayEvent(
                    played_at=track.last_played,
                    track=track.ref,
                    title=track.title,
                    artist=", ".join(credit.name for credit in track.artists) or None,
                    album=track.album,
                    user=self._connection.facts.user,
                )
                for track in self._every_track(scope)
                if track.last_played is not None and (since is None or track.last_played > since)
            ]
            events = tuple(sorted(found, key=lambda event: event.played_at, reverse=True))
            with self._histories_lock:
                self._histories.pop(key, None)
                self._histories[key] = events
                while len(self._histories) > _KEPT_HISTORIES:
                    del self._histories[next(iter(self._histories))]
        part = events[offset : offset + limit]
        end = offset + len(part)
        return PlayEventPage(
            items=part,
            next_cursor=str(end) if end < len(events) else None,
            total=len(events),
            level=HistoryLevel.LAST_PLAY,
        )

    def _every_track(self, scope: Scope) -> Iterator[Track]:
        cursor: str | None = None
        while True:
            page = self.list_tracks(scope, cursor, self.limits.max_page_size)
            if page.problems:
                raise UnavailableError(
                    f"{len(page.problems)} tracks cannot be read, so their plays are not known: "
                    f"{page.problems[0].reason}.",
                    server=self.server,
                )
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _counts_again(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """The same, in steps so small that no more than `limit` can come at once."""
        counts: list[PlayCount] = []
        place: str | None = cursor
        while True:
            page = self.list_tracks(scope, place, limit - len(counts))
            counts += [count for track in page.items if (count := mapper.play_count(track)) is not None]
            place = page.next_cursor
            if place is None or len(counts) >= limit:
                return Page(items=tuple(counts), next_cursor=place)

    def _opinion(self, kind: Kind, item_id: str) -> UserData:
        """What the server stores, read back."""
        return mapper.user_data(ItemRef(self.server, kind, item_id), self._wire(kind, item_id))

    def _not_for(self, kind: Kind, operation: str, reason: str) -> UnsupportedError:
        return UnsupportedError(
            f"{operation} does not work for this {kind}: {reason}.",
            operation=operation,
            support=Support.server_cannot(reason),
            server=self.server,
        )
