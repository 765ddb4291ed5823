"""A simulated plex.tv: codes to confirm, the account with its servers, its home and its friends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator
from soulsync_plex.simulator.rendering import element
from soulsync_plex.simulator.rows import Row

ACCOUNT_TOKEN = "simulated-account-token-77aa"  # noqa: S105


_USER: Row = {
    "id": 1,
    "uuid": "a1",
    "username": "ada",
    "title": "ada",
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


@dataclass(slots=True, kw_only=True)
class ListedUser:
    """A member of the account's home, or a friend. `shares` are the ids of the servers that this user may use."""

    id: int
    name: str
    shares: tuple[str, ...] = ()
    home: bool = False
    pending: bool = False


@dataclass(slots=True)
class _Pin:
    code: str
    confirmed: bool = False


@dataclass(slots=True)
class _State:
    pins: dict[str, _Pin] = field(default_factory=dict)
    servers: list[ListedServer] = field(default_factory=list)
    users: list[ListedUser] = field(default_factory=list)


class PlexTvSimulator(Simulator):
    """The parts of plex.tv that signing in and the list of users need. `confirm` is what a person does with a code.

    `token` is the account's own; a server's owner may show the server's token too, as plex.tv allows.
    """

    def __init__(self, *, token: str = ACCOUNT_TOKEN) -> None:
        super().__init__()
        self.token = token
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
            token = self.token if pin.confirmed else ""
            return _xml("pin", {"id": request.path_values["pin"], "code": pin.code, "authToken": token})

        @self.route("GET", "/api/v2/user")
        def user(request: SimulatedRequest) -> Answer:
            return self._admitted(request) or _xml("user", {**_USER, "authToken": self.token})

        @self.route("GET", "/api/v2/resources", query=("includeHttps", "includeRelay", "includeIPv6"))
        def resources(request: SimulatedRequest) -> Answer:
            listed = [_listed(server) for server in state.servers]
            return self._admitted(request) or _xml("resources", {"resource": listed})

        @self.route("GET", "/api/users/")
        def users(request: SimulatedRequest) -> Answer:
            listed = [_listed_user(user) for user in state.users]
            return self._admitted(request) or _xml("MediaContainer", {"size": len(listed), "User": listed})

    @property
    def servers(self) -> list[ListedServer]:
        """The servers of the account, to be added to."""
        return self._state.servers

    @property
    def users(self) -> list[ListedUser]:
        """The members of the account's home and its friends, without the account itself, to be added to."""
        return self._state.users

    def confirm(self, code: str) -> None:
        """Confirm a code, as a person does at plex.tv/link."""
        next(pin for pin in self._state.pins.values() if pin.code == code).confirmed = True

    def forget_pins(self) -> None:
        """Let all codes expire."""
        self._state.pins.clear()

    def _admitted(self, request: SimulatedRequest) -> Answer | None:
        """The refusal of a token that is not the account's."""
        if request.headers.get("x-plex-token") == self.token:
            return None
        return Answer(status=401, body=b"<errors/>", content_type="application/xml")


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


def _listed_user(user: ListedUser) -> Row:
    return {
        "id": user.id,
        "title": user.name,
        "username": "" if user.home else user.name,
        "email": "" if user.home else f"{user.name}@example.org",
        "home": user.home,
        "restricted": user.home,
        "protected": False,
        "Server": [
            {
                "id": 100 * user.id + number,
                "serverId": number,
                "machineIdentifier": machine_id,
                "name": "home",
                "numLibraries": 1,
                "allLibraries": False,
                "owned": True,
                "pending": user.pending,
            }
            for number, machine_id in enumerate(user.shares, start=1)
        ],
    }


def _xml(tag: str, content: Row) -> Answer:
    return Answer(body=element(tag, content), content_type="application/xml; charset=utf-8")
