"""What may go wrong with one request of a sync, for the group trust: by name, each for any HTTP server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Exchange,
    cut_body,
    delay,
    empty,
    html_page,
    reset,
    status,
)

PATIENCE: Final = 0.3
"""Seconds that a client waits for an answer where a request is to time out."""

_TOTAL: Final = re.compile(rb'("?\w*total\w*"?\s*[:=]\s*"?)(\d+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request of an undisturbed sync, and what it was answered."""

    path: str
    answer: Answer


Line = Sequence[Recorded]
"""All requests of an undisturbed sync, in order."""

Effects = Mapping[int, Effect]
"""What happens at which requests, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """One thing that goes wrong at request `number` of a sync.

    `effects` gives none where that request has nothing of the kind, such as a total. The event is the user's stop.
    Where it `lasts`, later requests of the same path fare alike, so that asking again does not help. Where it `waits`,
    it costs time rather than work. Where it is `late`, the answer comes after `PATIENCE`, which has to be the client's.
    """

    effects: Callable[[Line, int, Event], Effects]
    lasts: bool = False
    waits: bool = False
    late: bool = False


class Interference:
    """An effect for every request of a sync, of which it disturbs the chosen ones."""

    def __init__(self, effects: Effects, *, lasts: bool) -> None:
        self.struck = False
        self._effects = effects
        self._lasts = lasts
        self._paths: dict[str, Effect] = {}

    def __call__(self, exchange: Exchange) -> Answer:
        """The answer, disturbed or not."""
        effect = self._effects.get(exchange.request.number)
        if effect is None:
            effect = self._paths.get(exchange.request.path)
        elif self._lasts:
            self._paths[exchange.request.path] = effect
        if effect is None:
            return exchange.produce()
        self.struck = True
        return effect(exchange)


class Recorder:
    """An effect for every request, that keeps what it was answered."""

    def __init__(self) -> None:
        self.line: list[Recorded] = []

    def __call__(self, exchange: Exchange) -> Answer:
        """The plain answer."""
        answer = exchange.produce()
        self.line.append(Recorded(path=exchange.request.path, answer=answer))
        return answer


def _always(effect: Effect) -> Callable[[Line, int, Event], Effects]:
    return lambda line, number, stop: {number: effect}


def _replay(answer: Answer) -> Effect:
    return lambda exchange: answer


def _repeated(line: Line, number: int, stop: Event) -> Effects:
    """The answer to the request before, of the same path."""
    path = line[number - 1].path
    before = [recorded.answer for recorded in line[: number - 1] if recorded.path == path]
    return {number: _replay(before[-1])} if before else {}


def _early(line: Line, number: int, stop: Event) -> Effects:
    """The answer to the request after, of the same path."""
    after = _next(line, number)
    return {} if after is None else {number: _replay(line[after - 1].answer)}


def _swapped(line: Line, number: int, stop: Event) -> Effects:
    """Each of two requests of one path has the answer of the other."""
    after = _next(line, number)
    if after is None:
        return {}
    return {number: _replay(line[after - 1].answer), after: _replay(line[number - 1].answer)}


def _next(line: Line, number: int) -> int | None:
    path = line[number - 1].path
    later = (place for place in range(number + 1, len(line) + 1) if line[place - 1].path == path)
    return next(later, None)


def _total(by: int) -> Callable[[Line, int, Event], Effects]:
    """Totals in the body and in headers are other ones, by so many: whatever has "total" in its name and a number."""

    def other(found: re.Match[bytes]) -> bytes:
        return found[1] + str(max(0, int(found[2]) + by)).encode()

    def effects(line: Line, number: int, stop: Event) -> Effects:
        plain = line[number - 1].answer
        headers = {
            name: str(max(0, int(value) + by)) if "total" in name.lower() and value.isdigit() else value
            for name, value in plain.headers.items()
        }
        body = _TOTAL.sub(other, plain.body) if isinstance(plain.body, bytes) else plain.body
        answer = replace(plain, headers=headers, body=body)
        return {} if answer == plain else {number: _replay(answer)}

    return effects


def _stopped(line: Line, number: int, stop: Event) -> Effects:
    """The user stops the sync while it waits for this answer."""

    def effect(exchange: Exchange) -> Answer:
        stop.set()
        return exchange.produce()

    return {number: effect}


DISTURBANCES: Final[Mapping[str, Mapping[str, Disturbance]]] = {
    "no answer": {
        "timeout": Disturbance(effects=_always(delay(2 * PATIENCE)), waits=True, late=True),
        "reset": Disturbance(effects=_always(reset()), waits=True),
    },
    "no page": {
        "500": Disturbance(effects=_always(status(500)), lasts=True),
        "401": Disturbance(effects=_always(status(401)), lasts=True),
        "half a body": Disturbance(effects=_always(cut_body()), lasts=True),
        "empty body": Disturbance(effects=_always(empty()), lasts=True),
        "login page": Disturbance(effects=_always(html_page()), lasts=True),
    },
    "another page": {
        "the page before": Disturbance(effects=_repeated),
        "the page after": Disturbance(effects=_early),
        "swapped pages": Disturbance(effects=_swapped),
    },
    "another total": {
        "smaller total": Disturbance(effects=_total(-1)),
        "larger total": Disturbance(effects=_total(+1)),
    },
    "stop": {"stop": Disturbance(effects=_stopped)},
}
"""All that a sync has to stand at its requests, by name, in families that are tested together."""
