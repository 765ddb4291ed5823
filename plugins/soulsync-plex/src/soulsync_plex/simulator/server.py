"""The simulated Plex Media Server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence

from soulsync_engine.testing.scenarios import Scenario, empty
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator
from soulsync_plex.simulator import activity, editing, library, media, playlists, watching
from soulsync_plex.simulator.answers import refusal
from soulsync_plex.simulator.listings import Listings
from soulsync_plex.simulator.personality import CURRENT, Personality
from soulsync_plex.simulator.rendering import container
from soulsync_plex.simulator.rows import Row
from soulsync_plex.simulator.state import ServerState, SimulatedAccount

TOKEN = "simulated-plex-token-8c1f"  # noqa: S105

NO_PLEX_TV = "http://127.0.0.1:9"
"""Where nothing listens. A simulated plex.tv is one of its own."""

_HEADERS = ("X-Plex-Token", "X-Plex-Container-Start", "X-Plex-Container-Size", "X-Plex-Client-Identifier")

Handler = Callable[[SimulatedRequest, SimulatedAccount], Answer]


class PlexSimulator(Simulator):
    """A Plex Media Server on a loopback port.

    What a personality does is in `personality`. `state` is open to tests: they change the library through
    `state.catalogue`, add accounts, and look at what was stored. `state.devices` are names by number. Tokens in
    addresses are noted in `tokens_in_addresses`.
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        personality: Personality = CURRENT,
        token: str = TOKEN,
        prefix: str = "",
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(prefix=prefix, always=_HEADERS, latency=latency, tls=tls)
        self.personality = personality
        self.token = token
        self.state = ServerState(personality, token)
        self.listings = Listings(self.state)
        self.state.catalogue.load(scenario or empty())
        self.tokens_in_addresses: list[str] = []
        for part in (watching, media, editing, playlists, activity, library):
            part.add_routes(self)

    def settings(self) -> dict[str, object]:
        """The settings that reach this server, and no plex.tv."""
        return {"base_url": self.base_url, "token": self.token, "account_url": NO_PLEX_TV}

    def change(self, scenario: Scenario) -> None:
        """Hold other content, at once."""
        with self.state.changed:
            self.state.catalogue.load(scenario)
            self.state.changed.notify_all()

    def end_notifications(self) -> None:
        """End the connections of all who listen to notifications."""
        with self.state.changed:
            self.state.notified += 1
            self.state.changed.notify_all()

    def add_account(
        self, name: str, token: str, *, sections: Iterable[str] | None = None
    ) -> SimulatedAccount:
        """Share the server with somebody, in whole or some sections of it."""
        account = SimulatedAccount(
            id=len(self.state.accounts) + 1,
            name=name,
            token=token,
            sections=None if sections is None else frozenset(sections),
        )
        self.state.accounts.append(account)
        return account

    def serve(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[str] = (),
        required: Iterable[str] = (),
        body: bool = False,
        owner: bool = False,
    ) -> Callable[[Handler], Handler]:
        """As `route`, for what needs a token; with `owner`, that of the server's owner."""

        def register(handler: Handler) -> Handler:
            @self.route(method, path, query=query, required=required, body=body)
            def admitted(request: SimulatedRequest) -> Answer:
                if any(name == "X-Plex-Token" for name, _ in request.query):
                    self.tokens_in_addresses.append(request.path)
                token = request.headers.get("x-plex-token") or request.value("X-Plex-Token")
                account = self.state.account(token)
                if account is None:
                    return refusal(401, "Unauthorized")
                if owner and not account.owner:
                    return refusal(403, "Forbidden")
                with self.state.lock:
                    return handler(request, account)

            return handler

        return register

    def container(self, request: SimulatedRequest, content: Row) -> Answer:
        """A `MediaContainer` as this personality sends it."""
        return container(request, content, speaks_json=self.personality.speaks_json)

    def page(
        self,
        request: SimulatedRequest,
        rows: Sequence[Row],
        *,
        shape: Callable[[Row], Row] | None = None,
        **more: object,
    ) -> Answer:
        """The part of the rows that was asked for, each in the shape it is sent in."""
        size = _header(request, "X-Plex-Container-Size")
        start = (_header(request, "X-Plex-Container-Start") or 0) if size is not None else 0
        part = list(rows if size is None else rows[start : start + size])
        place: Row = {"size": len(part)}
        if size is not None:
            place.update(totalSize=len(rows), offset=start)
        return self.container(
            request, {**place, **more, "Metadata": [shape(row) for row in part] if shape else part}
        )


def _header(request: SimulatedRequest, name: str) -> int | None:
    text = request.headers.get(name.lower()) or request.value(name)
    return int(text) if text and text.isdigit() else None
