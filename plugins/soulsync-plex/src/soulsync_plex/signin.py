"""Signing in with a code at plex.tv, and finding the way to the server that the account has.

Of the ways to a server those in the same network come first, then the ones from outside, then Plex's own relay; each
is tried, and must lead to the very server that plex.tv speaks of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import msgspec
import requests
from plexapi.exceptions import BadRequest, NotFound, PlexApiException, Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin, MyPlexResource

from soulsync_engine.errors import NotFoundError, UnavailableError
from soulsync_engine.http.address import normalise_base_url
from soulsync_engine.plugin import SignIn, SignInChallenge, SignInOutcome, SignInState
from soulsync_plex.wire import Envelope, Root

LINK_PAGE: Final = "https://plex.tv/link"
_PRODUCT: Final = "soulsync-engine"
_LIFETIME: Final = timedelta(minutes=15)
_TIMEOUT: Final = 10.0


class _Handle(msgspec.Struct, frozen=True):
    """What a later poll, perhaps in another process, needs to go on."""

    id: str
    code: str
    expires: float


class _PinLogin(MyPlexPinLogin):  # type: ignore[misc]
    """plexapi's sign-in by PIN, which can be taken up again and lets errors through."""

    def begin(self) -> tuple[str, str]:
        code = self._getCode()
        if not code or not self._id:
            raise BadRequest("plex.tv gave no code")
        return str(self._id), str(code)

    def ask(self, handle: _Handle) -> str | None:
        self._id, self._code = handle.id, handle.code
        return cast("str | None", self.token) if self._checkLogin() else None


class PlexSignIn(SignIn):
    """Sign in with a code of four letters. `settings` may hold the `base_url` of the server that is meant."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__(settings)
        self._requests: requests.Session | None = None

    def begin(self) -> SignInChallenge:
        """As in the contract."""
        login = _PinLogin(session=self._session(), requestTimeout=_TIMEOUT, headers=self._headers())
        with _translated():
            pin, code = login.begin()
        expires = datetime.now(UTC) + _LIFETIME
        handle = msgspec.json.encode(_Handle(id=pin, code=code, expires=expires.timestamp())).decode()
        return SignInChallenge(code=code, url=LINK_PAGE, expires_at=expires, handle=handle)

    def poll(self, challenge: SignInChallenge) -> SignInOutcome:
        """As in the contract. Done means that a way to the server was found too."""
        handle = msgspec.json.decode(challenge.handle, type=_Handle)
        if datetime.now(UTC).timestamp() >= handle.expires:
            return SignInOutcome(state=SignInState.EXPIRED)
        login = _PinLogin(session=self._session(), requestTimeout=_TIMEOUT, headers=self._headers())
        try:
            with _translated():
                token = login.ask(handle)
        except NotFoundError:
            return SignInOutcome(state=SignInState.EXPIRED)
        if token is None:
            return SignInOutcome(state=SignInState.PENDING)
        return SignInOutcome(state=SignInState.DONE, settings=self._server_of(token))

    def _server_of(self, token: str) -> dict[str, object]:
        """Address and token of the server meant, or else of the account's first one that answers, its own first."""
        with _translated():
            account = MyPlexAccount(token=token, session=self._session(), timeout=_TIMEOUT)
            servers = [one for one in account.resources() if "server" in (one.provides or "").split(",")]
        meant = self.settings.get("base_url")
        if isinstance(meant, str) and meant.strip():
            address = normalise_base_url(meant)
            found = self._identity(address)
            for server in servers:
                if found == server.clientIdentifier:
                    return {"base_url": address, "token": server.accessToken or token}
            raise NotFoundError(
                f"The account has no access to the server at {address}."
                if found
                else f"No Plex server answers at {address}.",
                next_step="Correct the address, or leave it out to have the server found.",
            )
        for server in sorted(servers, key=lambda one: not one.owned):
            way = self._way_to(server)
            if way is not None:
                return {"base_url": way, "token": server.accessToken or token}
        names = ", ".join(repr(server.name) for server in servers)
        raise NotFoundError(
            f"None of the account's servers answers ({names})." if names else "The account has no server.",
            next_step="Start the server, or give its address.",
        )

    def _way_to(self, server: MyPlexResource) -> str | None:
        for address in server.preferred_connections():
            if self._identity(address) == server.clientIdentifier:
                return str(address)
        return None

    def _identity(self, address: str) -> str | None:
        """The id of the server at an address, None where none answers. It is asked without a token."""
        try:
            response = self._session().get(
                f"{address}/identity",
                headers={"Accept": "application/json"},
                timeout=_TIMEOUT / 2,
                allow_redirects=False,
            )
            found = msgspec.json.decode(response.content, type=Envelope[Root], strict=False)
        except (requests.RequestException, ValueError):
            return None
        return found.MediaContainer.machineIdentifier

    def _headers(self) -> dict[str, str]:
        return {
            "X-Plex-Product": _PRODUCT,
            "X-Plex-Device-Name": _PRODUCT,
            "X-Plex-Client-Identifier": f"{_PRODUCT}-sign-in",
        }

    def _session(self) -> requests.Session:
        if self._requests is None:
            self._requests = requests.Session()
        return self._requests


class _translated:  # noqa: N801 - used as a statement
    """plexapi's errors, which quote addresses and bodies, as the engine's own."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NotFound) or (isinstance(error, BadRequest) and str(error).startswith("(404)")):
            raise NotFoundError(
                "plex.tv does not know the code any more.", next_step="Begin again."
            ) from None
        if isinstance(error, Unauthorized):
            raise NotFoundError("plex.tv does not accept the sign-in.", next_step="Begin again.") from None
        if isinstance(error, PlexApiException | requests.RequestException):
            raise UnavailableError(
                "plex.tv cannot be reached, or does not answer as it should.",
                next_step="Check the connection to the internet, then try again.",
            ) from None
