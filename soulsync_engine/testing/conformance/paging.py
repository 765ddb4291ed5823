"""The group paging: listings that can be read to their proven end, at any page size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soulsync_engine.models import EVERYTHING, Item, Kind, Page, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import ITEM_KINDS, Kit, list_page
from soulsync_engine.testing.scenarios import PAGE, empty, odd, paged

COUNT = 2 * PAGE + 1
HUGE = 100_000
_SIZES = (1, PAGE, PAGE + 1, COUNT, HUGE)

kinds = pytest.mark.parametrize("kind", ITEM_KINDS)
sizes = pytest.mark.parametrize("size", _SIZES)


class Paging:
    """Tests of cursors, limits and totals, for each kind of item."""

    @kinds
    @sizes
    def test_pages_join_to_the_whole_listing(self, kit: Kit, kind: Kind, size: int) -> None:
        """At any page size the pages hold every item once, none is longer than asked for, and the totals agree.

        A page too short or twice the same loses tracks from every host. Troubleshooting: compare your cursor with
        the offset after the last item, and your `total` with the whole listing, not with the page.
        """
        pages = list(_walk(kit.server(paged()), kind, size))
        ids = _ids(pages)
        assert len(ids) == COUNT
        assert len(set(ids)) == COUNT, "items are listed twice"
        assert all(len(page.items) <= size for page in pages)
        assert {page.total for page in pages} <= {None, COUNT}
        assert all(page.empty_proof is None for page in pages), "only an empty listing needs a proof"

    @kinds
    def test_the_order_is_the_same_at_every_page_size(self, kit: Kit, kind: Kind) -> None:
        """The items come in one order, whatever the page size and however often they are read.

        Resuming and prefetching rely on it. Troubleshooting: ask the server to sort by something unique.
        """
        server = kit.server(paged())
        orders = [_ids(_walk(server, kind, size)) for size in (*_SIZES, PAGE)]
        assert all(order == orders[0] for order in orders)

    @kinds
    def test_a_cursor_can_be_used_again(self, kit: Kit, kind: Kind) -> None:
        """The same cursor brings the same page again.

        That is how a request that failed is repeated. Troubleshooting: put the position into the cursor, keep none
        in the client.
        """
        server = kit.server(paged())
        first = list_page(server, kind, None, PAGE, EVERYTHING)
        assert first.next_cursor is not None
        second = list_page(server, kind, first.next_cursor, PAGE, EVERYTHING)
        assert list_page(server, kind, None, PAGE, EVERYTHING).items == first.items
        assert list_page(server, kind, first.next_cursor, PAGE, EVERYTHING).items == second.items

    @kinds
    def test_declared_offsets_are_offsets(self, kit: Kit, kind: Kind) -> None:
        """Where `limits.offset_cursors` is set, the decimal offset of an item is the cursor of its page.

        The engine then asks for pages out of order. Troubleshooting: set `offset_cursors` only if that holds.
        """
        server = kit.server(paged())
        if not server.limits.offset_cursors:
            pytest.skip("the backend does not declare offset cursors")
        whole = _ids(_walk(server, kind, HUGE))
        for offset in (PAGE, 1, COUNT - 1):
            page = list_page(server, kind, str(offset), PAGE, EVERYTHING)
            assert _ids([page]) == whole[offset : offset + PAGE]

    @kinds
    def test_ids_alone_are_the_ids_of_the_listing(self, kit: Kit, kind: Kind) -> None:
        """`list_ids` brings the ids of the full listing, in pages that join as well.

        What is missing in it is taken for removed. Troubleshooting: use the same filter for both.
        """
        server = kit.server(paged())
        ids: list[str] = []
        cursor: str | None = None
        while True:
            page = server.list_ids(kind, cursor=cursor, limit=PAGE)
            assert len(page.items) <= PAGE
            assert page.total in (None, COUNT)
            ids.extend(page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(ids) == COUNT
        assert set(ids) == set(_ids(_walk(server, kind, HUGE)))

    @kinds
    def test_an_empty_library_is_an_empty_page(self, kit: Kit, kind: Kind) -> None:
        """A library that holds nothing is listed, and its listings end at once, without an error.

        New users start there. Troubleshooting: do not take "no items" for a failure, nor report a failure as no items.
        """
        server = kit.server(empty())
        assert server.list_libraries()
        page = list_page(server, kind, None, PAGE, EVERYTHING)
        assert page.items == ()
        assert page.next_cursor is None
        assert page.total in (None, 0)
        assert server.list_ids(kind).items == ()

    @kinds
    def test_odd_collections_page_as_well(self, kit: Kit, kind: Kind) -> None:
        """Pages of one item join to the same listing as one large page, also for unusual names.

        Sorting by names breaks at accents and emoji. Troubleshooting: sort by something unique.
        """
        server = kit.server(odd())
        assert _ids(_walk(server, kind, 1)) == _ids(_walk(server, kind, HUGE))


def _walk(server: MediaServer, kind: Kind, size: int, scope: Scope = EVERYTHING) -> Iterator[Page[Item]]:
    """Page after page, by hand: the engine's own pager would hide or mend what is to be tested."""
    cursor: str | None = None
    for _ in range(HUGE):
        page = list_page(server, kind, cursor, size, scope)
        yield page
        if page.next_cursor is None:
            return
        assert page.items or page.problems, "an empty page claims that more follows"
        assert page.next_cursor != cursor, "a page names itself as the next one"
        cursor = page.next_cursor
    pytest.fail("the listing has no end")


def _ids(pages: Iterator[Page[Item]] | list[Page[Item]]) -> list[str]:
    return [item.ref.id for page in pages for item in page.items]
