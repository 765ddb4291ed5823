"""What all parts of the client stand on: the connection, the lister, and ids looked at before they are used."""

from __future__ import annotations

import logging
from typing import ClassVar, Final

from soulsync_engine.contract import MediaServerClient, ServerContext
from soulsync_engine.errors import NotFoundError
from soulsync_engine.http import HttpAnswer, decode
from soulsync_engine.models import Kind
from soulsync_jellyfin import wire
from soulsync_jellyfin.connection import Connection
from soulsync_jellyfin.dialect import JELLYFIN, Dialect
from soulsync_jellyfin.listing import Lister
from soulsync_jellyfin.mapper import TYPES, Mapper
from soulsync_jellyfin.settings import JellyfinSettings

_NO_CONTENT: Final = 204


class Session(MediaServerClient):
    """One opened server."""

    dialect: ClassVar[Dialect] = JELLYFIN

    def __init__(self, context: ServerContext[JellyfinSettings]) -> None:
        """Take what the engine hands over; nothing is asked."""
        super().__init__(context)
        self.connection = Connection(context, self.dialect)
        self.transport = self.connection.transport
        self.lister = Lister(self.connection, context.log)
        self.mapper = Mapper(server=context.server)
        self.log: logging.Logger = context.log

    def checked_id(self, kind: Kind, id: str) -> str:
        """The id, if an item can have it; servers answer anything from 400 to 500 to others."""
        if not self.dialect.is_id(id):
            raise self.not_found(kind, id)
        return id

    def item(self, kind: Kind, id: str) -> wire.Item:
        """One item with all its fields; `NotFoundError` when there is none of that kind with the id."""
        item = decode(self.asked_for(kind, id), wire.Item)
        if item.type != TYPES[kind]:
            raise self.not_found(kind, id)
        return item

    def asked_for(self, kind: Kind, id: str) -> HttpAnswer:
        """The answer that holds an item, of whatever kind it turns out to be."""
        path, params = self.dialect.item(self.connection.user().id, self.checked_id(kind, id))
        answer = self.transport.send("GET", path, params=params)
        if answer.status == _NO_CONTENT:
            # What Emby says of a look-up that finds nothing.
            raise self.not_found(kind, id)
        return answer

    def not_found(self, kind: Kind, id: str) -> NotFoundError:
        """The error for an id that no item of the kind has."""
        return NotFoundError(f"The server has no {kind} with the id {id[:80]!r}.", server=self.server)
