"""Edits of artists, albums and tracks, field by field, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from soulsync_engine.models import (
    AlbumPatch,
    ArtistPatch,
    FieldOutcome,
    FieldResult,
    ItemRef,
    Kind,
    MediaBytes,
    PatchResult,
    TrackPatch,
)
from soulsync_jellyfin.editing import Editing, Whole

Patch = ArtistPatch | AlbumPatch | TrackPatch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How one field of a patch lies in an item.

    `lock` is the name under which the servers lock it, None for never. `items` is where the same names lie once more,
    as linked items, None for nowhere.
    """

    key: str
    lock: str | None = None
    items: str | None = None
    read: Callable[[object], object] = lambda stored: stored or ""
    write: Callable[[object], object] = lambda wanted: wanted


def _names(stored: object) -> object:
    if not isinstance(stored, list):
        return ()
    return tuple(entry.get("Name") if isinstance(entry, dict) else entry for entry in stored)


def _listed(wanted: object) -> object:
    return list(wanted) if isinstance(wanted, tuple) else wanted


def _linked(wanted: object) -> object:
    return [{"Name": name} for name in wanted] if isinstance(wanted, tuple) else wanted


def _number(stored: object) -> object:
    return stored


# Jellyfin takes the texts of an edit, Emby the items.
_GENRES: Final = _Field(key="Genres", lock="Genres", items="GenreItems", read=_names, write=_listed)
_NAME: Final = _Field(key="Name", lock="Name")
_SORT: Final = _Field(key="ForcedSortName")

_ARTIST: Final = {
    "name": _NAME,
    "sort_name": _SORT,
    "genres": _GENRES,
    "biography": _Field(key="Overview", lock="Overview"),
}
_ALBUM: Final = {
    "title": _NAME,
    "sort_title": _SORT,
    "artists": _Field(key="AlbumArtists", read=_names, write=_linked),
    "genres": _GENRES,
    "year": _Field(key="ProductionYear", read=_number),
}
_TRACK: Final = {
    "title": _NAME,
    "artists": _Field(key="ArtistItems", read=_names, write=_linked),
    "genres": _GENRES,
    "disc": _Field(key="ParentIndexNumber", read=_number),
    "track_number": _Field(key="IndexNumber", read=_number),
}


class Writeback(Editing):
    """The operations that edit metadata. They need an administrator; the server refuses others."""

    def update_artist(self, id: str, patch: ArtistPatch) -> PatchResult:
        """Edit an artist."""
        return self._update(Kind.ARTIST, id, patch, _ARTIST)

    def update_album(self, id: str, patch: AlbumPatch) -> PatchResult:
        """Edit an album; its tracks keep what they have."""
        return self._update(Kind.ALBUM, id, patch, _ALBUM)

    def update_track(self, id: str, patch: TrackPatch) -> PatchResult:
        """Edit a track."""
        return self._update(Kind.TRACK, id, patch, _TRACK)

    def set_image(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        """Set the picture of an artist or the cover of an album."""
        return self.set_picture(kind, id, image)

    def _update(self, kind: Kind, id: str, patch: Patch, fields: Mapping[str, _Field]) -> PatchResult:
        item = self.whole(kind, id)
        wanted = {name: value for name in fields if (value := getattr(patch, name)) is not None}
        locked = _locks(item)
        results: dict[str, FieldResult] = {}
        written: dict[str, object] = {}
        for name, value in wanted.items():
            field = fields[name]
            if field.read(item.get(field.key)) == value:
                results[name] = FieldResult(outcome=FieldOutcome.UNCHANGED)
            elif not patch.lock and (item.get("LockData") is True or field.lock in locked):
                results[name] = FieldResult(
                    outcome=FieldOutcome.LOCKED,
                    reason="the field is locked on the server; nothing was written",
                )
            else:
                written[name] = value
        new_locks = (
            [lock for name in wanted if (lock := fields[name].lock) and lock not in locked]
            if patch.lock
            else []
        )
        if written or new_locks:
            for name, value in written.items():
                field = fields[name]
                item[field.key] = field.write(value)
                if field.items is not None:
                    item[field.items] = _linked(value)
            if new_locks:
                item["LockedFields"] = [*locked, *new_locks]
            self.store(id, item)
            stored = self.whole(kind, id)
            for name, value in written.items():
                results[name] = _outcome(fields[name].read(stored.get(fields[name].key)), value)
        return PatchResult(
            ref=ItemRef(self.server, kind, id), fields={name: results[name] for name in wanted}
        )


def _locks(item: Whole) -> tuple[str, ...]:
    locked = item.get("LockedFields")
    return tuple(str(name) for name in locked) if isinstance(locked, list) else ()


def _outcome(stored: object, wanted: object) -> FieldResult:
    if stored == wanted:
        return FieldResult(outcome=FieldOutcome.APPLIED)
    return FieldResult(
        outcome=FieldOutcome.FAILED, reason="the server accepted the edit, but shows another value afterwards"
    )
