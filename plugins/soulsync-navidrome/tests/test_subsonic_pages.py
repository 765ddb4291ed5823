"""How much is asked for at once: less after pages that were too much, more again after many good ones."""

from __future__ import annotations

import pytest

from soulsync_engine.errors import SoulSyncError, UnavailableError
from soulsync_engine.http import AnswerTooLargeError, TimedOutError
from soulsync_navidrome.failures import PageRefusedError, RefusedError
from soulsync_navidrome.pages import PageSize
from soulsync_navidrome.recent import Recent


class Server:
    """Bears `most` entries at once; what it says to more is `error`."""

    def __init__(self, most: int, error: SoulSyncError) -> None:
        self.most = most
        self.error = error
        self.asked: list[int] = []

    def fetch(self, offset: int, count: int) -> int:
        self.asked.append(count)
        if count > self.most:
            raise self.error
        return count


@pytest.mark.parametrize("kind", [TimedOutError, AnswerTooLargeError])
def test_pages_shrink_until_the_server_bears_them_and_grow_again_after_twenty(
    kind: type[UnavailableError],
) -> None:
    size, server = PageSize(2000), Server(300, kind("too much"))
    assert size.ask(0, 2000, server.fetch) == 250
    assert server.asked == [2000, 1000, 500, 250]
    for _ in range(18):
        assert size.ask(0, 2000, server.fetch) == 250
    server.most = 2000
    assert size.ask(0, 2000, server.fetch) == 250
    assert size.ask(0, 2000, server.fetch) == 500
    # Small pages say nothing about large ones.
    for _ in range(100):
        assert size.ask(0, 10, server.fetch) == 10
    assert size.ask(0, 2000, server.fetch) == 500


@pytest.mark.parametrize(
    "error",
    [
        PageRefusedError("422"),
        RefusedError("no", subsonic_code=0, server="home", next_step="Look."),
    ],
)
def test_a_refusal_leads_to_what_every_server_grants_and_never_beyond_it_again(error: SoulSyncError) -> None:
    size, server = PageSize(2000), Server(500, error)
    assert size.ask(0, 2000, server.fetch) == 500
    assert server.asked == [2000, 500]
    for _ in range(100):
        assert size.ask(0, 2000, server.fetch) == 500


@pytest.mark.parametrize("error", [TimedOutError("slow"), PageRefusedError("422"), UnavailableError("down")])
def test_what_smaller_pages_do_not_help_against_is_raised(error: SoulSyncError) -> None:
    size, server = PageSize(2000), Server(0, error)
    with pytest.raises(type(error)):
        size.ask(0, 2000, server.fetch)
    assert min(server.asked) >= 25
    assert len(server.asked) <= 7


def test_of_recent_things_the_oldest_makes_room() -> None:
    kept = Recent[str, int](2)
    for number, key in enumerate(("a", "b", "a", "c")):
        kept.put(key, number)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (2, None, 3)
