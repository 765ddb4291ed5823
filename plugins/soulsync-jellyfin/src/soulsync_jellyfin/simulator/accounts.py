"""Users, tokens, and who asks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Final
from urllib.parse import unquote

from soulsync_engine.testing.simulator import SimulatedRequest
from soulsync_jellyfin.simulator.personality import Personality

_PAIR: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')


@dataclass(slots=True, kw_only=True)
class User:
    """A user. `libraries` are the ids of the libraries the user may see, None for all."""

    name: str
    password: str = ""
    admin: bool = False
    disabled: bool = False
    libraries: frozenset[str] | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.id = md5(f"user {self.name}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a user, or an API key, which belongs to none and may do what an administrator may [S]."""

    user: User | None = None

    @property
    def admin(self) -> bool:
        """Whether the caller may do what only administrators may."""
        return self.user is None or self.user.admin

    @property
    def is_key(self) -> bool:
        """Whether the caller is an API key."""
        return self.user is None


class Accounts:
    """The users of one server and the tokens it gave."""

    def __init__(self, personality: Personality) -> None:
        self._personality = personality
        self.users: dict[str, User] = {}
        self.api_key = secrets.token_hex(16)
        self._tokens: dict[str, str] = {}
        anna = User(name="anna", password="anna's secret", admin=True)  # noqa: S106
        for user in (anna, User(name="ben")):
            self.users[user.id] = user

    def become(self, personality: Personality) -> None:
        """Go on with the rules of another version."""
        self._personality = personality

    def named(self, name: str) -> User:
        """The user of that name."""
        return next(user for user in self.users.values() if user.name == name)

    def add(self, user: User) -> User:
        """Add a user."""
        self.users[user.id] = user
        return user

    def token(self, user: User) -> str:
        """A new token of a user."""
        token = secrets.token_hex(16)
        self._tokens[token] = user.id
        return token

    def revoke(self) -> None:
        """Let every token expire."""
        self._tokens.clear()

    def login(self, request: SimulatedRequest, name: str, password: str) -> User | int:
        """The user, or the status of the refusal: no device 400, wrong password 401, disabled 403 [A 2.11, 2.13]."""
        if not self._identity(request).get("DeviceId"):
            return 400
        user = next((user for user in self.users.values() if user.name.lower() == name.lower()), None)
        if user is None or user.password != password:
            return 401
        return 403 if user.disabled else user

    def caller(self, request: SimulatedRequest) -> Caller | None:
        """Who asks, None without a token that is accepted."""
        token = self._token(request)
        if token is None:
            return None
        if secrets.compare_digest(token.encode(), self.api_key.encode()):
            return Caller()
        user = self.users.get(self._tokens.get(token, ""))
        return None if user is None else Caller(user=user)

    def identified(self, request: SimulatedRequest) -> bool:
        """Whether the client said which device it is."""
        return bool(self._identity(request).get("DeviceId"))

    def _identity(self, request: SimulatedRequest) -> Mapping[str, str]:
        if self._personality.emby:
            return _pairs(request.headers.get("x-emby-authorization", ""), ("Emby", "MediaBrowser"))
        found = _pairs(request.headers.get("authorization", ""), self._schemes())
        if not found and self._personality.legacy_auth:
            found = _pairs(request.headers.get("x-emby-authorization", ""), self._schemes())
        return found

    def _token(self, request: SimulatedRequest) -> str | None:
        """In the server's order; what 12.0 and Emby do not take is not looked at [A 2.4, 2.12, S]."""
        headers = request.headers
        if self._personality.emby:
            return headers.get("x-emby-token") or request.value("api_key")
        token = self._identity(request).get("Token")
        if token:
            return token
        if self._personality.legacy_auth:
            for name in ("x-emby-token", "x-mediabrowser-token"):
                if headers.get(name):
                    return headers[name]
        key = request.value("ApiKey")
        if key is None and self._personality.legacy_auth:
            key = request.value("api_key")
        return key

    def _schemes(self) -> tuple[str, ...]:
        return ("MediaBrowser", "Emby") if self._personality.legacy_auth else ("MediaBrowser",)


def _pairs(header: str, schemes: tuple[str, ...]) -> Mapping[str, str]:
    """Names are case-sensitive, values quoted or bare, URL-encoded or not [A 2.12]."""
    scheme, _, rest = header.partition(" ")
    if scheme not in schemes:
        return {}
    return {name: unquote(quoted or bare) for name, quoted, bare in _PAIR.findall(rest)}
