"""Edits of metadata: one request for all fields, read back afterwards, with nothing of ours in any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from soulsync_engine.errors import NotAllowedError
from soulsync_engine.http import UnexpectedAnswerError
from soulsync_engine.models import (
    AlbumPatch,
    ArtistPatch,
    FieldOutcome,
    FieldResult,
    Kind,
    MediaBytes,
    PatchResult,
    TrackPatch,
)
from soulsync_plex.editing import PlexEditing
from soulsync_plex.mapper import key_of
from soulsync_plex.wire import ItemRow, PosterRow

if TYPE_CHECKING:
    from plexapi.playlist import Playlist as PlexPlaylist

    from soulsync_plex.borrowed import PlexItem

_FIELDS: Final = {
    "name": "title",
    "title": "title",
    "sort_name": "titleSort",
    "sort_title": "titleSort",
    "biography": "summary",
    "genres": "genre",
    "disc": "parentIndex",
    "track_number": "index",
}
"""The server's names of what can be edited."""

_EDITORS: Final = {
    "title": "editTitle",
    "titleSort": "editSortTitle",
    "summary": "editSummary",
    "originalTitle": "editTrackArtist",
    "parentIndex": "editDiscNumber",
    "index": "editTrackNumber",
}
"""What plexapi edits them with."""

_UNSUPPORTED: Final = {
    (Kind.ALBUM, "artists"): "Plex moves an album to another artist only when its files are tagged anew",
    (Kind.ALBUM, "year"): "Plex keeps the day of an album's release, which a year alone does not tell",
}
_ONE_TEXT: Final = "Plex keeps the artists of a track as one text; give one artist"
_UPLOADED: Final = "upload://"


@dataclass(frozen=True, slots=True)
class _Edit:
    """One field to be written: the server's name for it and the value wanted."""

    field: str
    wanted: str | int | tuple[str, ...]

    def stored(self, row: ItemRow) -> str | int | tuple[str, ...]:
        """What the server has, in the form of what is wanted."""
        if self.field == "genre":
            return tuple(tag.tag for tag in row.Genre if tag.tag)
        value = getattr(row, self.field)
        if value is None and self.field == "titleSort":
            # It is sent only where it differs from the title.
            value = row.title
        if value is None and self.field == "originalTitle" and self.wanted:
            # Likewise where it differs from the album's artist.
            value = row.grandparentTitle
        if isinstance(value, int):
            return value
        return value or ""

    def fits(self, row: ItemRow) -> bool:
        """Whether the server has what is wanted. Genres have no order there."""
        stored = self.stored(row)
        if isinstance(stored, tuple) and isinstance(self.wanted, tuple):
            return set(stored) == set(self.wanted)
        return stored == self.wanted


