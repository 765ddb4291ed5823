"""What a handler is given, how it refuses, and how it is announced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from soulsync_engine.testing.simulator import Answer, RefusedRequestError, SimulatedRequest
from soulsync_jellyfin.simulator.accounts import Caller, User
from soulsync_jellyfin.simulator.catalogue import Entry
from soulsync_jellyfin.simulator.querying import BadValueError, Parameters
from soulsync_jellyfin.simulator.rendering import ALL_FIELDS, Json, answer_of
from soulsync_jellyfin.simulator.state import State


class Refusal(Exception):  # noqa: N818
    """The server refuses; not a mistake of the client's."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


NOT_FOUND = Answer(status=404, content_type=None)
NO_CONTENT = Answer(status=204, content_type=None)
PROCESSING_FAILED = Answer(status=400, body=b"Error processing request.", content_type="text/plain")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in. The server's lock is held."""

    request: SimulatedRequest
    params: Parameters
    caller: Caller
    state: State

    def user(self, wanted: str | None = None) -> User | None:
        """The user the request is about: named in the path, in the query, or whoever asks."""
        named = wanted if wanted is not None else self.params.id("userId")
        found = self.state.user_of(self.caller, named)
        if isinstance(found, int):
            raise Refusal(Answer(status=found, content_type=None))
        return found

    def some_user(self, wanted: str | None = None) -> User:
        """As `user`, where there must be one: an API key without a user is refused [S]."""
        user = self.user(wanted)
        if user is None:
            raise Refusal(PROCESSING_FAILED)
        return user

    def asking_user(self) -> User:
        """Whoever asks; for an API key the server looks up a user without id and fails [S, PlaylistsController]."""
        if self.caller.user is None:
            raise Refusal(PROCESSING_FAILED)
        return self.caller.user

    def path_id(self, name: str) -> str:
        """An id of the path."""
        return self.params.as_id(name, self.request.path_values[name])

    def entry(self, name: str = "itemId") -> Entry:
        """The item of the path; what is unknown is 404."""
        entry = self.state.catalogue.items.get(self.path_id(name))
        if entry is None:
            raise Refusal(NOT_FOUND)
        return entry

    def row(self, entry: Entry, user: User | None, fields: frozenset[str] = ALL_FIELDS) -> Json:
        """An item as this user sees it."""
        data = self.state.relation(user, entry.id) if user is not None else None
        row = self.state.renderer.item(entry, fields, data)
        details = self.state.playlists.get(entry.id)
        if details is not None:
            if "CanDelete" in fields:
                row["CanDelete"] = user is None or user.admin or user.id == details.owner
            if "ChildCount" in fields:
                row["ChildCount"] = len(details.entries)
        elif "ChildCount" in fields and entry.type == "MusicAlbum":
            row["ChildCount"] = sum(each.album_id == entry.id for each in self.state.catalogue.items.values())
        return row

    def body(self) -> Json:
        """The JSON object of the body."""
        try:
            value = msgspec.json.decode(self.request.body, type=dict[str, object])
        except msgspec.MsgspecError as error:
            raise RefusedRequestError(f"the body is no JSON object: {error}") from None
        return value

    def page(self, rows: list[Entry], render: Callable[[Entry], Json]) -> Answer:
        """The stretch of rows that is asked for, in its envelope.

        Without a limit everything is sent [S]; the total is left out as 0 where it is not wanted.
        """
        start, limit = self.params.number("startIndex") or 0, self.params.number("limit")
        if limit is not None and limit < 0:
            raise BadValueError("limit", str(limit))
        end = None if limit is None else start + limit
        total = len(rows) if self.params.flag("enableTotalRecordCount", default=True) else 0
        return answer_of(self.state.renderer.result([render(row) for row in rows[start:end]], total, start))


class _Add(Protocol):
    def __call__(
        self,
        method: str,
        path: str,
        handler: Callable[[Call], Answer],
        query: Iterable[str],
        *,
        secured: bool,
        admin: bool,
        body: bool,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Routes:
    """Announces the routes of one module."""

    announce: _Add
    state: State

    @property
    def emby(self) -> bool:
        """Whether the server is Emby."""
        return self.state.personality.emby

    def add(
        self,
        method: str,
        path: str,
        handler: Callable[[Call], Answer],
        *query: str,
        secured: bool = True,
        admin: bool = False,
        body: bool = False,
    ) -> None:
        """A route that takes these parameters."""
        self.announce(method, path, handler, query, secured=secured, admin=admin, body=body)
