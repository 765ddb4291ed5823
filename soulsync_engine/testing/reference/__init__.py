"""A complete backend for a server that lives in memory, with faults to order. For tests only.

    server = ReferenceServer(small())
    config = {"server": {"active": "music"}, "servers": {"music": server.settings()}}
    with MediaServerEngine(config, records=in_process(backend)) as engine: ...

It is not announced by any entry point: who wants it hands its spec to the engine. It offers every operation
of the contract, so that each has one implementation that does what the contract says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soulsync_engine.plugin import BackendSpec

if TYPE_CHECKING:
    from soulsync_engine.testing.reference.server import ReferenceServer

__all__ = ["ReferenceServer", "backend"]

backend = BackendSpec(
    name="reference",
    title="Reference (in memory)",
    contract=1,
    client="soulsync_engine.testing.reference.client:ReferenceClient",
    settings="soulsync_engine.testing.reference.settings:ReferenceSettings",
)


def __getattr__(name: str) -> object:
    # The module holds a spec, so it must stay cheap to import.
    if name == "ReferenceServer":
        from soulsync_engine.testing.reference.server import ReferenceServer

        return ReferenceServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
