"""Users, what is being played, and hints that something changed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from soulsync_engine.errors import AuthenticationError
from soulsync_engine.http import decoder_of
from soulsync_engine.http.websocket import WebSocket, WebSocketError
from soulsync_engine.models import ActivePlay, ChangeHint, ItemRef, Kind, User
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.dialect import Params
from soulsync_jellyfin.failures import checked
from soulsync_jellyfin.mapper import TYPES
from soulsync_jellyfin.session import Session

_MUSIC_TYPES: Final = frozenset(TYPES.values())
_CHANGING: Final = frozenset({"ItemAdded", "ItemDeleted", "UserDataSaved"})
_EMBY_CHANGING: Final = ("library.", "item.")
_SOCKET_CHANGES: Final = {
    "LibraryChanged": "the library changed",
    "UserDataChanged": "plays, favourites or ratings changed",
}


class Watching(Session):
    """The operations on users, sessions and changes as they happen."""

    def list_users(self) -> tuple[User, ...]:
        """The users the credentials may see, which for most users is themselves alone."""
        accounts = self.connection.users()
        return tuple(User(id=account.id, name=account.name, admin=account.admin) for account in accounts)

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """The tracks being played on the clients the credentials may see."""
        params: Params = {**self.dialect.session_params}
        sessions = self.transport.get(("Sessions",), list[wire.Session], params)
        return tuple(
            ActivePlay(
                track=ItemRef(self.server, Kind.TRACK, native),
                title=playing.name or "",
                user=session.user_name,
                client=session.client,
                position_ms=_position(session.play_state),
                paused=session.play_state.is_paused if session.play_state else None,
            )
            for session in sessions
            if (playing := session.now_playing_item) is not None
            and playing.type == TYPES[Kind.TRACK]
            and (native := values.text_id(playing.id)) is not None
        )

    def watch(self, timeout: float) -> ChangeHint:
        """Listen on the server's websocket until it says that something changed, or the time is over."""
        deadline = time.monotonic() + timeout
        try:
            return self._listen(deadline)
        except AuthenticationError:
            # The token of a sign-in may have expired since, which any other request would have found out.
            if not self.transport.renew():
                raise
        return self._listen(deadline)

    def _listen(self, deadline: float) -> ChangeHint:
        try:
            with self.transport.websocket(deadline) as websocket:
                return _first_change(websocket)
        except WebSocketError as error:
            if error.answer is not None:
                # A handshake is a plain request until it succeeds, so its refusals mean the same.
                checked(error.answer)
            raise

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """The body of Jellyfin's webhook plugin with all properties sent, or of an Emby webhook."""
        try:
            hook = decoder_of(wire.Webhook).decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return ChangeHint(changed=False, detail="not a webhook of this server")
        kind = hook.item_type or (hook.item.type if hook.item else None)
        name = hook.name or (hook.item.name if hook.item else None) or ""
        happened = hook.notification_type or hook.event or ""
        changing = happened in _CHANGING or happened.lower().startswith(_EMBY_CHANGING)
        if not changing or (kind is not None and kind not in _MUSIC_TYPES):
            return ChangeHint(changed=False, detail=happened[:80])
        return ChangeHint(changed=True, detail=f"{happened}: {kind or 'item'} {json.dumps(name[:80])}")


def _first_change(websocket: WebSocket) -> ChangeHint:
    """The first change that is told; none when the time is over."""
    try:
        while (message := websocket.next_message()) is not None:
            detail = _change_told(message)
            if detail is not None:
                return ChangeHint(changed=True, detail=detail)
    except WebSocketError as error:
        # Servers end the websocket of whoever says nothing for a minute, which is no failure.
        return ChangeHint(changed=False, detail=error.message)
    return ChangeHint(changed=False, detail="nothing was said in the time given")


def _change_told(message: bytes) -> str | None:
    """What changed, by a message; what is no message of this server's tells nothing."""
    try:
        told = decoder_of(wire.SocketMessage).decode(message)
    except msgspec.MsgspecError:
        return None
    return _SOCKET_CHANGES.get(told.message_type or "")


def _position(state: wire.PlayState | None) -> int | None:
    return None if state is None or state.position_ticks is None else state.position_ticks // 10_000
