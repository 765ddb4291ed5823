"""A simulated plex.tv: codes to confirm, the account and its servers. And a way to send a client there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter

from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator
from soulsync_plex.simulator.rendering import element
from soulsync_plex.simulator.rows import Row

ACCOUNT_TOKEN = "simulated-account-token-77aa"  # noqa: S105


_USER: Row = {
    "id": 1,
    "uuid": "a1",
    "username": "ada",
    "title": "ada",
    "authToken": ACCOUNT_TOKEN,
    "scrobbleTypes": "",
    "subscription": [{"active": True, "features": []}],
    "profile": [{"autoSelectAudio": True}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An address at which a server may be reached."""

    uri: str
    local: bool = False
    relay: bool = False

    def row(self) -> Row:
        """As plex.tv lists it."""
        scheme, _, rest = self.uri.partition("://")
        host, _, port = rest.partition(":")
        return {
            "protocol": scheme,
            "address": host,
            "port": int(port or 32400),
            "uri": self.uri,
            "local": self.local,
            "relay": self.relay,
            "IPv6": False,
        }


@dataclass(slots=True, kw_only=True)
class ListedServer:
    """A server of the account."""

    name: str
    machine_id: str
    token: str
    ways: list[Way]
    owned: bool = True
    provides: str = "server"


@dataclass(slots=True)
class _Pin:
    code: str
    confirmed: bool = False


@dataclass(slots=True)
class _State:
    pins: dict[str, _Pin] = field(default_factory=dict)
    servers: list[ListedServer] = field(default_factory=list)


class PlexTvSimulator(Simulator):
    """The parts of plex.tv that signing in needs. `confirm` is what a person does with a code."""

    def __init__(self) -> None:
        super().__init__()
        self._state = _State()
        numbers = itertools.count(9001)
        state = self._state

        @self.route("POST", "/api/v2/pins", query=("strong",))
        def begin(request: SimulatedRequest) -> Answer:
            number = next(numbers)
            state.pins[str(number)] = _Pin(code=f"A{number}")
            return _xml("pin", {"id": number, "code": f"A{number}", "expiresIn": 900})

        @self.route("GET", "/api/v2/pins/{pin}")
        def ask(request: SimulatedRequest) -> Answer:
            pin = state.pins.get(request.path_values["pin"])
            if pin is None:
                return Answer(status=404, body=b"<errors/>", content_type="application/xml")
            token = ACCOUNT_TOKEN if pin.confirmed else ""
            return _xml("pin", {"id": request.path_values["pin"], "code": pin.code, "authToken": token})

        @self.route("GET", "/api/v2/user")
        def user(request: SimulatedRequest) -> Answer:
            if request.headers.get("x-plex-token") != ACCOUNT_TOKEN:
                return Answer(status=401, body=b"<errors/>", content_type="application/xml")
            return _xml("user", _USER)

        @self.route("GET", "/api/v2/resources", query=("includeHttps", "includeRelay", "includeIPv6"))
        def resources(request: SimulatedRequest) -> Answer:
            return _xml("resources", {"resource": [_listed(server) for server in state.servers]})

    @property
    def servers(self) -> list[ListedServer]:
        """The servers of the account, to be added to."""
        return self._state.servers

    def confirm(self, code: str) -> None:
        """Confirm a code, as a person does at plex.tv/link."""
        next(pin for pin in self._state.pins.values() if pin.code == code).confirmed = True

    def forget_pins(self) -> None:
        """Let all codes expire."""
        self._state.pins.clear()

    def session(self) -> requests.Session:
        """A session whose requests to https://plex.tv come here."""
        session = requests.Session()
        session.mount("https://plex.tv/", _Redirecting(self.base_url))
        return session


class _Redirecting(HTTPAdapter):
    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        request.url = (request.url or "").replace("https://plex.tv", self._target, 1)
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]


def _listed(server: ListedServer) -> Row:
    return {
        "name": server.name,
        "product": "Plex Media Server",
        "provides": server.provides,
        "clientIdentifier": server.machine_id,
        "accessToken": server.token,
        "owned": server.owned,
        "presence": True,
        "connections": [{"connection": [way.row() for way in server.ways]}],
    }


def _xml(tag: str, content: Row) -> Answer:
    return Answer(body=element(tag, content), content_type="application/xml; charset=utf-8")
