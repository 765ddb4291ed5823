"""Plays, counts and ratings."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from soulsync_engine.capabilities import Support
from soulsync_engine.models import (
    HistoryLevel,
    Kind,
    Page,
    PlayCount,
    PlayEvent,
    PlayEventPage,
    Problem,
    Scope,
    UserData,
)
from soulsync_plex import mapper
from soulsync_plex.editing import PlexEditing
from soulsync_plex.listing import LARGEST_PAGE
from soulsync_plex.mapper import key_of
from soulsync_plex.wire import EventRow

_FAVOURITES: Final = "Plex has no favourites for music; it has ratings"


class PlayHistory(PlexEditing):
    """The groups history and user data."""

    limitations: ClassVar = {"set_favorite": Support.server_cannot(_FAVOURITES)}

    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """As in the contract: every play the server recorded, of every account that the token may see.

        With `scope.user`, an account's number or name, of that account alone. The rows of items that are gone stay,
        without a reference.
        """
        libraries = {key_of(section.key) for section in self._sections.of(scope)}
        params: dict[str, str | int] = {"sort": "viewedAt:desc"}
        if scope.user is not None:
            params["accountID"] = self._account_of(scope.user)
        if len(libraries) == 1:
            params["librarySectionID"] = next(iter(libraries)) or ""
        if since is not None:
            params["viewedAt>"] = int(since.timestamp())
        start, size = self._offset(cursor), min(limit, LARGEST_PAGE)
        events: list[PlayEvent] = []
        problems: list[Problem] = []
        next_start: int | None = start if libraries else None
        while not events and not problems and next_start is not None:
            read = self._transport.rows(
                EventRow,
                "/status/sessions/history/all",
                params,
                kind=Kind.TRACK,
                start=next_start,
                size=size,
            )
            next_start = read.next_start(next_start, size)
            problems += read.problems
            users = self._accounts.of({number for row in read.rows if (number := key_of(row.accountID))})
            devices = self._devices.of({number for row in read.rows if (number := key_of(row.deviceID))})
            for row in read.rows:
                event = mapper.play_event(row, server=self.server, users=users, devices=devices)
                if event is None or row.type not in (None, "track"):
                    continue
                if since is not None and event.played_at <= since:
                    # The rest is older, also where the server did not understand the filter.
                    next_start = None
                    break
                if key_of(row.librarySectionID) in (libraries | {None}):
                    events.append(event)
        return PlayEventPage(
            items=tuple(events),
            next_cursor=None if next_start is None else str(next_start),
            problems=tuple(problems),
            level=HistoryLevel.EVENTS,
        )

    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """As in the contract, of the token's own account. Only tracks that were played are asked for."""
        params: dict[str, str | int] = {
            "track.viewCount>>": 0,
            "includeGuids": 0,
            "excludeElements": "Media,Guid,Genre,Collection,Mood",
            "excludeFields": "summary",
        }
        while True:
            page = self._page(Kind.TRACK, scope, cursor, limit, params)
            # A server that ignores the filter sends the others as well.
            counts = tuple(
                PlayCount(
                    track=self._ref(Kind.TRACK, key_of(row.ratingKey) or ""),
                    count=row.viewCount,
                    last_played=mapper.moment(row.lastViewedAt),
                )
                for row, _ in page.rows
                if row.viewCount
            )
            if counts or page.next_cursor is None:
                return Page(items=counts, next_cursor=page.next_cursor, problems=tuple(page.problems))
            cursor = page.next_cursor

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """As in the contract. Plex keeps 0 to 10 with a digit behind the point, so nothing is lost."""
        item = self._plex_item(kind, self._row(kind, id))
        item.rate(None if rating is None else mapper.stars_of(rating))
        return self._user_data(kind, id)

    def report_play(self, track_id: str, at: datetime) -> UserData:
        """As in the contract, except that the server stamps the play with its own present, whatever `at` says."""
        item = self._plex_item(Kind.TRACK, self._row(Kind.TRACK, track_id))
        item.markPlayed()
        return self._user_data(Kind.TRACK, track_id)

    def _user_data(self, kind: Kind, id: str) -> UserData:
        """What the server now stores."""
        row = self._row(kind, id)
        is_track = kind is Kind.TRACK
        return UserData(
            ref=self._ref(kind, id),
            rating=mapper.rating_of(row.userRating),
            play_count=(row.viewCount or 0) if is_track else None,
            last_played=mapper.moment(row.lastViewedAt) if is_track else None,
        )
