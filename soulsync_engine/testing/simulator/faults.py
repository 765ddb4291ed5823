"""Faults to order: what goes wrong, and at which request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase

from soulsync_engine.testing.simulator.messages import Answer, Ending, SimulatedRequest

_HTML = "text/html; charset=utf-8"
_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
_FILLER = b" " * 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What an effect has to work with.

    `produce` makes the plain answer; `previous` is the plain answer sent last at the same path, None if there was none;
    `stop_listening` makes the server refuse connections.
    """

    request: SimulatedRequest
    produce: Callable[[], Answer]
    previous: Answer | None
    stop_listening: Callable[[], None]


Effect = Callable[[Exchange], Answer]
"""What happens instead of the plain answer. It may or may not ask for that answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    effect: Effect
    path: str | None
    number: int | None


@dataclass(slots=True)
class FaultPlan:
    """The faults of one simulator, in the order in which they were ordered; the first that applies counts."""

    _faults: list[_Fault] = field(default_factory=list)

    def at(self, number: int, effect: Effect, *, path: str | None = None) -> None:
        """At request `number` (from 1) of all, or of those whose path matches, counted as the log counts them.

        `path` is without the simulator's prefix and may hold `*`.
        """
        self._faults.append(_Fault(effect=effect, path=path, number=number))

    def always(self, effect: Effect, *, path: str | None = None) -> None:
        """At every request, or at every request whose path matches."""
        self._faults.append(_Fault(effect=effect, path=path, number=None))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def effect(self, paths: list[str]) -> Effect | None:
        """What is ordered for the last of these requests, given the paths of all since the start."""
        for fault in self._faults:
            if fault.path is not None and not fnmatchcase(paths[-1], fault.path):
                continue
            if fault.number in (
                None,
                sum(fault.path is None or fnmatchcase(path, fault.path) for path in paths),
            ):
                return fault.effect
        return None


def delay(seconds: float) -> Effect:
    """The plain answer, late."""

    def effect(exchange: Exchange) -> Answer:
        time.sleep(seconds)
        return exchange.produce()

    return effect


def reset() -> Effect:
    """The connection is reset before a byte of the answer."""
    return lambda exchange: Answer(status=None, ending=Ending.RESET)


def refuse() -> Effect:
    """The connection is reset, and new ones are refused until `Simulator.listen()`."""

    def effect(exchange: Exchange) -> Answer:
        exchange.stop_listening()
        return Answer(status=None, ending=Ending.RESET)

    return effect


def status(
    code: int,
    *,
    retry_after: int | datetime | None = None,
    body: bytes = b"",
    content_type: str | None = "text/plain",
) -> Effect:
    """A bare status. `retry_after` is sent as seconds, or as a date (aware, UTC)."""
    headers: dict[str, str] = {}
    if retry_after is not None:
        moment = retry_after if isinstance(retry_after, int) else format_datetime(retry_after, usegmt=True)
        headers["Retry-After"] = str(moment)
    return lambda exchange: Answer(status=code, headers=headers, body=body, content_type=content_type)


def cut_connection(keep: float = 0.5) -> Effect:
    """The headers and a part of the body they promise, then the end of the connection."""

    def effect(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        body = _whole(answer)
        cut = body[: int(len(body) * keep)]
        return replace(answer, body=cut, declared_length=len(body), ending=Ending.CLOSE)

    return effect


def cut_body(keep: float = 0.5) -> Effect:
    """A part of the body, sent as if it were the whole: JSON that ends in the middle."""

    def effect(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        body = _whole(answer)
        return replace(answer, body=body[: int(len(body) * keep)])

    return effect


def html_page(code: int = 200) -> Effect:
    """The login page of something that stands in between."""
    return lambda exchange: Answer(status=code, body=_LOGIN_PAGE, content_type=_HTML)


def content_type(value: str | None) -> Effect:
    """The plain answer under another content type, or under none."""
    return lambda exchange: replace(exchange.produce(), content_type=value)


def empty(code: int = 200) -> Effect:
    """No body at all."""
    return lambda exchange: Answer(status=code, body=b"")


def huge(size: int, *, declared: bool = False) -> Effect:
    """A JSON body of about `size` bytes, streamed; its length is in the headers only when `declared`."""

    def chunks() -> Iterator[bytes]:
        yield b"["
        for _ in range(size // len(_FILLER)):
            yield _FILLER
        yield b"]"

    length = size // len(_FILLER) * len(_FILLER) + 2 if declared else None
    return lambda exchange: Answer(body=chunks, declared_length=length)


def repeat() -> Effect:
    """The previous answer of the same path once more, whatever was asked; the plain one when there is none."""
    return lambda exchange: exchange.previous or exchange.produce()


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body())
