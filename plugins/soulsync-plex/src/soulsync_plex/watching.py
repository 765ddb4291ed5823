"""What is being played, notifications and webhooks."""

from __future__ import annotations

import email.parser
import email.policy
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from soulsync_engine.http import decoder_of
from soulsync_engine.models import ActivePlay, ChangeHint, Kind
from soulsync_plex import mapper
from soulsync_plex.mapper import TYPES, key_of
from soulsync_plex.reading import Reading
from soulsync_plex.wire import SessionRow

T = TypeVar("T")

_CHANGING: Final = frozenset({"library.new", "library.on.deck", "media.rate", "media.scrobble"})
_LARGEST_WEBHOOK: Final = 4 * 1024 * 1024
_LIBRARY: Final = "com.plexapp.plugins.library"
_STATES: Final = {5: "an item was processed", 9: "an item was deleted"}
_SCAN: Final = "library.update.section"


class _TimelineEntry(msgspec.Struct):
    identifier: str | None = None
    type: int | None = None
    state: int | None = None


class _Activity(msgspec.Struct):
    type: str | None = None


class _ActivityNotification(msgspec.Struct):
    event: str | None = None
    Activity: _Activity | None = None


class _Notification(msgspec.Struct):
    """What happened: one thing where events are sent one by one, several on the websocket."""

    TimelineEntry: _TimelineEntry | tuple[_TimelineEntry, ...] = ()
    ActivityNotification: _ActivityNotification | tuple[_ActivityNotification, ...] = ()


class _Message(_Notification):
    """A message of the websocket has a notification within, an event is one."""

    NotificationContainer: _Notification | None = None


class _WebhookItem(msgspec.Struct, rename="camel"):
    library_section_type: str | None = None


class _Webhook(msgspec.Struct):
    event: str | None = None
    Metadata: _WebhookItem | None = None


class Watching(Reading):
    """The groups sessions and watch."""

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """As in the contract. Films are left out."""
        rows = self._transport.rows(SessionRow, "/status/sessions", kind=Kind.TRACK).rows
        return tuple(
            mapper.active_play(row, server=self.server)
            for row in rows
            if row.type == "track" and key_of(row.ratingKey)
        )

    def watch(self, timeout: float) -> ChangeHint:
        """As in the contract, through the server's notifications. What happens between two calls is not heard."""
        hint = self._transport.listen(_hint, seconds=timeout)
        return hint or ChangeHint(changed=False)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """As in the contract. The body is a form whose part `payload` is JSON; it is signed by nobody."""
        payload = _payload(headers, body)
        if payload is None:
            return ChangeHint(changed=False, detail="the body is no webhook of Plex")
        try:
            hook = decoder_of(_Webhook, strict=False).decode(payload)
        except (ValueError, RecursionError):
            return ChangeHint(changed=False, detail="the payload is not JSON of a webhook")
        section = hook.Metadata.library_section_type if hook.Metadata else None
        if hook.event in _CHANGING and section in (None, "artist"):
            return ChangeHint(changed=True, detail=hook.event or "")
        return ChangeHint(changed=False, detail="the event changes no music")


def _hint(data: bytes) -> ChangeHint | None:
    """What a notification says of the music, None for anything else."""
    try:
        message = decoder_of(_Message, strict=False).decode(data)
    except (ValueError, RecursionError):
        return None
    said = message.NotificationContainer or message
    for entry in _several(said.TimelineEntry):
        # Entries of films and photos carry their own types, those of whole sections none.
        if entry.identifier in (None, _LIBRARY) and entry.type in (None, *TYPES.values()):
            detail = _STATES.get(-1 if entry.state is None else entry.state)
            if detail is not None:
                return ChangeHint(changed=True, detail=detail)
    for activity in _several(said.ActivityNotification):
        if activity.event == "ended" and activity.Activity and activity.Activity.type == _SCAN:
            return ChangeHint(changed=True, detail="a scan ended")
    return None


def _several(one_or_more: T | tuple[T, ...]) -> tuple[T, ...]:
    return one_or_more if isinstance(one_or_more, tuple) else (one_or_more,)


def _payload(headers: Mapping[str, str], body: bytes) -> bytes | None:
    """The JSON of a webhook, also where something in between passed on the payload alone."""
    if len(body) > _LARGEST_WEBHOOK:
        return None
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if not content_type.lower().startswith("multipart/form-data"):
        return body if body.lstrip().startswith(b"{") else None
    if "\r" in content_type or "\n" in content_type:
        return None
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "payload":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else None
    return None