class Writeback(PlexEditing):
    """The group writeback."""

    def update_artist(self, id: str, patch: ArtistPatch) -> PatchResult:
        """As in the contract."""
        return self._update(
            Kind.ARTIST,
            id,
            {
                "name": patch.name,
                "sort_name": patch.sort_name,
                "genres": patch.genres,
                "biography": patch.biography,
            },
            lock=patch.lock,
        )

    def update_album(self, id: str, patch: AlbumPatch) -> PatchResult:
        """As in the contract."""
        return self._update(
            Kind.ALBUM,
            id,
            {
                "title": patch.title,
                "sort_title": patch.sort_title,
                "artists": patch.artists,
                "genres": patch.genres,
                "year": patch.year,
            },
            lock=patch.lock,
        )

    def update_track(self, id: str, patch: TrackPatch) -> PatchResult:
        """As in the contract."""
        return self._update(
            Kind.TRACK,
            id,
            {
                "title": patch.title,
                "artists": patch.artists,
                "genres": patch.genres,
                "disc": patch.disc,
                "track_number": patch.track_number,
            },
            lock=patch.lock,
        )

    def set_image(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        """As in the contract."""
        if kind not in (Kind.ARTIST, Kind.ALBUM):
            return FieldResult(
                outcome=FieldOutcome.UNSUPPORTED, reason="Plex shows a track with its album's cover"
            )
        return self._upload(self._plex_item(kind, self._row(kind, id)), id, image)

    def _upload(self, item: PlexItem | PlexPlaylist, id: str, image: MediaBytes) -> FieldResult:
        """Upload a picture, and look whether the server chose it."""
        before = self._chosen_poster(id)
        try:
            item.uploadPoster(filepath=BytesIO(image.data))
        except UnexpectedAnswerError as error:
            return FieldResult(outcome=FieldOutcome.FAILED, reason=f"the server refused it: {error.message}")
        after = self._chosen_poster(id)
        if after is None or not after.startswith(_UPLOADED):
            return FieldResult(
                outcome=FieldOutcome.FAILED, reason="the server took the picture and shows another one"
            )
        return FieldResult(outcome=FieldOutcome.UNCHANGED if after == before else FieldOutcome.APPLIED)

    def _chosen_poster(self, id: str) -> str | None:
        posters = self._transport.rows(PosterRow, f"/library/metadata/{id}/posters", kind=Kind.ALBUM).rows
        return next((key_of(poster.ratingKey) for poster in posters if poster.selected), None)

    def _update(self, kind: Kind, id: str, fields: Mapping[str, object], *, lock: bool) -> PatchResult:
        before = self._row(kind, id)
        results: dict[str, FieldResult] = {}
        edits: dict[str, _Edit] = {}
        for name, value in fields.items():
            if value is None:
                continue
            edit = _edit_of(kind, name, value)
            if isinstance(edit, str):
                results[name] = FieldResult(outcome=FieldOutcome.UNSUPPORTED, reason=edit)
            elif edit.fits(before) and (not lock or _is_locked(before, edit.field)):
                results[name] = FieldResult(outcome=FieldOutcome.UNCHANGED)
            elif _is_locked(before, edit.field) and not lock:
                results[name] = FieldResult(
                    outcome=FieldOutcome.LOCKED,
                    reason="somebody locked it on the server; set `lock` to take it over",
                )
            else:
                edits[name] = edit
        if edits:
            item = self._plex_item(kind, before).batchEdits()
            for edit in edits.values():
                _send(item, edit, before, locked=lock or _is_locked(before, edit.field))
            try:
                item.saveEdits()
            except NotAllowedError as error:
                error.next_step = "Only the server's owner may edit metadata; use the owner's token."
                raise
            after = self._row(kind, id)
            for name, edit in edits.items():
                results[name] = _outcome(edit, after, lock=lock)
        in_order = {name: results[name] for name in fields if name in results}
        return PatchResult(ref=self._ref(kind, id), fields=in_order)


def _edit_of(kind: Kind, name: str, value: object) -> _Edit | str:
    """The edit for a field of a patch, or why there is none."""
    if (kind, name) in _UNSUPPORTED:
        return _UNSUPPORTED[kind, name]
    if name == "artists":
        artists = value if isinstance(value, tuple) else ()
        return _Edit("originalTitle", artists[0] if artists else "") if len(artists) <= 1 else _ONE_TEXT
    if isinstance(value, tuple):
        return _Edit(_FIELDS[name], tuple(dict.fromkeys(value)))
    return _Edit(_FIELDS[name], value if isinstance(value, int) else str(value))


def _send(item: PlexItem, edit: _Edit, before: ItemRow, *, locked: bool) -> None:
    """Add an edit to those that the item will save. A lock is set when asked for, and never taken away."""
    if not isinstance(edit.wanted, tuple):
        getattr(item, _EDITORS[edit.field])(edit.wanted, locked=locked)
        return
    # Servers add what is listed to what they have, so the others are taken away in the same request.
    unwanted = [name for tag in before.Genre if (name := tag.tag) and name not in edit.wanted]
    if edit.wanted or not unwanted:
        item.addGenre(list(edit.wanted), locked=locked)
    if unwanted:
        item.removeGenre(unwanted, locked=locked)


def _outcome(edit: _Edit, after: ItemRow, *, lock: bool) -> FieldResult:
    if not edit.fits(after):
        reason = "the server took the edit and still shows something else"
    elif lock and not _is_locked(after, edit.field):
        reason = "the server has the value and did not lock it, so that its next refresh may replace it"
    else:
        return FieldResult(outcome=FieldOutcome.APPLIED)
    return FieldResult(outcome=FieldOutcome.FAILED, reason=reason)


def _is_locked(row: ItemRow, field: str) -> bool:
    return any(entry.name == field and entry.locked for entry in row.Field)
