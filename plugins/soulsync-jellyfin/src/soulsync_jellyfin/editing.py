"""Edits of items: the whole item is read, changed and sent back, since a server takes what is missing for cleared."""

from __future__ import annotations

from base64 import b64encode

from soulsync_engine.http import UnexpectedAnswerError, decode
from soulsync_engine.models import FieldOutcome, FieldResult, Kind, MediaBytes
from soulsync_jellyfin import wire
from soulsync_jellyfin.mapper import TYPES
from soulsync_jellyfin.session import Session

Whole = dict[str, object]
"""An item as the server sent it, with every field."""


class Editing(Session):
    """What playlists and metadata have in common."""

    def whole(self, kind: Kind, id: str) -> Whole:
        """An item with every field the server has; `NotFoundError` when there is none of that kind with the id."""
        item = decode(self.asked_for(kind, id), dict[str, object])
        if item.get("Type") != TYPES[kind]:
            raise self.not_found(kind, id)
        return item

    def store(self, id: str, item: Whole) -> None:
        """Send a changed item back. Raises `NotAllowedError` to whoever is no administrator."""
        self.transport.send("POST", ("Items", id), json=item, idempotent=True)

    def set_picture(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        """Set the main picture of an item, and look whether it is another one afterwards."""
        before = self.item(kind, id)
        picture = ("Items", id, "Images", "Primary")
        try:
            self.transport.send(
                "POST",
                picture,
                # The servers take pictures as base64 text under the picture's own type.
                content=b64encode(image.data),
                headers={"Content-Type": image.mime_type},
                idempotent=True,
            )
        except UnexpectedAnswerError as error:
            return FieldResult(outcome=FieldOutcome.FAILED, reason=error.message)
        tag = _tag(self.item(kind, id))
        if tag is None:
            return FieldResult(
                outcome=FieldOutcome.FAILED, reason="the server accepted the picture and has none afterwards"
            )
        if tag != _tag(before):
            return FieldResult(outcome=FieldOutcome.APPLIED)
        # The same picture was there before, or the server kept another one.
        stored = self.transport.send("GET", picture, headers={"Accept": image.mime_type})
        if stored.body == image.data:
            return FieldResult(outcome=FieldOutcome.UNCHANGED)
        return FieldResult(
            outcome=FieldOutcome.FAILED,
            reason="the server accepted the picture and still shows the one from before",
        )


def _tag(item: wire.Item) -> str | None:
    return (item.image_tags or {}).get("Primary")
