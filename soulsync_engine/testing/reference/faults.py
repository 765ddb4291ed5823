"""Faults to order: what goes wrong, and at which request."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from soulsync_engine.models import Album, Artist, ItemRef, Page, Track

T = TypeVar("T")

Produce = Callable[[], object]
Effect = Callable[[Produce], object]
"""What happens instead of the plain answer. It may or may not ask for that answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    effect: Effect
    operation: str | None
    number: int | None


@dataclass(slots=True)
class FaultPlan:
    """The faults of one server, in the order in which they were ordered; the first that applies counts."""

    _faults: list[_Fault] = field(default_factory=list)

    def at(self, number: int, effect: Effect, *, operation: str | None = None) -> None:
        """At request `number` (from 1) of all, or of this operation alone, counted since the server started."""
        self._faults.append(_Fault(effect=effect, operation=operation, number=number))

    def always(self, effect: Effect, *, operation: str | None = None) -> None:
        """At every request, or at every request of this operation."""
        self._faults.append(_Fault(effect=effect, operation=operation, number=None))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def effect(self, operation: str, of_all: int, of_operation: int) -> Effect | None:
        """What is ordered for this request."""
        for fault in self._faults:
            if fault.operation not in (None, operation):
                continue
            if fault.number in (None, of_all if fault.operation is None else of_operation):
                return fault.effect
        return None


def fail(error: Exception) -> Effect:
    """The request raises this error."""

    def effect(produce: Produce) -> object:
        raise error

    return effect


def delay(seconds: float) -> Effect:
    """The answer is right but late."""

    def effect(produce: Produce) -> object:
        time.sleep(seconds)
        return produce()

    return effect


def answer(value: object) -> Effect:
    """The answer is this very value: None, a text, a list, whatever a broken backend might return."""

    def effect(produce: Produce) -> object:
        return value

    return effect


def truncated(by: int = 1) -> Effect:
    """The page lacks its last items, while its cursor and total claim that it is whole."""
    return _on_page(lambda page: replace(page, items=page.items[: max(0, len(page.items) - by)]))


def shrunken_total(by: int = 1) -> Effect:
    """The page declares a smaller total than there are items."""
    return _on_page(lambda page: replace(page, total=None if page.total is None else max(0, page.total - by)))


def ended_early() -> Effect:
    """The page claims to be the last one, although more follows."""
    return _on_page(lambda page: replace(page, next_cursor=None))


def repeated(first: Effect | None = None) -> Effect:
    """Every request to which this applies gets the answer of the first one: a server that ignores the cursor."""
    kept: list[object] = []

    def effect(produce: Produce) -> object:
        if not kept:
            kept.append(produce() if first is None else first(produce))
        return kept[0]

    return effect


def foreign_refs(server: str = "elsewhere") -> Effect:
    """The items of the page claim to be of another server."""

    def moved(page: Page[object]) -> Page[object]:
        return replace(page, items=tuple(_moved(item, server) for item in page.items))

    return _on_page(moved)


def _moved(item: object, server: str) -> object:
    if isinstance(item, Artist | Album | Track):
        return replace(item, ref=ItemRef(server, item.ref.kind, item.ref.id))
    return item


def _on_page(change: Callable[[Page[object]], Page[object]]) -> Effect:
    def effect(produce: Produce) -> object:
        page = produce()
        if not isinstance(page, Page):
            raise TypeError(f"this fault is for pages, not for a {type(page).__name__}")
        return change(page)

    return effect
