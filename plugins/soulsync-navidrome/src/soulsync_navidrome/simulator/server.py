"""A whole simulated server: a personality, a library, users, and everything they can do."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from soulsync_engine.testing.scenarios import Scenario
from soulsync_engine.testing.simulator import Simulator
from soulsync_navidrome.simulator.browsing import Browsing
from soulsync_navidrome.simulator.gate import Gate
from soulsync_navidrome.simulator.library import Catalogue, Naming, from_scenario, generated
from soulsync_navidrome.simulator.native import Native
from soulsync_navidrome.simulator.personality import NAVIDROME, Personality
from soulsync_navidrome.simulator.state import SimulatedUser, State
from soulsync_navidrome.simulator.writing import Writing

ADMIN = "admin"
LISTENER = "listener"
PASSWORD = "correct horse ü"  # noqa: S105

Content = Callable[[Naming], Catalogue]
"""Makes what a server holds, with ids from the naming."""


class NavidromeSimulator(Simulator):
    """A Subsonic server on a loopback port; use it as a context manager, or `start` and `stop` it.

    It has two users with the same password, an admin and a listener. `tracks` makes a library of that many made-up
    tracks, `scenario` one of the kit, `content` any other, out of the way in which the server issues ids. Further
    parameters are those of `Simulator`.
    """

    def __init__(
        self,
        how: Personality = NAVIDROME,
        *,
        scenario: Scenario | None = None,
        tracks: int = 0,
        content: Content | None = None,
        prefix: str = "",
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(prefix=prefix, latency=latency, tls=tls)
        self.how = how
        self._naming = Naming(how.salt, uuids=how.uuids)
        made_up: Content = partial(from_scenario, scenario) if scenario else partial(generated, tracks)
        self._content = content or made_up
        self._gate = Gate(self, how, self._content(self._naming))
        for name, admin in ((ADMIN, True), (LISTENER, False)):
            self.state.users[name] = SimulatedUser(
                name=name, password=PASSWORD, admin=admin, api_key=f"key-of-{name}-5f1c"
            )
        Browsing(self._gate)
        Writing(self._gate)
        if how.native:
            Native(self._gate)
        else:
            self.absent("/auth/login")
            self.absent("/api/{rest...}")

    @property
    def state(self) -> State:
        """What users did to it."""
        return self._gate.state

    @property
    def catalogue(self) -> Catalogue:
        """What it holds."""
        return self._gate.catalogue

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of the Subsonic API that it has."""
        return tuple(self._gate.methods)

    def settings(self, user: str = ADMIN) -> dict[str, object]:
        """Settings of a server in a configuration that reach this one."""
        if self.how.api_keys:
            return {"base_url": self.base_url, "api_key": self.state.users[user].api_key}
        return {"base_url": self.base_url, "username": user, "password": PASSWORD}

    def change(self, scenario: Scenario) -> None:
        """Hold other content, as after a scan that has just ended."""
        with self._gate.lock:
            self._content = partial(from_scenario, scenario, known=self.catalogue)
            self._gate.hold(self._content(self._naming))
            self.state.last_scan = max(datetime.now(UTC), self.state.last_scan + timedelta(seconds=1))

    def become(self, how: Personality) -> None:
        """Be another version of the same server, with the same content under whatever ids it now issues."""
        with self._gate.lock:
            self.how = self._gate.how = replace(how, native=self.how.native)
            self._naming = Naming(how.salt, uuids=how.uuids)
            self._gate.hold(self._content(self._naming))
            self.state.last_scan += timedelta(seconds=1)
