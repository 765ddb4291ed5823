"""Plays, counts, favourites and ratings of the configured user."""

from __future__ import annotations

from datetime import UTC, datetime

from soulsync_engine.models import (
    HistoryLevel,
    Kind,
    Page,
    PlayCount,
    PlayEvent,
    PlayEventPage,
    Scope,
    Track,
    UserData,
)
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.listing import Query
from soulsync_jellyfin.mapper import wire_rating
from soulsync_jellyfin.readers import TRACKS
from soulsync_jellyfin.reading import Reading, listing_of


class Activity(Reading):
    """The operations on user data and on the history, of which the servers keep the last play of each track."""

    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """The last play of each track, the latest first. Of several libraries the latest of each, merged."""
        user = self.connection.user(scope)
        played = _played(sortBy="DatePlayed,SortName", sortOrder="Descending,Ascending").called("plays")
        while True:
            page = self.merged(played, scope, cursor, limit, TRACKS, _last_played)
            dated = [(track, at) for track in page.items if (at := track.last_played) is not None]
            late = [(track, at) for track, at in dated if since is None or at > since]
            cursor = page.next_cursor if len(late) == len(dated) else None
            # Tracks that were only marked as played have no date, and may fill a page.
            if late or page.problems or cursor is None:
                return PlayEventPage(
                    items=tuple(_event(track, at, user.name) for track, at in late),
                    next_cursor=cursor,
                    level=HistoryLevel.LAST_PLAY,
                    problems=page.problems,
                )

    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """The tracks that were played, with their counts."""
        while True:
            page = self.lister.page(_played().called("counts"), scope, cursor, limit, TRACKS)
            cursor = page.next_cursor
            counts = tuple(
                PlayCount(track=track.ref, count=track.play_count, last_played=track.last_played)
                for track in page.items
                if track.play_count
            )
            if counts or page.problems or cursor is None:
                return Page(items=counts, next_cursor=cursor, problems=page.problems)

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """Rate with a tenth's precision; the servers derive likes and dislikes from it."""
        self.item(kind, id)
        if rating is None:
            path, params = self.dialect.rating(self.connection.user().id, id)
            self.transport.send("DELETE", path, params=params, idempotent=True)
        else:
            self._store(id, {"Rating": wire_rating(rating)})
        return self._stored(kind, id)

    def set_favorite(self, kind: Kind, id: str, favorite: bool) -> UserData:
        """Mark an item, or take it back."""
        self.item(kind, id)
        path, params = self.dialect.favorite(self.connection.user().id, id)
        self.transport.send("POST" if favorite else "DELETE", path, params=params, idempotent=True)
        return self._stored(kind, id)

    def report_play(self, track_id: str, at: datetime) -> UserData:
        """Count one play more. Marking a track as played would leave the count as it is."""
        before = self.item(Kind.TRACK, track_id).user_data or wire.UserData()
        last = values.moment(before.last_played_date)
        latest = at.astimezone(UTC) if last is None else max(last, at.astimezone(UTC))
        change = {
            "PlayCount": (before.play_count or 0) + 1,
            "LastPlayedDate": values.wire_time(latest),
            "Played": True,
        }
        self._store(track_id, change)
        return self._stored(Kind.TRACK, track_id)

    def _store(self, id: str, change: dict[str, object]) -> None:
        path, params = self.dialect.user_data(self.connection.user().id, id)
        self.transport.send("POST", path, params=params, json=change)

    def _stored(self, kind: Kind, id: str) -> UserData:
        """What the server has now: answers to writes tell what was asked for."""
        return self.mapper.user_data(kind, id, self.item(kind, id).user_data or wire.UserData())


def _played(**params: str | int | bool | None) -> Query:
    return listing_of(Kind.TRACK, filters="IsPlayed", **params)


def _last_played(track: Track) -> datetime | None:
    return track.last_played


def _event(track: Track, played_at: datetime, user: str) -> PlayEvent:
    return PlayEvent(
        played_at=played_at,
        track=track.ref,
        title=track.title,
        artist=", ".join(credit.name for credit in track.artists) or None,
        album=track.album,
        user=user,
    )
