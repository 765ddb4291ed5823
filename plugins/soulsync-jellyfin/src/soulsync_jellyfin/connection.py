"""One server, greeted: what it is, who asks, and the music libraries that user sees."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import Final

from soulsync_engine.errors import (
    AuthenticationError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from soulsync_engine.http import BadRequestError, decode
from soulsync_engine.models import Library, Scope, ServerInfo
from soulsync_engine.plugin import ServerContext
from soulsync_jellyfin import wire
from soulsync_jellyfin.accounts import Account, Accounts
from soulsync_jellyfin.dialect import THIN, Dialect, Params
from soulsync_jellyfin.memory import Greeting, Memory
from soulsync_jellyfin.settings import JellyfinSettings
from soulsync_jellyfin.transport import JellyfinTransport
from soulsync_jellyfin.values import text_id, wire_time

_MUSIC: Final = "music"
_FRESH_SECONDS: Final = 5.0
"""For so long the count that a greeting brought counts as asked just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    user: str
    total: int
    asked: float


class Connection:
    """One server, and what is known of it. Only what was found is remembered, no failure. Thread-safe."""

    def __init__(self, context: ServerContext[JellyfinSettings], dialect: Dialect) -> None:
        self.server = context.server
        self.dialect = dialect
        self.settings = context.settings
        self.transport = JellyfinTransport(
            context.settings, dialect, server=context.server, log=context.log, conceal=context.conceal
        )
        self._memory = Memory(context.data_dir, context.settings, server=context.server, log=context.log)
        self._greeting: Greeting | None = None
        self._remembered = False
        self._count: _Count | None = None
        self._accounts = Accounts(self.transport)
        self._lock = RLock()

    def greet(self) -> ServerInfo:
        """Ask the server whether it is there, and whether it knows us.

        A process that greets it for the first time, where another did before, does so by the first question of a
        probe: so the probe costs no request more. What that answer does not tell is then as of the last greeting.
        """
        with self._lock:
            first, known = self._greeting is None, self._memory.greeting
            if not first or known is None or not self._greets_again(known):
                self._greet_anew()
        return self._server_info()

    @property
    def memory(self) -> Memory:
        """What is kept between processes."""
        return self._memory

    @property
    def version(self) -> tuple[int, ...]:
        """The version as of the last greeting, as numbers; empty before it."""
        self._confirm()
        text = self._greeting.version if self._greeting else ""
        return tuple(int(part) for part in text.split(".") if part.isdigit())

    def count(self, user: Account) -> int:
        """How many tracks and albums a user sees; the answer to a greeting of just now is used up first."""
        with self._lock:
            count, self._count = self._count, None
        if count is not None and count.user == user.id and time.monotonic() - count.asked < _FRESH_SECONDS:
            return count.total
        return self._ask_count(user.id)

    def user(self, scope: Scope | None = None, *, confirmed: bool = True) -> Account:
        """The user meant by a scope, by default the configured one; not `confirmed`, as of the last greeting."""
        if confirmed:
            self._confirm()
        return self._accounts.user(scope)

    def users(self) -> tuple[Account, ...]:
        """The users the credentials may see, which may be the own one alone."""
        return self._accounts.users()

    def is_key(self) -> bool:
        """Whether the credentials are, or may be, an API key: on Emby no question tells those from a user's token."""
        return self._accounts.nobodys()

    def check_user(self, user: Account) -> None:
        """Ask whether a user still exists, after the server said that something does not.

        Raises `ConfigurationError` when it is the user.
        """
        try:
            self._accounts.check(user)
        except ConfigurationError:
            self._memory.keep_greeting(None)
            raise

    def libraries(self, user: Account) -> tuple[Library, ...]:
        """The music libraries the user sees, asked anew, in the server's order."""
        path, params = self.dialect.views(user.id)
        try:
            views = self.transport.get(path, wire.Result[wire.Item], params)
        except NotFoundError:
            self.check_user(user)
            raise
        if views.items is None:
            raise UnavailableError(
                "The server did not list its libraries; it may still be loading.",
                server=self.server,
                next_step="Try again in a moment.",
            )
        return tuple(
            Library(id=view_id, name=view.name or view_id)
            for view in views.items
            if (view_id := text_id(view.id)) is not None and (view.collection_type or "").lower() == _MUSIC
        )

    def folders(self) -> list[wire.VirtualFolder]:
        """The folders of all libraries and what is being done with them, which only administrators may see."""
        path = ("Library", "VirtualFolders")
        if self.dialect.pages_folders:
            return self.transport.get((*path, "Query"), wire.Result[wire.VirtualFolder]).items or []
        return self.transport.get(path, list[wire.VirtualFolder])

    def chosen(self, scope: Scope, user: Account) -> tuple[Library, ...]:
        """The libraries of a scope. One that is gone, or that the user does not see, is `NotFoundError`."""
        seen = {library.id: library for library in self.libraries(user)}
        if scope.libraries is None:
            return tuple(seen.values())
        for wanted in scope.libraries:
            if wanted not in seen:
                raise NotFoundError(
                    f"The server shows no music library with the id {wanted!r} to the user {user.name!r}.",
                    server=self.server,
                    next_step="List the libraries and choose anew; it may have been deleted, or access withdrawn.",
                )
        return tuple(seen[wanted] for wanted in dict.fromkeys(scope.libraries))

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self.transport.close()

    def _confirm(self) -> None:
        """Ask anew what was only remembered, before anything but a probe rests on it."""
        with self._lock:
            if self._remembered:
                self._greet_anew()

    def _greet_anew(self) -> None:
        try:
            info = self.transport.get(("System", "Info"), wire.SystemInfo)
        except (AuthenticationError, NotFoundError):
            # Another kind of server knows neither our way of asking nor our credentials.
            answer = self.transport.anonymous("GET", ("System", "Info", "Public"))
            if answer.status in (200, 404):
                self._refuse_another_kind(decode(answer, wire.SystemInfo) if answer.status == 200 else None)
            raise
        self._refuse_another_kind(info)
        if not info.version:
            raise UnavailableError(
                "The server answers, but does not say what it is; it may still be loading.",
                server=self.server,
                next_step="Try again in a moment, and check that the address is this server's.",
            )
        if self._remembered:
            self._accounts.presume(None)
            self._remembered = False
        user = self.user()
        self._greeting = Greeting(
            product=info.product_name.removesuffix(" Server") if info.product_name else self.dialect.product,
            version=info.version,
            name=info.server_name or None,
            machine_id=info.id or None,
            user_id=user.id,
            user_name=user.name,
            admin=user.admin,
            asked_at=wire_time(self.transport.clock or datetime.now(UTC)),
        )
        self._memory.keep_greeting(self._greeting)

    def _refuse_another_kind(self, info: wire.SystemInfo | None) -> None:
        """Raise unless a server of this kind said this of itself; None stands for none of its family."""
        if info is None:
            raise ConfigurationError(
                f"No {self.dialect.product} server answers at this address.",
                server=self.server,
                next_step="Check the address, and leave out what a browser shows behind it, such as /web. "
                "A server of another kind has another backend; see: soulsync backends",
            )
        # Only Jellyfin says what it is; both have a version.
        found = "Jellyfin" if "jellyfin" in (info.product_name or "").lower() else "Emby"
        if info.version and found != self.dialect.product:
            raise ConfigurationError(
                f"This is a server of the kind {found}, not {self.dialect.product}.",
                server=self.server,
                next_step=f"Use the backend {found.lower()} for it.",
            )

    def _greets_again(self, known: Greeting) -> bool:
        """Whether the server still knows the user of the last greeting."""
        try:
            total = self._ask_count(known.user_id)
        except (NotFoundError, NotAllowedError, BadRequestError):
            return False
        self._count = _Count(user=known.user_id, total=total, asked=time.monotonic())
        self._greeting, self._remembered = known, True
        self._accounts.presume(Account(id=known.user_id, name=known.user_name, admin=known.admin))
        return True

    def _ask_count(self, user_id: str) -> int:
        params: Params = {
            **THIN,
            "userId": user_id,
            "recursive": True,
            "includeItemTypes": "Audio,MusicAlbum",
            "limit": 1,
            "enableTotalRecordCount": True,
        }
        total = self.transport.get(("Items",), wire.Result[wire.ItemId], params).total_record_count
        if total is None:
            raise UnavailableError(
                "The server did not count its items; it may still be loading.",
                server=self.server,
                next_step="Try again in a moment.",
            )
        return total

    def _server_info(self) -> ServerInfo:
        greeting = self._greeting
        if greeting is None:
            raise AssertionError("nobody was greeted")
        notes = ["Plays, favourites and ratings do not count as changes here: the server does not date them."]
        if self._remembered:
            notes.append(
                f"Name and version are those of {greeting.asked_at[:16].replace('T', ' ')} UTC; "
                "they are asked for anew before the libraries are."
            )
        return ServerInfo(
            product=greeting.product,
            version=greeting.version,
            name=greeting.name,
            machine_id=greeting.machine_id,
            user=greeting.user_name,
            notes=tuple(notes),
        )
