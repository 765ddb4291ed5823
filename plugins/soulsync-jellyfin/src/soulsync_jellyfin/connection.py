"""Who is asking and what of the server that user sees: the user, the users, the music libraries."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import Final

from soulsync_engine.errors import (
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.http import BadRequestError, decode
from soulsync_engine.models import Library, Scope, ServerInfo
from soulsync_engine.plugin import ServerContext
from soulsync_jellyfin import wire
from soulsync_jellyfin.dialect import Dialect
from soulsync_jellyfin.settings import JellyfinSettings
from soulsync_jellyfin.transport import JellyfinTransport
from soulsync_jellyfin.values import text_id

_MUSIC: Final = "music"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the server. `admin` is None where the server does not say."""

    id: str
    name: str
    admin: bool | None = None


class Connection:
    """One server, and what is known of it. Only what was found is remembered, no failure. Thread-safe."""

    def __init__(self, context: ServerContext[JellyfinSettings], dialect: Dialect) -> None:
        self.server = context.server
        self.dialect = dialect
        self.settings = context.settings
        self.transport = JellyfinTransport(
            context.settings, dialect, server=context.server, log=context.log, conceal=context.conceal
        )
        self._info: wire.SystemInfo | None = None
        self._user: Account | None = None
        self._users: tuple[Account, ...] | None = None
        self._lock = RLock()

    def greet(self) -> ServerInfo:
        """Ask the server anew who it is; find the user if that is still open."""
        info = self.transport.get(("System", "Info"), wire.SystemInfo)
        if not info.version:
            raise UnavailableError(
                "The server answers, but does not say what it is; it may still be loading.",
                server=self.server,
                next_step="Try again in a moment, and check that the address is this server's.",
            )
        with self._lock:
            self._info = info
        user = self.user()
        return ServerInfo(
            product=info.product_name.removesuffix(" Server") if info.product_name else self.dialect.product,
            version=info.version,
            name=info.server_name or None,
            machine_id=info.id or None,
            user=user.name,
            notes=(
                "Plays, favourites and ratings do not count as changes here: the server does not date them.",
            ),
        )

    @property
    def version(self) -> tuple[int, ...]:
        """The version as of the last greeting, as numbers; empty before it."""
        text = (self._info.version if self._info else None) or ""
        return tuple(int(part) for part in text.split(".") if part.isdigit())

    def user(self, scope: Scope | None = None) -> Account:
        """The user meant by a scope, by default the configured one."""
        if scope is not None and scope.user is not None:
            return self._named(scope.user, self.users())
        with self._lock:
            if self._user is None:
                self._user = self._find_user()
            return self._user

    def users(self, *, anew: bool = False) -> tuple[Account, ...]:
        """The users the credentials may see, which may be the own one alone."""
        with self._lock:
            if self._users is None or anew:
                self._users = self._ask_users()
            return self._users

    def check_user(self, user: Account) -> None:
        """Ask whether a user still exists, after the server said that something does not.

        Raises `ConfigurationError` when it is the user.
        """
        with self._lock:
            there = self.users(anew=True)
            if user.id in {account.id for account in there}:
                return
            self._user = self._users = None
        raise ConfigurationError(
            f"The user {user.name!r} does not exist on the server any more.",
            server=self.server,
            next_step=f"Set `username` to one of: {self._names(there)}.",
        )

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

    def _find_user(self) -> Account:
        signed_in = self._signed_in()
        if signed_in is not None:
            return signed_in
        wanted = self.settings.username.strip()
        if not wanted:
            me = self._me()
            return me if me is not None else self._only(self.users())
        try:
            return self._named(wanted, self.users())
        except NotAllowedError:
            return self._named_by_id(wanted)

    def _signed_in(self) -> Account | None:
        if self.settings.key is not None:
            return None
        self.transport.headers()
        user = self.transport.signed_in
        return None if user is None else _account(user)

    def _me(self) -> Account | None:
        """The user a token belongs to; None for an API key, which belongs to nobody."""
        if not self.dialect.tells_whose_token:
            return None
        try:
            return _account(self.transport.get(("Users", "Me"), wire.User))
        except BadRequestError:
            return None

    def _ask_users(self) -> tuple[Account, ...]:
        try:
            listed = self.transport.get(("Users",), list[wire.User])
        except NotAllowedError:
            me = self._signed_in() or self._me()
            if me is None:
                raise
            return (me,)
        return tuple(account for user in listed if (account := _account(user)) is not None)

    def _named(self, wanted: str, users: tuple[Account, ...]) -> Account:
        for account in users:
            if wanted.replace("-", "").lower() == account.id.replace("-", "").lower():
                return account
        found = [account for account in users if account.name == wanted] or [
            account for account in users if account.name.casefold() == wanted.casefold()
        ]
        if found:
            return found[0]
        raise ConfigurationError(
            f"The server shows no user {wanted!r} to these credentials.",
            server=self.server,
            next_step=f"Set `username` to one of: {self._names(users)}.",
        )

    def _named_by_id(self, wanted: str) -> Account:
        """The user of a token that may list nobody, not even itself."""
        failure: SoulSyncError | None = None
        if self.dialect.is_id(wanted):
            try:
                found = _account(decode(self.transport.send("GET", ("Users", wanted)), wire.User))
            except (NotFoundError, NotAllowedError) as error:
                found, failure = None, error
            if found is not None:
                return found
        raise ConfigurationError(
            "The server does not tell to whom this token belongs.",
            server=self.server,
            next_step="Set `username` to the id of the user, or sign in with user name and password.",
        ) from failure

    def _only(self, users: tuple[Account, ...]) -> Account:
        if len(users) == 1:
            return users[0]
        if not users:
            raise ConfigurationError("The server has no users.", server=self.server)
        raise ConfigurationError(
            f"An API key belongs to no user, and the server has {len(users)}: {self._names(users)}.",
            server=self.server,
            next_step="Set `username` to the one whose libraries are meant.",
        )

    @staticmethod
    def _names(users: tuple[Account, ...]) -> str:
        return ", ".join(account.name for account in users)


def _account(user: wire.User) -> Account | None:
    if not user.id:
        return None
    admin = None if user.policy is None else user.policy.is_administrator
    return Account(id=user.id, name=user.name or user.id, admin=admin)
