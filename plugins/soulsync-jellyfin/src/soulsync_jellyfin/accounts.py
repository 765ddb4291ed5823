"""Who is asking: the user that credentials belong to or the settings name, and the users there are."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock

from soulsync_engine.errors import ConfigurationError, NotAllowedError, NotFoundError, SoulSyncError
from soulsync_engine.http import BadRequestError, decode
from soulsync_engine.models import Scope
from soulsync_jellyfin import wire
from soulsync_jellyfin.transport import JellyfinTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the server. `admin` is None where the server does not say."""

    id: str
    name: str
    admin: bool | None = None


class Accounts:
    """The users of one server. Only what was found is remembered, no failure. Thread-safe."""

    def __init__(self, transport: JellyfinTransport) -> None:
        self.server = transport.server
        self.dialect = transport.dialect
        self.settings = transport.settings
        self.transport = transport
        self._user: Account | None = None
        self._users: tuple[Account, ...] | None = None
        self._lock = RLock()

    def presume(self, user: Account | None) -> None:
        """Take a user for the one that is meant; with None it is to be found out anew."""
        with self._lock:
            self._user, self._users = user, None

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

    def nobodys(self) -> bool:
        """Whether the credentials are, or may be, an API key, which belongs to no user."""
        return self._signed_in() is None and self._me() is None

    def check(self, user: Account) -> None:
        """Ask whether a user still exists, after the server said that something does not.

        Raises `ConfigurationError` when it is the user.
        """
        with self._lock:
            try:
                there = self.users(anew=True)
            except NotAllowedError:
                # Who may list nobody, not even itself, is not told; what was not there stays the whole answer.
                return
            if user.id in {account.id for account in there}:
                return
            self._user = self._users = None
        raise ConfigurationError(
            f"The user {user.name!r} does not exist on the server any more.",
            server=self.server,
            next_step=f"Set `username` to one of: {self._names(there)}.",
        )

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
            # Not in Emby's description any more, but what Emby's own add-on for Kodi asks.
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
