"""What every part of the client builds on: the transport, the sections, ids and cursors."""

from __future__ import annotations

import re
from typing import Final

from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.models import ItemRef, Kind
from soulsync_plex.sections import SectionChoice
from soulsync_plex.settings import PlexSettings
from soulsync_plex.transport import PlexTransport
from soulsync_plex.wire import Section, Sections

_KEY: Final = re.compile(r"[0-9]{1,18}")


class PlexConnection(MediaServerClient):
    """A client's connection to its server."""

    def __init__(self, context: ServerContext[PlexSettings]) -> None:
        self.server = context.server
        self._context = context
        self._transport = PlexTransport(context.settings, server=context.server, log=context.log)
        self._machine: str | None = None
        self._speaks_json = True
        self._sections = SectionChoice(self._ask_sections, context.settings.libraries, server=context.server)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._transport.count

    def close(self) -> bool:
        """As in the contract."""
        self._transport.close()
        return True

    def _ask_sections(self) -> tuple[Section, ...]:
        return self._transport.read(Sections, "/library/sections").Directory

    def _ref(self, kind: Kind, id: str) -> ItemRef:
        return ItemRef(self.server, kind, id)

    def _path_of(self, kind: Kind, id: str) -> str:
        """Where an item is found. Raises `NotFoundError` for what cannot be a key, without asking."""
        if not is_key(id):
            raise self._not_found(kind, id)
        return f"/playlists/{id}" if kind is Kind.PLAYLIST else f"/library/metadata/{id}"

    def _not_found(self, kind: Kind, id: str) -> NotFoundError:
        return NotFoundError(f"There is no {kind} {id[:80]!r}.", server=self.server)

    def _offset(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not is_key(cursor):
            raise ConflictError(
                f"The cursor {cursor[:80]!r} is not one of this server's.", server=self.server
            )
        return int(cursor)


def is_key(text: str) -> bool:
    """Whether a text can be a key of this kind of server. It is never read as a number."""
    return _KEY.fullmatch(text) is not None
