"""The simulated server: routes behind authentication, with every answer shown to whoever checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from soulsync_engine.testing.scenarios import Scenario
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator
from soulsync_jellyfin.simulator import activity, administration, items, lists, media, playlists, welcome
from soulsync_jellyfin.simulator.accounts import Caller, User
from soulsync_jellyfin.simulator.personality import JELLYFIN_10_11, Credentials, Personality
from soulsync_jellyfin.simulator.querying import BadValueError, Parameters
from soulsync_jellyfin.simulator.routes import Call, Refusal, Routes
from soulsync_jellyfin.simulator.state import State

Check = Callable[[str, str, Answer], None]
"""Method, path of the route, answer. Raises `AssertionError` for an answer the real server would not give."""


class JellyfinSimulator(Simulator):
    """A Jellyfin or Emby server on a loopback port. Use it as a context manager, or `start` and `stop` it.

    `check` is called with every answer.
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        personality: Personality = JELLYFIN_10_11,
        check: Check | None = None,
        prefix: str = "",
        latency: float = 0.0,
    ) -> None:
        super().__init__(prefix=prefix, always=("ApiKey", "api_key"), ignore_case=True, latency=latency)
        self.state = State(personality)
        self.declared: list[tuple[str, str, frozenset[str]]] = []
        """The routes and the parameters each takes."""
        self._check = check
        if scenario is not None:
            self.state.catalogue.scan(scenario)
        for module in (welcome, lists, items, playlists, activity, administration, media):
            module.register(Routes(self._add, self.state))

    @property
    def personality(self) -> Personality:
        """What kind of server it is."""
        return self.state.personality

    def upgrade(self, personality: Personality) -> None:
        """Become another version, as after an upgrade, with all that is stored."""
        with self.state.lock:
            self.state.personality = personality
            self.state.accounts.become(personality)

    def settings(self, credentials: Credentials = Credentials.ADMIN_KEY) -> dict[str, object]:
        """Settings that reach the server."""
        accounts = self.state.accounts
        base: dict[str, object] = {"base_url": self.base_url}
        if credentials is Credentials.ADMIN_KEY:
            return {**base, "api_key": accounts.api_key, "username": "anna"}
        if credentials is Credentials.PASSWORD:
            return {**base, "username": "anna", "password": accounts.named("anna").password}
        user = accounts.named("ben" if credentials is Credentials.USER_TOKEN else "anna")
        who = {"username": user.id} if self.personality.emby else {}
        return {**base, "api_key": accounts.token(user), **who}

    def change(self, scenario: Scenario) -> None:
        """The files changed and the server scanned them."""
        with self.state.lock:
            self.state.catalogue.scan(scenario, now=self.state.now())
            for playlist in self.state.playlists.values():
                playlist.entries = [
                    entry for entry in playlist.entries if entry[1] in self.state.catalogue.items
                ]

    def tell(self, message: str) -> None:
        """Send a message to everybody who listens on the websocket."""
        for listener in tuple(self.state.listeners):
            listener(message)

    def start(self) -> Self:
        """Listen on a free port."""
        super().start()
        return self

    def _add(
        self,
        method: str,
        path: str,
        handler: Callable[[Call], Answer],
        query: Iterable[str],
        *,
        secured: bool,
        admin: bool,
        body: bool,
    ) -> None:
        def handle(request: SimulatedRequest) -> Answer:
            answer = self._authorised(request, handler, secured=secured, admin=admin)
            # On all of them [A 1.9].
            answer = replace(answer, headers={**answer.headers, "X-Response-Time-ms": "1.0000"})
            if self._check is not None:
                self._check(method, path, answer)
            return answer

        self.declared.append((method, path, frozenset(query)))
        # One slash at the end is tolerated, two are not [A 1.15].
        # A client that names a type for the body it does not send is let in, as the real server does.
        form = () if method == "GET" else None
        for each in (path, f"{path}/"):
            self.route(method, each, query=query, form=form, body=body)(handle)

    def _authorised(
        self, request: SimulatedRequest, handler: Callable[[Call], Answer], *, secured: bool, admin: bool
    ) -> Answer:
        with self.state.lock:
            caller = self.state.accounts.caller(request)
            if secured and caller is None:
                if self.personality.emby:
                    # AuthService throws it, the listener writes the text of what is thrown [G].
                    return Answer(
                        status=401, body=b"Access token is invalid or expired.", content_type="text/plain"
                    )
                # No body and no WWW-Authenticate [A 1.11].
                return Answer(status=401, content_type=None)
            if admin and (caller is None or not caller.admin):
                return Answer(status=403, content_type=None)
            params = Parameters(request, self.state.personality.emby)
            try:
                return handler(Call(request, params, caller or Caller(user=_nobody()), self.state))
            except BadValueError as error:
                return error.answer()
            except Refusal as refusal:
                return refusal.answer


def _nobody() -> User:
    return User(name="nobody")
