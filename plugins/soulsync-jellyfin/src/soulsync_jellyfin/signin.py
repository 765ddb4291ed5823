"""Quick Connect: a code that is confirmed where one is signed in already."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from soulsync_engine.capabilities import Support
from soulsync_engine.errors import UnavailableError, UnsupportedError
from soulsync_engine.http import decode
from soulsync_engine.signin import SignIn, SignInChallenge, SignInOutcome, SignInState
from soulsync_jellyfin import wire
from soulsync_jellyfin.dialect import JELLYFIN
from soulsync_jellyfin.failures import checked
from soulsync_jellyfin.settings import JellyfinSettings
from soulsync_jellyfin.transport import JellyfinTransport

_LIFETIME: Final = timedelta(minutes=10)
"""How long a server keeps a request that nobody confirms."""

_NOT_YET_KNOWN: Final = "-"


class QuickConnect(SignIn):
    """Begin, have the code confirmed, poll. Of the settings known so far it needs `base_url`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__(settings)
        known = {
            name: value for name, value in settings.items() if name not in ("api_key", "username", "password")
        }
        # The settings of a server ask for credentials, which are what is to be gained here.
        validated = JellyfinSettings.model_validate({**known, "api_key": _NOT_YET_KNOWN})
        self._transport = JellyfinTransport(
            validated, JELLYFIN, server="sign-in", log=logging.getLogger("soulsync_engine.signin.jellyfin")
        )

    def begin(self) -> SignInChallenge:
        """Ask for a code. `UnsupportedError` where the server has Quick Connect switched off."""
        enabled = decode(checked(self._transport.anonymous("GET", ("QuickConnect", "Enabled"))), bool)
        if not enabled:
            raise UnsupportedError(
                "Quick Connect is switched off on the server.",
                operation="sign_in",
                support=Support.server_cannot("an administrator has to switch Quick Connect on"),
                next_step="Switch it on in the server's dashboard, or use an API key or a password.",
            )
        answer = self._transport.anonymous("POST", ("QuickConnect", "Initiate"))
        begun = decode(checked(answer), wire.QuickConnect)
        if not begun.code or not begun.secret:
            raise UnavailableError("The server gave no code.", next_step="Try again.")
        return SignInChallenge(
            code=begun.code,
            url=f"{self._transport.http.base_url}/web/#/quickconnect",
            expires_at=(answer.date or datetime.now(UTC)) + _LIFETIME,
            handle=begun.secret,
        )

    def poll(self, challenge: SignInChallenge) -> SignInOutcome:
        """Ask once; a code the server has forgotten is expired."""
        answer = self._transport.anonymous(
            "GET", ("QuickConnect", "Connect"), params={"secret": challenge.handle}
        )
        if answer.status == 404:
            return SignInOutcome(state=SignInState.EXPIRED)
        if not decode(checked(answer), wire.QuickConnect).authenticated:
            return SignInOutcome(state=SignInState.PENDING)
        answer = self._transport.anonymous(
            "POST", ("Users", "AuthenticateWithQuickConnect"), json={"Secret": challenge.handle}
        )
        if answer.status in (400, 404):
            return SignInOutcome(state=SignInState.EXPIRED)
        result = decode(checked(answer), wire.AuthenticationResult)
        if not result.access_token:
            raise UnavailableError(
                "The server confirmed the code but gave no token.", next_step="Begin anew."
            )
        return SignInOutcome(
            state=SignInState.DONE, settings={**self._kept(), "api_key": result.access_token}
        )

    def _kept(self) -> dict[str, object]:
        return {name: value for name, value in self.settings.items() if name not in ("username", "password")}
