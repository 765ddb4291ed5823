"""What every part of the client builds on: the transport, sections, names, ids and cursors."""

from __future__ import annotations

import re
from typing import Final

from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.errors import ConflictError, NotAllowedError, NotFoundError
from soulsync_engine.models import ItemRef, Kind, Scope
from soulsync_plex.mapper import key_of
from soulsync_plex.names import NameTable
from soulsync_plex.sections import SectionChoice
from soulsync_plex.settings import PlexSettings
from soulsync_plex.transport import PlexTransport
from soulsync_plex.wire import Accounts, Devices, Named, Section, Sections

OWNER: Final = "1"
"""The number that every server gives to its owner."""

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
        self._accounts = NameTable(lambda: _by_number(self._transport.read(Accounts, "/accounts").Account))
        self._devices = NameTable(lambda: _by_number(self._transport.read(Devices, "/devices").Device))

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

    def _sections_of(self, scope: Scope, *, fresh: bool = False) -> tuple[Section, ...]:
        """The sections of a scope that the token's own account looks at; it cannot look with another one's eyes."""
        if scope.user is not None and self._account_of(scope.user) != OWNER:
            raise NotAllowedError(
                f"The token speaks for one account, and that is not {scope.user!r}.",
                server=self.server,
                next_step="Configure another server with a token of that account.",
            )
        return self._sections.of(scope, fresh=fresh)

    def _account_of(self, user: str) -> str:
        """The number of an account, given as itself or by name. Only the owner may know; others get an error."""
        try:
            names = self._accounts.of({user})
            if user not in names and user not in names.values():
                names = self._accounts.fresh()
        except NotAllowedError as error:
            error.message = f"Only the server's owner may ask about other accounts ({error.message})"
            raise
        for number, name in names.items():
            if user in (number, name):
                return number
        raise NotFoundError(
            f"There is no user {user!r} on this server.",
            server=self.server,
            next_step="List the users and choose among them.",
        )

    def _ref(self, kind: Kind, id: str) -> ItemRef:
        return ItemRef(self.server, kind, id)

    def _path_of(self, kind: Kind, id: str) -> str:
        """Where an item is found. Raises `NotFoundError` for what cannot be a key, without asking."""
        if not is_key(id):
            raise self._not_found(kind, id)
        return f"/playlists/{id}" if kind is Kind.PLAYLIST else f"/library/metadata/{id}"

    def _not_found(self, kind: Kind, id: str) -> NotFoundError:
        return NotFoundError(
            f"There is no {kind} {id[:80]!r}.",
            server=self.server,
            next_step="Look it up again; what was removed or made anew on the server has another id, or none.",
        )

    def _offset(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not is_key(cursor):
            raise self._no_cursor(cursor)
        return int(cursor)

    def _no_cursor(self, cursor: str) -> ConflictError:
        return ConflictError(
            f"The cursor {cursor[:80]!r} is not one of this server's.",
            server=self.server,
            next_step="Begin the listing anew.",
        )


def is_key(text: str) -> bool:
    """Whether a text can be a key of this kind of server. It is never read as a number."""
    return _KEY.fullmatch(text) is not None


def _by_number(rows: tuple[Named, ...]) -> dict[str, str]:
    return {number: row.name for row in rows if (number := key_of(row.id)) and row.name}
