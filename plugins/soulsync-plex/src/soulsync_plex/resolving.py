"""Finding a track again whose key is gone, as after a library was made anew: by proof, never by being the first hit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from soulsync_engine.errors import ConflictError
from soulsync_engine.matching.normalise import search_key
from soulsync_engine.models import EVERYTHING, Kind, Scope, Track
from soulsync_plex.listing import LARGEST_PAGE, Params
from soulsync_plex.mapper import key_of
from soulsync_plex.reading import Reading

_SAME_LENGTH_MS: Final = 2000

Proof = Callable[[Track], bool]


class Resolving(Reading):
    """Looks for lost tracks."""

    def resolve(self, lost: Track, scope: Scope = EVERYTHING) -> Track:
        """The track that `lost`, read earlier, is now: the one with its MusicBrainz recording on the same album, else
        the one with its file, else the one with its title, album and length.

        Raises `NotFoundError` when nothing proves to be it, `ConflictError` when several things do.
        """
        proofs = _proofs(lost)
        for candidates in self._candidates(lost, scope):
            for proof in proofs:
                found = [track for track in candidates if proof(track)]
                if found:
                    return self._only(lost, found, proofs)
        raise self._not_found(Kind.TRACK, lost.ref.id)

    def _only(self, lost: Track, found: list[Track], proofs: list[Proof]) -> Track:
        """The one of several that another proof tells from the others, such as one of two copies by its file."""
        if len(found) == 1:
            return found[0]
        for proof in proofs:
            narrowed = [track for track in found if proof(track)]
            if len(narrowed) == 1:
                return narrowed[0]
        raise ConflictError(
            f"{lost.title!r} could be any of the tracks {', '.join(track.ref.id for track in found)}.",
            server=self.server,
            next_step="Choose one of them.",
        )

    def _candidates(self, lost: Track, scope: Scope) -> Iterator[list[Track]]:
        """What has the title, whatever album it is on now; then what is on the album, whatever its title is now."""
        yield self._tracks_where({"track.title=": lost.title}, scope)
        if lost.album:
            yield self._tracks_where({"album.title=": lost.album}, scope)

    def _tracks_where(self, filters: Params, scope: Scope) -> list[Track]:
        rows = []
        cursor: str | None = None
        while True:
            page = self._page(Kind.TRACK, scope, cursor, LARGEST_PAGE, filters)
            rows += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
        unique = {key_of(row.ratingKey): (row, section) for row, section in rows}
        return list(self._with_albums([self._track(row, section, {}) for row, section in unique.values()]))


def _proofs(lost: Track) -> list[Proof]:
    """The proofs that what is known of a track allows, the strongest first."""
    proofs: list[Proof] = []
    recording = lost.musicbrainz.recording
    if recording:
        # One recording may be on several albums.
        proofs.append(
            lambda track: track.musicbrainz.recording == recording and _same(track.album, lost.album)
        )
    if lost.path:
        proofs.append(lambda track: track.path == lost.path)
    if lost.album and lost.duration_ms:
        length = lost.duration_ms
        proofs.append(
            lambda track: (
                _same(track.title, lost.title)
                and _same(track.album, lost.album)
                and track.duration_ms is not None
                and abs(track.duration_ms - length) <= _SAME_LENGTH_MS
                # Two recordings are two tracks, however much they look alike.
                and (recording is None or track.musicbrainz.recording in (None, recording))
            )
        )
    return proofs


def _same(one: str | None, other: str | None) -> bool:
    return search_key(one or "") == search_key(other or "")
