"""What goes over the wire: the request as it was understood, and the answer to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import msgspec

Pairs = tuple[tuple[str, str], ...]
"""Parameters in their order; a name may come several times."""

JSON = "application/json"


class RefusedRequestError(Exception):
    """A request that the simulated server does not have: a route, a parameter or a body nobody declared.

    A handler may raise it too, for a value that the real server would not accept and no client should send. `status`
    is what the client gets.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRequest:
    """One request as it arrived, secrets included.

    `number` counts from 1 over all requests. `path` is without the simulator's prefix and decoded, `raw_path` is not
    decoded. `headers` have lower-case names. `route` is the pattern that matched, None when none did.
    """

    number: int
    method: str
    path: str
    raw_path: str
    query: Pairs = ()
    form: Pairs = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    path_values: Mapping[str, str] = field(default_factory=dict)
    route: str | None = None

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a parameter, of the query first, then of the form."""
        return tuple(value for key, value in (*self.query, *self.form) if key == name)

    def value(self, name: str, default: str | None = None) -> str | None:
        """The one value of a parameter, or `default`. Sent twice, the request is refused."""
        found = self.values(name)
        if len(found) > 1:
            raise RefusedRequestError(f"the parameter {name!r} was sent {len(found)} times")
        return found[0] if found else default

    def number_of(self, name: str, default: int) -> int:
        """The value of a parameter as a whole number; anything else is refused."""
        text = self.value(name)
        try:
            return default if text is None else int(text)
        except ValueError:
            raise RefusedRequestError(f"the parameter {name!r} is {text!r}, not a whole number") from None

    def json(self) -> object:
        """The body, read as JSON; anything else is refused."""
        try:
            answer: object = msgspec.json.decode(self.body)
        except ValueError as error:
            raise RefusedRequestError(f"the body is not JSON: {error}") from None
        return answer


class Ending(Enum):
    """How the connection goes on after an answer."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    A `body` of bytes is sent with its length; a function is called for an iterable of chunks, sent one by one.
    `declared_length` is what the header says instead of the truth. An `ending` other than KEEP ends the connection
    after what was sent; without a `status` nothing is sent at all.
    """

    status: int | None = 200
    body: bytes | Callable[[], Iterable[bytes]] = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    declared_length: int | None = None
    ending: Ending = Ending.KEEP

    @classmethod
    def json(cls, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """A value that msgspec can encode, as JSON."""
        return cls(status=status, body=msgspec.json.encode(value), headers=headers or {})
