"""The group contract: the shape of the client class, and that building one does nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from soulsync_engine.bus import signature_problems
from soulsync_engine.capabilities import Capability, Grade
from soulsync_engine.contract import OPERATIONS, MediaServerClient
from soulsync_engine.errors import SoulSyncError
from soulsync_engine.models import EVERYTHING, Item, ServerInfo, ServerState
from soulsync_engine.testing.conformance.kit import SERVER, Kit
from soulsync_engine.testing.scenarios import empty, small

_CONSTRUCTION = """
import importlib, json, logging, pathlib, sys
sys.path[:] = json.loads(sys.argv[1])
client_path, settings_path, data_dir = sys.argv[2:5]
settings = json.loads(sys.argv[5])
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(("socket.connect", "socket.getaddrinfo",
    "socket.gethostby", "socket.sendto", "subprocess.")) else None)
def load(path):
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
from soulsync_engine.contract import ServerContext
client_class, settings_class = load(client_path), load(settings_path)
client_class(ServerContext(server="kit", settings=settings_class.model_validate(settings),
    data_dir=pathlib.Path(data_dir), log=logging.getLogger("kit")))
print(json.dumps(sorted(set(seen))))
"""


class Contract:
    """Tests of the client class."""

    def test_every_signature_is_the_contracts(self, kit: Kit) -> None:
        """Each operation takes parameters of the contract, all ordinary and without defaults.

        The engine calls by keyword through pluggy. Troubleshooting: copy the signature from `MediaServerClient`; you
        may leave out parameters you do not need.
        """
        assert signature_problems(kit.loaded.client_class) == []

    def test_clients_are_compared_by_identity(self, kit: Kit) -> None:
        """Two clients are never equal, and a client can be hashed.

        pluggy takes equal objects for one plugin. Troubleshooting: do not make the client a dataclass with equality.
        """
        client_class = kit.loaded.client_class
        assert client_class.__eq__ is object.__eq__
        assert client_class.__hash__ is object.__hash__

    def test_building_a_client_touches_nothing(self, kit: Kit) -> None:
        """Importing and constructing the client opens no connection, starts no process and writes no file.

        Hosts build all clients at start-up. Troubleshooting: connect in `connect`, or at the first request.
        """
        seed = kit.seed(empty())
        data_dir = seed.folder / "never made"
        spec = kit.loaded.spec
        result = subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-c", _CONSTRUCTION, json.dumps(sys.path), spec.client, spec.settings),
                *(str(data_dir), json.dumps(dict(seed.settings), default=str)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout) == []
        assert not data_dir.exists()

    def test_what_is_declared_is_known_to_the_contract(self, kit: Kit) -> None:
        """`limitations`, `claims` and `narrow` name operations of the contract, and every refusal has a reason.

        Hosts show the reason. Troubleshooting: look for a misspelt operation name.
        """
        client_class = kit.loaded.client_class
        assert set(client_class.limitations) <= set(OPERATIONS)
        assert client_class.claims <= {name for name, entry in OPERATIONS.items() if entry.dangerous}
        client = kit.client(kit.seed(empty()))
        client.connect()
        narrowed = client.narrow()
        assert set(narrowed) <= set(OPERATIONS)
        for name, support in {**client_class.limitations, **narrowed}.items():
            assert support.grade is not Grade.FULL, f"{name} is listed as a limitation but full"
            assert support.reason.strip(), f"{name} is refused without a reason"
            assert OPERATIONS[name].capability is not Capability.REQUIRED, f"{name} is required"

    def test_a_limitation_is_not_implemented_as_well(self, kit: Kit) -> None:
        """No operation is both overridden and listed in `limitations`.

        One of the two is wrong. Troubleshooting: remove the code or the limitation; what depends on the connected
        server belongs into `narrow`.
        """
        client_class = kit.loaded.client_class
        overridden = {
            name
            for name in client_class.limitations
            if getattr(client_class, name) is not getattr(MediaServerClient, name)
        }
        assert not overridden

    def test_the_server_says_who_it_is(self, kit: Kit) -> None:
        """`connect` tells product and version, and the status is ready.

        Hosts show both, and bug reports need them. Troubleshooting: read them from the server's own answer.
        """
        server = kit.server(small())
        info = server.connect()
        assert isinstance(info, ServerInfo)
        assert info.product.strip()
        assert info.version.strip()
        assert server.status(refresh=True).state is ServerState.READY

    def test_connecting_again_asks_again(self, kit: Kit) -> None:
        """`connect` may be called at any time and answers the same server.

        Hosts call it to test a connection. Troubleshooting: keep no half-open state between calls.
        """
        client = kit.client(kit.seed(small()))
        first, second = client.connect(), client.connect()
        assert (first.product, first.version, first.machine_id) == (
            second.product,
            second.version,
            second.machine_id,
        )

    def test_closing_twice_is_fine(self, kit: Kit) -> None:
        """`close` returns True, also the second time and also when nothing was ever asked.

        Hosts close in `finally`. Troubleshooting: check whether there is something to close.
        """
        fresh = kit.client(kit.seed(small()))
        assert fresh.close() is True
        used = kit.client(kit.seed(small()))
        used.connect()
        assert used.close() is True
        assert used.close() is True

    def test_use_after_close_is_a_typed_error_or_works(self, kit: Kit) -> None:
        """A closed client answers or raises an error of the tree, never a bare one.

        Threads may still be at work when a host closes. Troubleshooting: translate your library's "client is closed".
        """
        client = kit.client(kit.seed(small()))
        client.connect()
        client.close()
        try:
            page = client.list_tracks(EVERYTHING, None, 1)
        except SoulSyncError:
            return
        assert len(page.items) == 1

    def test_references_carry_the_configured_name(self, kit: Kit) -> None:
        """Every reference names the server as the user configured it.

        A host with two servers tells items apart by it. Troubleshooting: use `context.server` in every `ItemRef`.
        """
        server = kit.server(small())
        items: list[Item] = [*server.iter_artists(), *server.iter_albums(), *server.iter_tracks()]
        assert {item.ref.server for item in items} == {SERVER}
        assert len({item.ref for item in items}) == len(items)

    def test_several_threads_may_use_one_client(self, kit: Kit) -> None:
        """Four threads that list at once all get the whole listing.

        The engine fetches pages in parallel and hosts have threads. Troubleshooting: keep no per-call state in `self`.
        """
        from concurrent.futures import ThreadPoolExecutor

        server = kit.server(small())
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: [track.ref.id for track in server.iter_tracks()], range(8)))
        assert all(answer == answers[0] for answer in answers)
        assert len(answers[0]) == len(small().tracks)
