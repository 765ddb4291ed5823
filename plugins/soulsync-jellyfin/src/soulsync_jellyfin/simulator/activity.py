"""Favourites, ratings, plays, sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.accounts import User
from soulsync_jellyfin.simulator.rendering import Json, Played, answer_of, time_text
from soulsync_jellyfin.simulator.routes import NO_CONTENT, Call, Routes

Change = Callable[[Call, Played], None]


def register(routes: Routes) -> None:
    """Announce the routes, where each kind of server has them."""
    for method, beside, below, change, query in (
        ("POST", "/UserFavoriteItems/{itemId}", "/FavoriteItems/{itemId}", _favorite(True), ()),
        ("DELETE", "/UserFavoriteItems/{itemId}", "/FavoriteItems/{itemId}", _favorite(False), ()),
        ("POST", "/UserItems/{itemId}/Rating", "/Items/{itemId}/Rating", _like, ("likes",)),
        ("DELETE", "/UserItems/{itemId}/Rating", "/Items/{itemId}/Rating", _unrate, ()),
        ("POST", "/UserPlayedItems/{itemId}", "/PlayedItems/{itemId}", _mark_played, ("datePlayed",)),
    ):
        _add(routes, method, beside, below, change, *query)
    _add(routes, "POST", "/UserItems/{itemId}/UserData", "/Items/{itemId}/UserData", _set, body=True)
    if not routes.emby:
        _add(routes, "GET", "/UserItems/{itemId}/UserData", "/Items/{itemId}/UserData", _nothing)
    routes.add("POST", "/Sessions/Playing", _started, body=True)
    silent = () if routes.emby else ("activeWithinSeconds",)
    routes.add("GET", "/Sessions", _sessions, "controllableByUserId", "deviceId", *silent)


def _add(
    routes: Routes, method: str, beside: str, below: str, change: Change, *query: str, body: bool = False
) -> None:
    if not routes.emby:
        routes.add(
            method, beside, lambda call: _changed(call, call.some_user(), change), "userId", *query, body=body
        )

    def of_path(call: Call) -> Answer:
        return _changed(call, call.some_user(call.path_id("userId")), change)

    routes.add(method, f"/Users/{{userId}}{below}", of_path, *query, body=body)


def _changed(call: Call, user: User, change: Change) -> Answer:
    entry = call.entry()
    data = call.state.played.setdefault((user.id, entry.id), Played())
    change(call, data)
    # Sorted listings may look different now. The item itself does not count as saved.
    call.state.catalogue.version += 1
    if call.state.sync_queue is not None:
        call.state.sync_queue.user_data.append(entry.id)
    return answer_of(call.state.renderer.user_data(entry.id, data))


def _favorite(value: bool) -> Change:
    def change(call: Call, data: Played) -> None:
        data.favorite = value

    return change


def _like(call: Call, data: Played) -> None:
    data.rating = 10.0 if call.params.flag("likes") else 1.0


def _unrate(call: Call, data: Played) -> None:
    data.rating = None


def _mark_played(call: Call, data: Played) -> None:
    """The count becomes at least one, and no more than it was [A 2.19]."""
    data.count = max(data.count, 1)
    data.played = True
    data.last = call.params.moment("datePlayed") or call.state.now()


def _started(call: Call) -> Answer:
    """The report that a track begins counts it [A 2.19]."""
    item = call.params.as_id("ItemId", str(call.body().get("ItemId")))
    data = call.state.played.setdefault((call.asking_user().id, item), Played())
    data.count += 1
    data.played = True
    data.last = call.state.now()
    call.state.catalogue.version += 1
    return NO_CONTENT


def _nothing(call: Call, data: Played) -> None:
    """Only read."""


def _set(call: Call, data: Played) -> None:
    """What the body has is set, the rest stays [O UpdateUserItemDataDto]."""
    body = call.body()
    rating, count, played, favorite = (
        body.get(name) for name in ("Rating", "PlayCount", "Played", "IsFavorite")
    )
    if isinstance(rating, int | float):
        data.rating = float(rating)
    if isinstance(count, int):
        data.count = count
    if isinstance(played, bool):
        data.played = played
    if isinstance(favorite, bool):
        data.favorite = favorite
    last = body.get("LastPlayedDate")
    if isinstance(last, str):
        data.last = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", last)).astimezone(UTC)


def _sessions(call: Call) -> Answer:
    now = time_text(call.state.now())
    rows: list[Json] = [
        {
            "Id": entry.id,
            "UserId": user.id,
            "UserName": user.name,
            "Client": "Finamp",
            "DeviceName": "phone",
            "LastActivityDate": now,
            **({} if call.state.personality.emby else {"LastPlaybackCheckIn": now}),
            "PlayState": {"PositionTicks": 125_000_000, "IsPaused": False, "CanSeek": True, "IsMuted": False},
            "NowPlayingItem": call.row(entry, None, frozenset()),
        }
        for user, entry in call.state.now_playing
        if call.caller.admin or call.caller.user is user
    ]
    return answer_of(rows)
