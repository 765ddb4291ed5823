"""What is known of past plays: every single one, or the last of every track; and how many there were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from soulsync_engine.http import UnexpectedAnswerError, decode_items
from soulsync_engine.models import HistoryLevel, Kind, Page, PlayCount, PlayEvent, PlayEventPage, Scope, Track
from soulsync_engine.plugin import ServerContext, UnavailableError
from soulsync_navidrome import libraries, mapper, native_mapper
from soulsync_navidrome.covers import CoversClient
from soulsync_navidrome.native import NativeUnavailableError
from soulsync_navidrome.pages import offset_of
from soulsync_navidrome.recent import Recent
from soulsync_navidrome.settings import SubsonicSettings

_KEPT_HISTORIES: Final = 4
_SINGLE: Final = "play-"
"""What cursors of single plays begin with: the places of last plays are others."""


class HistoryClient(CoversClient):
    """Plays and play counts."""

    def __init__(self, context: ServerContext[SubsonicSettings]) -> None:
        super().__init__(context)
        self._histories = Recent[tuple[Scope, datetime | None], tuple[PlayEvent, ...]](_KEPT_HISTORIES)
        self._keeps_plays = True

    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """As in the contract: every play where Navidrome's own API keeps them, else the last play of every track."""
        selection = libraries.select(self._connection, scope)
        if selection.folders == ():
            return PlayEventPage(items=(), level=HistoryLevel.LAST_PLAY)
        # Plays do not say which library they belong to, so one library's can only be had from its tracks.
        single = selection.folders is None and self._native.excluded is None and self._keeps_plays
        if cursor is not None and cursor.startswith(_SINGLE):
            return self._single_plays(since, cursor.removeprefix(_SINGLE), limit)
        if cursor is None and single:
            try:
                return self._single_plays(since, None, limit)
            except UnexpectedAnswerError as error:
                # Older versions keep no plays; what else their own API has is as good as ever.
                self._keeps_plays = False
                self._connection.log.warning("Only the last play of each track is known: %s", error.message)
        return self._last_plays(scope, since, cursor, limit)

    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """As in the contract: read from all tracks, so that none is missed."""
        page = self._counted(scope, cursor, self.limits.max_page_size)
        # Of as many tracks no more than that many were played.
        return page if len(page.items) <= limit else self._counted(scope, cursor, limit)

    def _single_plays(self, since: datetime | None, cursor: str | None, limit: int) -> PlayEventPage:
        offset = offset_of(cursor, self.server)
        filters: list[tuple[str, str | int]] = [("_sort", "submission_time"), ("_order", "DESC")]
        if since is not None:
            filters.append(("from", int(since.timestamp())))
        user = self._connection.facts.user
        try:
            answer, total = self._native.page("/api/scrobble", offset, offset + limit, filters)
            found = decode_items(
                msgspec.Raw(answer.body),
                native_mapper.NativePlay,
                lambda play: native_mapper.play(play, self.server, user),
                kind=Kind.TRACK,
            )
        except (NativeUnavailableError, msgspec.DecodeError) as error:
            raise UnexpectedAnswerError(
                f"Navidrome's own API does not tell what was played: {error}.",
                server=self.server,
                next_step="Ask again from the beginning.",
            ) from None
        end = offset + len(found.items) + len(found.problems)
        return PlayEventPage(
            items=tuple(event for event in found.items if since is None or event.played_at > since),
            next_cursor=f"{_SINGLE}{end}" if offset < end < total else None,
            problems=found.problems,
            level=HistoryLevel.EVENTS,
        )

    def _last_plays(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """The newest first, which takes all of them; later pages are of the same reading."""
        offset = offset_of(cursor, self.server)
        key = (scope, since)
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
            self._histories.put(key, events)
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
                    next_step="Check that the server's version is supported.",
                )
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _counted(self, scope: Scope, cursor: str | None, size: int) -> Page[PlayCount]:
        """The counts of the next tracks that were played, looked for in pages of `size` tracks."""
        place = cursor
        while True:
            page = self.list_tracks(scope, place, size)
            counts = tuple(filter(None, map(mapper.play_count, page.items)))
            place = page.next_cursor
            if counts or page.problems or place is None:
                return Page(items=counts, next_cursor=place, problems=page.problems)
