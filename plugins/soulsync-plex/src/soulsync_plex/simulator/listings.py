"""Listings of a section: filtered, in order, as an account sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from soulsync_engine.testing.simulator import Pairs
from soulsync_plex.simulator.catalogue import SimulatedSection
from soulsync_plex.simulator.filtering import filter_names, order_of, test_of
from soulsync_plex.simulator.made import MadeRows
from soulsync_plex.simulator.rows import ARTIST, Row
from soulsync_plex.simulator.state import ServerState, SimulatedAccount

_FILTERS: Final = frozenset(filter_names())


class Listings:
    """Whole listings in their orders, kept while nothing changes: a large library is asked for page after page."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._revision = -1
        self._kept: dict[tuple[str, int, str], list[Row]] = {}

    def selected(self, account: SimulatedAccount, section: SimulatedSection, query: Pairs) -> Sequence[Row]:
        """What a query, which may be the rules of a smart playlist, selects. Raises `ValueError` for what the server
        does not have.
        """
        values: dict[str, tuple[str, ...]] = {}
        for name, value in query:
            values[name] = (*values.get(name, ()), value)
        kind = int(values.get("type", (str(ARTIST),))[0])
        rows = self._in_order(account, section, kind, values.get("sort", ("titleSort",))[0])
        for name, wanted in values.items():
            if name in _FILTERS and not any(field in name for field in self._state.personality.ignores):
                passes = test_of(name, wanted, kind)
                rows = [row for row in rows if passes(row)]
        return rows[: int(values["limit"][0])] if "limit" in values else rows

    def _in_order(
        self, account: SimulatedAccount, section: SimulatedSection, kind: int, sort: str
    ) -> Sequence[Row]:
        catalogue = self._state.catalogue
        held = section.items[kind]
        if isinstance(held, MadeRows):
            order_of(sort, kind)
            return held.in_order
        if self._state.opinions:
            return order_of(sort, kind)(
                self._state.shown(account, row) for row in section.items[kind].values()
            )
        if self._revision != catalogue.revision:
            self._kept, self._revision = {}, catalogue.revision
        key = (section.key, kind, sort)
        if key not in self._kept:
            self._kept[key] = order_of(sort, kind)(section.items[kind].values())
        return self._kept[key]
