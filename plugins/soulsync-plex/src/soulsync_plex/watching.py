"""Accounts, what is being played, notifications and webhooks."""

from __future__ import annotations

import email.parser
import email.policy
from collections.abc import Mapping
from typing import Final

import msgspec

from soulsync_engine.models import ActivePlay, ChangeHint, Kind, User
from soulsync_plex import mapper
from soulsync_plex.mapper import key_of
from soulsync_plex.reading import Reading
from soulsync_plex.wire import Accounts, SessionRow

_OWNER: Final = "1"
_CHANGING: Final = frozenset({"library.new", "library.on.deck", "media.rate", "media.scrobble"})
_LARGEST_WEBHOOK: Final = 4 * 1024 * 1024
_STATES: Final = {5: "an item was processed", 9: "an item was deleted"}


class _TimelineEntry(msgspec.Struct):
    identifier: str | None = None
    state: int | None = None


class _Notification(msgspec.Struct):
    TimelineEntry: _TimelineEntry | None = None


class _WebhookItem(msgspec.Struct, rename="camel"):
    library_section_type: str | None = None


class _Webhook(msgspec.Struct):
    event: str | None = None
    Metadata: _WebhookItem | None = None


class Watching(Reading):
    """The groups users, sessions and watch."""

    def list_users(self) -> tuple[User, ...]:
        """As in the contract: everybody who may use the server. Only its owner may know."""
        accounts = self._transport.read(Accounts, "/accounts").Account
        return tuple(
            User(id=key, name=account.name, admin=key == _OWNER)
            for account in accounts
            # The nameless account 0 is the server itself.
            if (key := key_of(account.id)) and account.name
        )

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """As in the contract. Films are left out."""
        rows = self._transport.rows(SessionRow, "/status/sessions", kind=Kind.TRACK).rows
        return tuple(
            mapper.active_play(row, server=self.server)
            for row in rows
            if row.type == "track" and key_of(row.ratingKey)
        )

    def watch(self, timeout: float) -> ChangeHint:
        """As in the contract, through the server's stream of notifications."""
        hint = self._transport.listen("/:/eventsource/notifications", _hint, seconds=timeout)
        return hint or ChangeHint(changed=False)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """As in the contract. The body is a form whose part `payload` is JSON; it is signed by nobody."""
        payload = _payload(headers, body)
        if payload is None:
            return ChangeHint(changed=False, detail="the body is no webhook of Plex")
        try:
            hook = msgspec.json.decode(payload, type=_Webhook, strict=False)
        except (ValueError, RecursionError):
            return ChangeHint(changed=False, detail="the payload is not JSON of a webhook")
        section = hook.Metadata.library_section_type if hook.Metadata else None
        if hook.event in _CHANGING and section in (None, "artist"):
            return ChangeHint(changed=True, detail=hook.event or "")
        return ChangeHint(changed=False, detail="the event changes no music")


def _hint(event: str, data: bytes) -> ChangeHint | None:
    """What a notification says of the library, None for anything else."""
    if event != "timeline":
        return None
    try:
        entry = msgspec.json.decode(data, type=_Notification, strict=False).TimelineEntry
    except (ValueError, RecursionError):
        return None
    if entry is None or entry.identifier not in (None, "com.plexapp.plugins.library"):
        return None
    detail = _STATES.get(entry.state or 0)
    return ChangeHint(changed=True, detail=detail) if detail else None


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
