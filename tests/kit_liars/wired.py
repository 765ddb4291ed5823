"""The reference backend with its listings sent over HTTP, where they can be disturbed: honest, and a liar."""

from __future__ import annotations

import httpx
import msgspec

from soulsync_engine.errors import UnavailableError
from soulsync_engine.models import Kind, Page
from soulsync_engine.testing.reference import ReferenceServer
from soulsync_engine.testing.reference.client import ReferenceClient
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator

WIRES: dict[str, Simulator] = {}
"""The running simulators by the address of the reference server whose listings they send."""


HTTP = httpx.Client()


class Listed(msgspec.Struct):
    ids: tuple[str, ...]
    total: int


def wired(server: ReferenceServer) -> Simulator:
    """A simulator that lists the ids of what a reference server has."""
    simulator = Simulator()

    @simulator.route("GET", "/{kind}", query=("offset", "limit"))
    def listing(request: SimulatedRequest) -> Answer:
        items = server.catalogue.of_kind(Kind(request.path_values["kind"])).values()
        ids = [item.ref.id for item in items]
        offset = request.number_of("offset", 0)
        end = offset + request.number_of("limit", 0)
        return Answer.json({"ids": ids[offset:end], "total": len(ids)})

    WIRES[server.address] = simulator.start()
    return simulator


class Wired(ReferenceClient):
    """Honest: what is no answer is an error."""

    def _listing(self, server, kind_type, scope, cursor, limit):
        items = super()._listing(server, kind_type, scope, None, 100_000).items
        known = {item.ref.id: item for item in items}
        offset = self._offset(cursor)
        listed = self._listed(server, kind_type.__name__.lower(), offset, limit)
        end = offset + len(listed.ids)
        return Page(
            items=tuple(known[id] for id in listed.ids),
            next_cursor=str(end) if end < listed.total else None,
            total=listed.total,
        )

    def _listed(self, server, kind, offset, limit):
        address = f"{WIRES[server.address].base_url}/{kind}"
        try:
            answer = HTTP.get(address, params={"offset": offset, "limit": limit}).raise_for_status()
            return msgspec.json.decode(answer.content, type=Listed)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise UnavailableError("The server did not send a page.", server=self._context.server) from error


class Content(Wired):
    """Takes whatever is no page for the end of the listing, and declares no total that would betray it."""

    def _listing(self, server, kind_type, scope, cursor, limit):
        try:
            page = super()._listing(server, kind_type, scope, cursor, limit)
        except UnavailableError:
            return Page(items=())
        return Page(items=page.items, next_cursor=page.next_cursor)
