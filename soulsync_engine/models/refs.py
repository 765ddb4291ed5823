"""How an item is named outside its server, and which part of a server a call looks at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from soulsync_engine.models.value import Value


class Kind(StrEnum):
    """The kinds of item a library holds."""

    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"
    PLAYLIST = "playlist"


class ItemRef(Value, frozen=True):
    """An item's name: the configured server, the kind, and the server's own id, an opaque string."""

    server: str
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.server}:{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The libraries, by id, and the user a call looks at.

    `libraries=None` means every music library the credentials may see; an empty tuple means none.
    `user=None` means the user the server was configured with.
    """

    libraries: tuple[str, ...] | None = None
    user: str | None = None


EVERYTHING = Scope()
