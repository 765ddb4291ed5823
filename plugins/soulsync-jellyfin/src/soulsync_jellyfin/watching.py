"""Users, what is being played, and hints that something changed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from soulsync_engine.errors import AuthenticationError
from soulsync_engine.models import ActivePlay, ChangeHint, ItemRef, Kind, User
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.dialect import Params
from soulsync_jellyfin.mapper import TYPES
from soulsync_jellyfin.session import Session
from soulsync_jellyfin.socket import Socket

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
        with Socket(self.transport, deadline) as socket:
            while (text := socket.next_message()) is not None:
                try:
                    message = msgspec.json.decode(text, type=wire.SocketMessage)
                except msgspec.MsgspecError:
                    # What is no message of this server's is no hint either.
                    continue
                detail = _SOCKET_CHANGES.get(message.message_type or "")
                if detail is not None:
                    return ChangeHint(changed=True, detail=detail)
        return ChangeHint(changed=False, detail="nothing was said in the time given")

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """The body of Jellyfin's webhook plugin with all properties sent, or of an Emby webhook."""
        try:
            hook = msgspec.json.decode(body, type=wire.Webhook)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return ChangeHint(changed=False, detail="not a webhook of this server")
        kind = hook.item_type or (hook.item.type if hook.item else None)
        name = hook.name or (hook.item.name if hook.item else None) or ""
        happened = hook.notification_type or hook.event or ""
        changing = happened in _CHANGING or happened.lower().startswith(_EMBY_CHANGING)
        if not changing or (kind is not None and kind not in _MUSIC_TYPES):
            return ChangeHint(changed=False, detail=happened[:80])
        return ChangeHint(changed=True, detail=f"{happened}: {kind or 'item'} {json.dumps(name[:80])}")


def _position(state: wire.PlayState | None) -> int | None:
    return None if state is None or state.position_ticks is None else state.position_ticks // 10_000
