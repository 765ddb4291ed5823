"""The groups history and user data: plays, ratings and favourites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from soulsync_engine.errors import NotFoundError
from soulsync_engine.models import HistoryLevel, Kind, PlayEventPage, Track
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit, require
from soulsync_engine.testing.scenarios import small

_THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


class UserDataKept:
    """Tests of `set_rating`, `set_favorite` and `report_play`. Each begins with a server of its own."""

    @pytest.mark.parametrize("kind", ITEM_KINDS)
    def test_a_rating_is_kept_and_can_be_cleared(self, kit: Kit, kind: Kind) -> None:
        """A rating comes back as the nearest value the server has, is shown on the item, and None clears it.

        Troubleshooting: convert between 0 to 100 and your server's stars in both directions.
        """
        server = kit.server(small(), own=True)
        require(server, "set_rating")
        item_id = server.list_ids(kind).items[0]
        stored = server.set_rating(kind, item_id, 80).rating
        assert stored is not None
        assert abs(stored - 80) <= 10
        shown = server.get_items(kind, [item_id])[0]
        assert "rating" in shown.omitted or shown.rating == stored
        assert server.set_rating(kind, item_id, 80).rating == stored
        assert server.set_rating(kind, item_id, None).rating is None

    @pytest.mark.parametrize("kind", ITEM_KINDS)
    def test_a_favourite_is_kept_and_can_be_taken_back(self, kit: Kit, kind: Kind) -> None:
        """Marking twice is marking once; unmarking takes it back.

        Troubleshooting: do not toggle.
        """
        server = kit.server(small(), own=True)
        require(server, "set_favorite")
        item_id = server.list_ids(kind).items[0]
        for _ in range(2):
            assert server.set_favorite(kind, item_id, True).favorite is True
        shown = server.get_items(kind, [item_id])[0]
        assert "favorite" in shown.omitted or shown.favorite is True
        assert server.set_favorite(kind, item_id, False).favorite is False

    def test_opinions_on_nothing_are_not_found(self, kit: Kit) -> None:
        """Rating, marking or playing an item that does not exist is `NotFoundError`.

        Troubleshooting: many servers answer 200 to that; look the item up first.
        """
        server = kit.server(small(), own=True)
        capabilities = server.capabilities()
        if not any(capabilities.offers(name) for name in ("set_rating", "set_favorite", "report_play")):
            pytest.skip("none of these operations is offered")
        if capabilities.offers("set_rating"):
            with pytest.raises(NotFoundError):
                server.set_rating(Kind.TRACK, "no-such-id", 50)
        if capabilities.offers("set_favorite"):
            with pytest.raises(NotFoundError):
                server.set_favorite(Kind.TRACK, "no-such-id", True)
        if capabilities.offers("report_play"):
            with pytest.raises(NotFoundError):
                server.report_play("no-such-id", _THEN)

    def test_a_reported_play_counts(self, kit: Kit) -> None:
        """Each report adds one play, and the last one is kept with its time.

        Troubleshooting: send the time of the play, not that of the report.
        """
        server = kit.server(small(), own=True)
        require(server, "report_play")
        track_id = server.list_ids(Kind.TRACK).items[0]
        first = server.report_play(track_id, _THEN)
        second = server.report_play(track_id, _THEN + timedelta(hours=1))
        assert first.ref.id == second.ref.id == track_id
        if first.play_count is not None:
            assert second.play_count == first.play_count + 1
        if second.last_played is not None:
            assert abs(second.last_played - (_THEN + timedelta(hours=1))) < timedelta(minutes=1)


class HistoryKept:
    """Tests of `list_play_events` and `list_play_counts`. Plays are made by `report_play` where that is offered."""

    def test_an_unplayed_library_has_no_history(self, kit: Kit) -> None:
        """Without a play there is an empty history of a stated level, and no counts.

        Troubleshooting: tracks never played have no count at all.
        """
        server = kit.server(small(), own=True)
        require(server, "list_play_events", "list_play_counts")
        page = server.list_play_events()
        assert isinstance(page, PlayEventPage)
        assert page.items == ()
        assert page.level in set(HistoryLevel)
        assert server.get_track_play_counts() == {}

    def test_plays_come_newest_first(self, kit: Kit) -> None:
        """Plays are listed with their tracks, newest first, with timezones, in pages.

        Troubleshooting: sort descending, and say LAST_PLAY where the server knows no single plays.
        """
        server = kit.server(small(), own=True)
        played = _play(server)
        page = server.list_play_events(limit=2)
        events = server.get_play_history()
        times = [event.played_at for event in events]
        assert times == sorted(times, reverse=True)
        assert all(time.utcoffset() is not None for time in times)
        wanted = played if page.level is HistoryLevel.EVENTS else played[1:]
        assert [event.track.id for event in events if event.track] == list(reversed(wanted))
        assert len(page.items) == 2

    def test_only_plays_after_a_time_are_listed(self, kit: Kit) -> None:
        """`since` leaves out the plays before it.

        Hosts fetch what is new. Troubleshooting: compare in UTC.
        """
        server = kit.server(small(), own=True)
        played = _play(server)
        late = server.list_play_events(since=_THEN + timedelta(minutes=90))
        assert [event.track.id for event in late.items if event.track] == [played[2]]

    def test_counts_are_of_played_tracks_alone(self, kit: Kit) -> None:
        """Every played track has its count, and no other track is listed.

        Troubleshooting: filter out zeros.
        """
        server = kit.server(small(), own=True)
        first, second, _ = _play(server)
        assert server.get_track_play_counts() == {first: 2, second: 1}
        track = server.get_items(Kind.TRACK, [first])[0]
        assert isinstance(track, Track)
        assert "play_count" in track.omitted or track.play_count == 2


def _play(server: MediaServer) -> list[str]:
    """Play the first track, the second and the first again, an hour apart; their ids in that order."""
    require(server, "list_play_events", "list_play_counts", "report_play")
    first, second, *_ = server.list_ids(Kind.TRACK).items
    played = [first, second, first]
    for hour, track_id in enumerate(played):
        server.report_play(track_id, _THEN + timedelta(hours=hour))
    return played
