"""Plays, ratings and favourites, each user's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
from soulsync_engine.testing.reference.server import Opinion, ReferenceServer
from soulsync_engine.testing.reference.session import ReferenceSession


class Activity(ReferenceSession):
    """The groups history and user data."""

    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """As in the contract."""

        def answer(server: ReferenceServer) -> PlayEventPage:
            wanted = {item.ref.id for item in self._in_scope(server, Kind.TRACK, scope)}
            user = self._user(server, scope.user)
            events = [
                event
                for user_id, event in server.plays
                if user_id == user.id
                and (since is None or event.played_at > since)
                and event.track is not None
                and event.track.id in wanted
            ]
            events.sort(key=lambda event: event.played_at, reverse=True)
            page = self._page(events, cursor, limit)
            return PlayEventPage(
                items=page.items,
                next_cursor=page.next_cursor,
                total=page.total,
                empty_proof=page.empty_proof,
                level=HistoryLevel.EVENTS,
            )

        return self._request("list_play_events", answer)

    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Page[PlayCount]:
            played = [
                PlayCount(track=item.ref, count=item.play_count, last_played=item.last_played)
                for item in self._in_scope(server, Kind.TRACK, scope)
                if isinstance(item, Track) and item.play_count
            ]
            return self._page(played, cursor, limit)

        return self._request("list_play_counts", answer)

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """As in the contract."""

        def change(opinion: Opinion) -> None:
            opinion.rating = rating

        return self._request("set_rating", lambda server: self._changed(server, kind, id, change))

    def set_favorite(self, kind: Kind, id: str, favorite: bool) -> UserData:
        """As in the contract."""

        def change(opinion: Opinion) -> None:
            opinion.favorite = favorite

        return self._request("set_favorite", lambda server: self._changed(server, kind, id, change))

    def report_play(self, track_id: str, at: datetime) -> UserData:
        """As in the contract."""

        def answer(server: ReferenceServer) -> UserData:
            def change(opinion: Opinion) -> None:
                opinion.play_count += 1
                opinion.last_played = max(at, opinion.last_played or at)

            data = self._changed(server, Kind.TRACK, track_id, change)
            user = self._user(server)
            track = server.catalogue.tracks[track_id]
            event = PlayEvent(
                played_at=at,
                track=data.ref,
                title=track.title,
                artist=track.artists[0].name if track.artists else None,
                album=track.album,
                user=user.name,
            )
            server.plays.append((user.id, event))
            return data

        return self._request("report_play", answer)

    def _changed(
        self, server: ReferenceServer, kind: Kind, id: str, change: Callable[[Opinion], None]
    ) -> UserData:
        item = self._known(server, kind, id)
        opinion = server.opinion(self._user(server).id, item.ref)
        change(opinion)
        return UserData(
            ref=self._ref(kind, id),
            rating=opinion.rating,
            favorite=opinion.favorite,
            play_count=opinion.play_count if kind is Kind.TRACK else None,
            last_played=opinion.last_played if kind is Kind.TRACK else None,
        )
