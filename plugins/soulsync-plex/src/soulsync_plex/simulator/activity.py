"""Plays, ratings, accounts and what is being played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_plex.simulator.answers import bad_request, not_found
from soulsync_plex.simulator.filtering import test_of
from soulsync_plex.simulator.rows import Row
from soulsync_plex.simulator.state import SimulatedAccount, StoredPlay

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator

_LIBRARY = "com.plexapp.plugins.library"
_KEPT = (
    "type",
    "title",
    "originalTitle",
    "parentTitle",
    "grandparentTitle",
    "index",
    "parentIndex",
    "librarySectionID",
)


def add_routes(simulator: PlexSimulator) -> None:
    """Add what tells of listening."""
    state = simulator.state

    @simulator.serve(
        "GET",
        "/status/sessions/history/all",
        query=(
            "sort",
            "accountID",
            "librarySectionID",
            "metadataItemID",
            "viewedAt>",
            "viewedAt>>",
            "includeGuids",
        ),
    )
    def history(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        if request.value("sort") not in (None, "viewedAt:desc", "viewedAt:asc"):
            return bad_request()
        rows = [
            _event(simulator, play) for play in state.plays if account.owner or play.account == account.id
        ]
        for name in ("accountID", "librarySectionID"):
            if (wanted := request.value(name)) is not None:
                rows = [row for row in rows if str(row.get(name)) == wanted]
        if (wanted := request.value("metadataItemID")) is not None:
            rows = [row for row in rows if row.get("ratingKey") == wanted]
        for name in ("viewedAt>", "viewedAt>>"):
            if request.value(name) is not None and "viewedAt" not in simulator.personality.ignores:
                passes = test_of(name, request.values(name), 10)
                rows = [row for row in rows if passes(row)]
        rows.sort(key=lambda row: int(str(row["viewedAt"])), reverse=request.value("sort") == "viewedAt:desc")
        return simulator.page(request, rows)

    @simulator.serve("GET", "/accounts", owner=True)
    def accounts(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        listed: list[Row] = [{"id": 0, "key": "/accounts/0", "name": ""}]
        listed += [{"id": one.id, "key": f"/accounts/{one.id}", "name": one.name} for one in state.accounts]
        return simulator.container(request, {"size": len(listed), "Account": listed})

    @simulator.serve("GET", "/devices", owner=True)
    def devices(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        listed: list[Row] = [
            {"id": number, "name": name, "platform": "Linux", "clientIdentifier": f"device-{number}"}
            for number, name in state.devices.items()
        ]
        return simulator.container(request, {"size": len(listed), "Device": listed})

    @simulator.serve("GET", "/status/sessions")
    def sessions(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return simulator.page(request, list(state.sessions))

    @simulator.serve(
        "PUT", "/:/rate", query=("key", "identifier", "rating"), required=("key", "identifier", "rating")
    )
    def rate(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        key = request.value("key") or ""
        if request.value("identifier") != _LIBRARY:
            return bad_request()
        if not state.catalogue.has(key):
            # Real servers say nothing about it.
            return Answer(content_type=None)
        rating = float(request.value("rating") or "-1")
        opinion = state.opinion(account, key)
        if rating < 0:
            opinion.pop("userRating", None)
        else:
            opinion["userRating"] = rating
        return Answer(content_type=None)

    @simulator.serve("GET", "/:/scrobble", query=("key", "identifier"), required=("key", "identifier"))
    def scrobble(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        key = request.value("key") or ""
        if state.catalogue.has(key):
            opinion = state.opinion(account, key)
            moment = state.catalogue.now()
            views = opinion.get("viewCount", 0)
            opinion.update(viewCount=views + 1 if isinstance(views, int) else 1, lastViewedAt=moment)
            row = dict(state.catalogue.find(key)[1])
            device = state.device_of(request.headers.get("x-plex-client-identifier"))
            state.plays.append(StoredPlay(at=moment, account=account.id, device=device, key=key, row=row))
        return Answer(content_type=None)

    @simulator.serve("GET", "/:/unscrobble", query=("key", "identifier"), required=("key", "identifier"))
    def unscrobble(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        if not state.catalogue.has(request.value("key") or ""):
            return not_found()
        opinion = state.opinion(account, request.value("key") or "")
        opinion.pop("viewCount", None)
        opinion.pop("lastViewedAt", None)
        return Answer(content_type=None)


def _event(simulator: PlexSimulator, play: StoredPlay) -> Row:
    row: Row = {name: play.row[name] for name in _KEPT if name in play.row}
    row.update(
        historyKey=f"/status/sessions/history/{play.at}",
        viewedAt=play.at,
        accountID=play.account,
        deviceID=play.device,
    )
    if simulator.state.catalogue.has(play.key):
        row.update(ratingKey=play.key, key=f"/library/metadata/{play.key}")
    return row
