"""The change feed keeps its numbers, and says so when it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from soulsync_engine.errors import FeedCursorError
from soulsync_engine.mirror.encoding import microseconds
from soulsync_engine.mirror.schema import changes
from soulsync_engine.policy import SyncPolicy


def age(mirror, upto: int, days: float) -> None:
    at = microseconds(datetime.now(UTC) - timedelta(days=days))
    with mirror.database.writing() as connection:
        connection.execute(update(changes).where(changes.c.seq <= upto).values(at=at))


def test_what_is_forgotten_is_an_error_to_whoever_needs_it(shelf, serve, mirror, sync):
    sync(serve(shelf.stock(10)), mirror)
    age(mirror, 12, days=40)
    assert mirror.forget_changes(datetime.now(UTC) - timedelta(days=30)) == 12
    assert [change.seq for change in mirror.changes(12)] == list(range(13, 31))
    for since in (0, 11):
        with pytest.raises(FeedCursorError, match="begins after number 12") as caught:
            list(mirror.changes(since))
        assert (caught.value.first, caught.value.last) == (12, 30)
    assert mirror.forget_changes(datetime.now(UTC) - timedelta(days=30)) == 0


def test_a_number_beyond_the_end_is_none_of_this_feed(shelf, serve, mirror, sync):
    with pytest.raises(FeedCursorError):
        list(mirror.changes(1))
    sync(serve(shelf.stock(1)), mirror)
    assert list(mirror.changes(3)) == []
    with pytest.raises(FeedCursorError, match="ends at number 3"):
        list(mirror.changes(4))


def test_numbers_go_on_when_all_changes_are_forgotten(shelf, serve, mirror, sync):
    sync(serve(shelf.stock(2)), mirror)
    age(mirror, 6, days=40)
    mirror.forget_changes(datetime.now(UTC))
    assert mirror.last_seq() == 6
    shelf.put(shelf.track("new"))
    sync(serve(shelf), mirror)
    assert [change.seq for change in mirror.changes(6)] == [7]
    assert len(mirror.search("song")) == 2


def test_a_sync_forgets_what_is_older_than_chosen(shelf, serve, mirror, sync):
    keeping = SyncPolicy(keep_changes_days=30)
    sync(serve(shelf.stock(2)), mirror, policy=keeping)
    age(mirror, 4, days=31)
    shelf.put(shelf.track("new"))
    sync(serve(shelf), mirror, policy=keeping)
    assert [change.seq for change in mirror.changes(4)] == [5, 6, 7]


def test_a_change_names_the_sync_that_found_it(shelf, serve, mirror, sync):
    sync(serve(shelf.stock(1)), mirror)
    assert {change.run for change in mirror.changes()} == {mirror.last_sync("music").id}
