"""Signing in with a code at plex.tv, and finding the way to the server that the account has.

Of the ways to a server those in the same network come first, then the ones from outside, then Plex's own relay; each
is tried, and must lead to the very server that plex.tv speaks of.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from plexapi.myplex import MyPlexResource

from soulsync_engine.errors import ConflictError, NotFoundError, SoulSyncError
from soulsync_engine.http import HttpSettings, HttpTransport, RetryPolicy, decoder_of
from soulsync_engine.http.address import normalise_base_url
from soulsync_engine.plugin import SignIn, SignInChallenge, SignInOutcome, SignInState
from soulsync_plex.decoding import read
from soulsync_plex.identity import PRODUCT
from soulsync_plex.plextv import PlexTv
from soulsync_plex.settings import PLEX_TV
from soulsync_plex.wire import Root

LINK_PAGE: Final = "https://plex.tv/link"
_LIFETIME: Final = timedelta(minutes=15)
_TIMEOUT: Final = 5.0
_TRIED_AT_ONCE: Final = 8
_LARGEST_IDENTITY: Final = 64 * 1024

_log: Final = logging.getLogger(__name__)


class _Handle(msgspec.Struct, frozen=True):
    """What a later poll, perhaps in another process, needs to go on."""

    id: str
    code: str
    client: str
    expires: float


class PlexSignIn(SignIn):
    """Sign in with a code of four letters.

    `settings` may hold the `base_url` of the server that is meant, and how to check its certificate (`verify`).
    """

    def begin(self) -> SignInChallenge:
        """As in the contract."""
        # plex.tv wants an identifier that no other client has. The number of a PIN can be guessed, this cannot.
        client = f"{PRODUCT}-{secrets.token_hex(16)}"
        with self._plex_tv(client) as plex_tv:
            pin, code = plex_tv.begin_pin()
        expires = datetime.now(UTC) + _LIFETIME
        handle = _Handle(id=pin, code=code, client=client, expires=expires.timestamp())
        return SignInChallenge(
            code=code, url=LINK_PAGE, expires_at=expires, handle=msgspec.json.encode(handle).decode()
        )

    def poll(self, challenge: SignInChallenge) -> SignInOutcome:
        """As in the contract. Done means that a way to the server was found too."""
        handle = _handle_of(challenge)
        if datetime.now(UTC).timestamp() >= handle.expires:
            return SignInOutcome(state=SignInState.EXPIRED)
        with self._plex_tv(handle.client) as plex_tv:
            try:
                token = plex_tv.token_of_pin(handle.id, handle.code)
            except NotFoundError:
                return SignInOutcome(state=SignInState.EXPIRED)
            if token is None:
                return SignInOutcome(state=SignInState.PENDING)
            return SignInOutcome(
                state=SignInState.DONE, settings=self._server_of(token, plex_tv.servers(token))
            )

    def _server_of(self, token: str, servers: Sequence[MyPlexResource]) -> dict[str, object]:
        """Address and token of the server meant, or else of the account's first one that answers, its own first."""
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
        """The best way that leads to the server. They are tried at once, since dead ones take their time."""
        ways = _ways(server)
        with ThreadPoolExecutor(_TRIED_AT_ONCE, thread_name_prefix="soulsync-plex-way") as pool:
            found = list(pool.map(self._identity, ways))
        return next(
            (way for way, identity in zip(ways, found, strict=True) if identity == server.clientIdentifier),
            None,
        )

    def _identity(self, address: str) -> str | None:
        """The id of the server at an address, None where none answers. It is asked without a token."""
        try:
            settings = HttpSettings.model_validate(
                {"base_url": address, "timeout": _TIMEOUT, "verify": self.settings.get("verify", True)}
            )
        except ValueError:
            return None
        transport = HttpTransport(
            settings, server=address, log=_log, max_bytes=_LARGEST_IDENTITY, policy=RetryPolicy(attempts=1)
        )
        try:
            return read(transport.request("GET", "/identity"), Root).machineIdentifier
        except SoulSyncError:
            return None
        finally:
            transport.close()

    def _plex_tv(self, client: str) -> PlexTv:
        address = str(self.settings.get("account_url") or PLEX_TV)
        return PlexTv(address, client=client, server="plex.tv", log=_log)


def _handle_of(challenge: SignInChallenge) -> _Handle:
    try:
        return decoder_of(_Handle).decode(challenge.handle)
    except msgspec.DecodeError:
        failure = ConflictError(
            "The handle of this sign-in is not one that the Plex backend gave.",
            next_step="Begin to sign in anew.",
        )
    # It is a secret, which the cause would quote.
    raise failure


def _ways(server: MyPlexResource) -> list[str]:
    """The addresses of a server, the best first.

    From outside only those that plex.tv itself names, and not the unencrypted ones that could be made of them: the
    token goes along with every request.
    """
    ways = [
        *server.preferred_connections(locations=["local"]),
        *server.preferred_connections(locations=["remote", "relay"], schemes=["https"]),
    ]
    return list(dict.fromkeys(str(way) for way in ways))
