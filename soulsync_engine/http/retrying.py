"""Asking again, politely: one pause for all threads that use a server.

The first thread whose request fails *leads*: it alone pauses and tries again, while every other thread waits for
what it finds. When it succeeds, all go on. When it gives up, those whose own request had failed too give up with it,
and those that had not asked yet ask once, without further tries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Final

import tenacity

from soulsync_engine.errors import ClosedError, UnavailableError
from soulsync_engine.http.answer import PASSING, HttpAnswer
from soulsync_engine.http.errors import TimedOutError

_TRIES_AFTER_TIMEOUT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a request is repeated. `attempts` counts the first one too; pauses are seconds.

    A pause doubles each time, with some chance in it, up to `longest_pause`. A server that asks for a longer one by
    `Retry-After` is not asked again; its answer says how long it wanted. A request that timed out is tried twice at
    most.
    """

    attempts: int = 4
    first_pause: float = 0.5
    longest_pause: float = 30.0


ONCE: Final = RetryPolicy(attempts=1)


@dataclass(slots=True)
class _Outage:
    over: Event = field(default_factory=Event)
    recovered: bool = False


class CoolDown:
    """The pauses of one server. Thread-safe."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._lock = Lock()
        self._outage: _Outage | None = None
        self._closed = Event()

    def close(self) -> None:
        """End all pauses; whoever pauses or asks from now on gets `ClosedError`."""
        self._closed.set()

    def run(self, ask: Callable[[], HttpAnswer], policy: RetryPolicy) -> HttpAnswer:
        """The answer to `ask`, repeated as the policy says; the last answer or error when nothing helped."""
        return _Run(self, ask, policy).result()

    def check_open(self) -> None:
        """Raise `ClosedError` once closed."""
        if self._closed.is_set():
            raise ClosedError(
                "The connection to the server was closed.",
                server=self._server,
                next_step="Open the engine anew.",
            )

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond `close`."""
        self._closed.wait(seconds)
        self.check_open()

    def current(self) -> _Outage | None:
        """The outage somebody leads at the moment."""
        with self._lock:
            return self._outage

    def begin(self) -> _Outage | None:
        """Begin an outage that the caller leads; None when another thread leads one already."""
        with self._lock:
            if self._outage is not None:
                return None
            self._outage = _Outage()
            return self._outage

    def end(self, outage: _Outage, *, recovered: bool) -> None:
        """End an outage one leads; those who wait go on."""
        with self._lock:
            self._outage = None
        outage.recovered = recovered
        outage.over.set()


class _Run:
    """One request with its repetitions."""

    def __init__(self, cool_down: CoolDown, ask: Callable[[], HttpAnswer], policy: RetryPolicy) -> None:
        self._cool_down = cool_down
        self._ask = ask
        self._policy = policy
        self._leads: _Outage | None = None
        self._attempts = policy.attempts
        self._backoff = tenacity.wait_exponential(
            multiplier=policy.first_pause, max=policy.longest_pause
        ) + tenacity.wait_random(0, policy.first_pause)

    def result(self) -> HttpAnswer:
        outage = self._cool_down.current()
        if outage is not None and not self._recovers(outage):
            # The server has just been given up: one honest attempt, no second round of pauses.
            self._attempts = 1
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes) | tenacity.retry_if_result(_is_passing),
            wait=self._wait,
            stop=self._stop,
            sleep=self._sleep,
            retry_error_callback=_last,
        )
        recovered = False
        try:
            answer: HttpAnswer = retrying(self._attempt)
            recovered = not _is_passing(answer)
            return answer
        finally:
            if self._leads is not None:
                self._cool_down.end(self._leads, recovered=recovered)

    def _attempt(self) -> HttpAnswer:
        self._cool_down.check_open()
        return self._ask()

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return max(_asked_pause(state), self._backoff(state))

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        """Whether to give up; for a thread that follows, the leader finds out."""
        timed_out = state.outcome is not None and isinstance(state.outcome.exception(), TimedOutError)
        attempts = min(self._attempts, _TRIES_AFTER_TIMEOUT) if timed_out else self._attempts
        if state.attempt_number >= attempts or _asked_pause(state) > self._policy.longest_pause:
            return True
        while self._leads is None:
            outage = self._cool_down.current()
            if outage is not None:
                return not self._recovers(outage)
            self._leads = self._cool_down.begin()
        return False

    def _recovers(self, outage: _Outage) -> bool:
        outage.over.wait()
        self._cool_down.check_open()
        return outage.recovered

    def _sleep(self, seconds: float) -> None:
        if self._leads is not None:
            self._cool_down.pause(seconds)


def _passes(error: BaseException) -> bool:
    return isinstance(error, UnavailableError) and error.retryable


def _is_passing(answer: HttpAnswer) -> bool:
    return answer.status in PASSING


def _asked_pause(state: tenacity.RetryCallState) -> float:
    """The seconds that a server asked for by `Retry-After`; 0 when it did not."""
    if state.outcome is None or state.outcome.failed:
        return 0.0
    answer: HttpAnswer = state.outcome.result()
    return answer.retry_after or 0.0


def _last(state: tenacity.RetryCallState) -> HttpAnswer:
    """What the last attempt brought: its answer, or its error raised."""
    if state.outcome is None:
        raise AssertionError("a request that was never sent cannot be given up")
    answer: HttpAnswer = state.outcome.result()
    return answer
