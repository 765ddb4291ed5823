"""What a server can do, graded, and how that grade is derived from a backend's code.

An *operation* is one primitive of the contract; a *capability* is a group of them. A backend never
declares what it offers: an operation is offered because its method is overridden. What a backend
may declare is why something is **not** offered (`limitations`), and after connecting it may narrow
what it offers (`narrow`). Four answers are possible for each operation, never a bare bool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

OPERATION_MARK: Final = "__soulsync_operation__"


class Capability(StrEnum):
    """A group of operations. `REQUIRED` is what every backend has."""

    REQUIRED = "required"
    SCAN = "scan"
    CHANGES = "changes"
    PLAYLISTS = "playlists"
    HISTORY = "history"
    USER_DATA = "user_data"
    WRITEBACK = "writeback"
    MEDIA = "media"
    USERS = "users"
    SESSIONS = "sessions"
    WATCH = "watch"


class Grade(StrEnum):
    """How far an operation is offered."""

    FULL = "full"
    VERSIONED = "versioned"
    SERVER_CANNOT = "server_cannot"
    NOT_WRITTEN = "not_written"


@dataclass(frozen=True, slots=True)
class Support:
    """A grade and its reason. `reason` is a sentence for people; empty only for `FULL`."""

    grade: Grade
    reason: str = ""

    @property
    def offered(self) -> bool:
        """Whether calling the operation makes sense."""
        return self.grade is Grade.FULL

    @classmethod
    def full(cls) -> Support:
        """The operation works on this server."""
        return cls(Grade.FULL)

    @classmethod
    def versioned(cls, needs: str) -> Support:
        """A newer server, an extension or a plugin of the server is needed; `needs` names it."""
        return cls(Grade.VERSIONED, needs)

    @classmethod
    def server_cannot(cls, reason: str) -> Support:
        """This kind of server, or this user on it, cannot do that at all."""
        return cls(Grade.SERVER_CANNOT, reason)

    @classmethod
    def not_written(cls) -> Support:
        """The server may be able to; the backend has no code for it."""
        return cls(Grade.NOT_WRITTEN, "the backend has no code for it")


@dataclass(frozen=True, slots=True)
class Operation:
    """One primitive of the contract, as data."""

    name: str
    capability: Capability
    writes: bool
    dangerous: bool


def operation(capability: Capability, *, writes: bool = False, dangerous: bool = False) -> Callable[[_F], _F]:
    """Mark a contract method as a primitive of `capability`.

    `writes` says that it changes something on the server. `dangerous` says that it destroys
    something: overriding it is not enough, the class itself must list it in `claims`.
    """

    def mark(function: _F) -> _F:
        entry = Operation(function.__name__, capability, writes, dangerous)
        setattr(function, OPERATION_MARK, entry)
        return function

    return mark


def operations_of(contract: type) -> dict[str, Operation]:
    """The operations a contract class declares, by name, in the order of its source."""
    marked = ((name, getattr(value, OPERATION_MARK, None)) for name, value in vars(contract).items())
    return {name: entry for name, entry in marked if isinstance(entry, Operation)}


class Capabilities(Mapping[str, Support]):
    """The support of every operation of one server, by operation name, immutable.

    `connected` tells whether the server had its say; before that, the grades are what the
    backend's code offers at best.
    """

    __slots__ = ("_operations", "_support", "connected")

    def __init__(
        self, operations: Mapping[str, Operation], support: Mapping[str, Support], *, connected: bool
    ) -> None:
        self._operations = dict(operations)
        self._support = {name: support[name] for name in self._operations}
        self.connected = connected

    def __getitem__(self, name: str) -> Support:
        return self._support[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._support)

    def __len__(self) -> int:
        return len(self._support)

    def offers(self, *names: str) -> bool:
        """Whether all these operations are offered."""
        return all(self._support[name].offered for name in names)

    def of(self, capability: Capability) -> dict[str, Support]:
        """The operations of one group and their support."""
        return {
            name: self._support[name]
            for name, entry in self._operations.items()
            if entry.capability is capability
        }

    def narrowed(self, changes: Mapping[str, Support]) -> Capabilities:
        """These capabilities as the connected server leaves them: offered ones may become less, never more."""
        merged = {
            name: changes.get(name, support) if support.offered else support
            for name, support in self._support.items()
        }
        return Capabilities(self._operations, merged, connected=True)


def is_support_table(value: object) -> bool:
    """Whether a backend's `limitations`, or what its `narrow` returned, says of names how they are supported."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(support, Support) for name, support in value.items()
    )


def grade_class(contract: type, implementation: type) -> Capabilities:
    """Grade an implementation by reading its class; nothing is instantiated or called."""
    operations = operations_of(contract)
    limitations: Mapping[str, Support] = getattr(implementation, "limitations", {})
    claims: frozenset[str] = vars(implementation).get("claims", frozenset())
    support: dict[str, Support] = {}
    for name, entry in operations.items():
        overridden = getattr(implementation, name) is not getattr(contract, name)
        if name in limitations and not limitations[name].offered:
            support[name] = limitations[name]
        elif not overridden and entry.capability is not Capability.REQUIRED:
            support[name] = Support.not_written()
        elif entry.dangerous and name not in claims:
            support[name] = Support(
                Grade.NOT_WRITTEN,
                f"{implementation.__name__} does not claim it; deleting must be claimed by the class itself",
            )
        else:
            support[name] = Support.full()
    return Capabilities(operations, support, connected=False)
