"""Reading a listing to its proven end."""

import threading
import time

import pytest

from soulsync_engine.errors import IncompleteSweepError, UnavailableError
from soulsync_engine.models import Kind, Page, PagingLimits, Problem
from soulsync_engine.paging import iterate

PARALLEL = PagingLimits(max_page_size=10, max_concurrency=4, offset_cursors=True)
SEQUENTIAL = PagingLimits(max_page_size=10)


class Numbers:
    """A server that lists the numbers below `total`, at most `cap` a page."""

    def __init__(self, total: int, cap: int = 1000) -> None:
        self.total, self.cap = total, cap
        self.requests: list[str | None] = []
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()
        self.latency = 0.0

    def fetch(self, cursor: str | None, limit: int) -> Page[int]:
        with self._lock:
            self.requests.append(cursor)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.latency)
        start = int(cursor or 0)
        end = min(start + min(limit, self.cap), self.total)
        with self._lock:
            self._now -= 1
        return Page(
            items=tuple(range(start, end)),
            next_cursor=None if end >= self.total else str(end),
            total=self.total,
        )


def read(server: Numbers, limits: PagingLimits, page_size: int | None = None) -> list[int]:
    return [number for page in iterate(server.fetch, limits, page_size) for number in page.items]


@pytest.mark.parametrize("limits", [SEQUENTIAL, PARALLEL])
@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 21, 105])
def test_every_item_comes_once_and_in_order_with_the_fewest_requests(
    limits: PagingLimits, total: int
) -> None:
    server = Numbers(total)
    assert read(server, limits) == list(range(total))
    assert len(server.requests) == max(1, -(-total // 10))


@pytest.mark.parametrize("limits", [SEQUENTIAL, PARALLEL])
def test_a_server_that_caps_pages_silently_is_still_read_to_the_end(limits: PagingLimits) -> None:
    server = Numbers(50, cap=7)
    assert read(server, limits) == list(range(50))
    assert len(server.requests) == 8


def test_several_pages_are_in_flight_but_no_more_than_the_backend_bears() -> None:
    server = Numbers(200)
    server.latency = 0.01
    assert read(server, PARALLEL) == list(range(200))
    assert 2 <= server.most_at_once <= 4


def test_a_slow_page_does_not_stop_those_behind_it_and_they_wait_for_it_in_bounds() -> None:
    asked_behind_it = threading.Event()

    class SlowSecondPage(Numbers):
        def fetch(self, cursor: str | None, limit: int) -> Page[int]:
            page = super().fetch(cursor, limit)
            if cursor == "10":
                assert asked_behind_it.wait(5.0), "nobody went on behind the slow page"
            elif len(self.requests) == 1 + 2 * PARALLEL.max_concurrency:
                asked_behind_it.set()
            return page

    server = SlowSecondPage(200)
    pages = iterate(server.fetch, PARALLEL)
    next(pages)
    assert len(next(pages).items) == 10
    assert server.most_at_once <= PARALLEL.max_concurrency
    assert len(server.requests) == 1 + 2 * PARALLEL.max_concurrency, "pages that nobody took are bounded"
    assert sum(len(page.items) for page in pages) == 180


def test_a_shorter_page_in_the_middle_ends_the_reading_ahead_but_loses_nothing() -> None:
    server = Numbers(60)
    whole = server.fetch

    def fetch(cursor: str | None, limit: int) -> Page[int]:
        return whole(cursor, 4 if cursor == "20" else limit)

    numbers = [n for page in iterate(fetch, PARALLEL) for n in page.items]
    assert numbers == list(range(60))


def test_a_page_size_above_the_limit_is_cut_down_and_none_is_refused() -> None:
    server = Numbers(30)
    assert read(server, SEQUENTIAL, page_size=500) == list(range(30))
    assert len(server.requests) == 3
    with pytest.raises(ValueError, match="at least one"):
        read(server, SEQUENTIAL, page_size=0)


def test_an_error_on_a_later_page_arrives_after_the_pages_before_it() -> None:
    server = Numbers(60)

    def fetch(cursor: str | None, limit: int) -> Page[int]:
        if cursor == "30":
            raise UnavailableError("The server went away.")
        return server.fetch(cursor, limit)

    seen: list[Page[int]] = []
    with pytest.raises(UnavailableError):
        seen.extend(iterate(fetch, PARALLEL))
    assert [number for page in seen for number in page.items] == list(range(30))


def pages(*contents: Page[int]) -> list[Page[int]]:
    remaining = list(contents)
    return list(iterate(lambda cursor, limit: remaining.pop(0), SEQUENTIAL))


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ((Page(items=(1,), total=2),), "declared 2 items but 1 arrived"),
        ((Page(items=(1,), next_cursor="a", total=2), Page(items=(2,), total=1)), "declared 2 items, then 1"),
        (
            (Page(items=(1,), next_cursor="a"), Page(items=(), next_cursor="b")),
            "an empty page claims that more",
        ),
        (
            (Page(items=(1,), next_cursor="a"), Page(items=(2,), next_cursor="a"), Page(items=(3,))),
            "runs in a circle",
        ),
    ],
)
def test_a_listing_that_contradicts_itself_is_incomplete(
    contents: tuple[Page[int], ...], sentence: str
) -> None:
    with pytest.raises(IncompleteSweepError, match=sentence):
        pages(*contents)


def test_unreadable_items_count_towards_the_total() -> None:
    problem = Problem(kind=Kind.TRACK, reason="truncated")
    [page] = pages(Page(items=(1,), total=2, problems=(problem,)))
    assert page.problems == (problem,)
