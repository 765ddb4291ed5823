"""Finding a track again whose key is gone, as after a library was made anew: by proof, never by being the first hit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from soulsync_engine.errors import ConflictError
from soulsync_engine.matching.normalise import search_key
from soulsync_engine.models import EVERYTHING, Kind, Scope, Track
from soulsync_plex.listing import LARGEST_PAGE
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
        titled: list[Track] | None = None
        for proof in _proofs(lost):
            if titled is None:
                titled = self._titled(lost.title, scope)
            found = [track for track in titled if proof(track)]
            if len(found) == 1:
                return found[0]
            if found:
                raise ConflictError(
                    f"{lost.title!r} could be any of the tracks {', '.join(track.ref.id for track in found)}.",
                    server=self.server,
                    next_step="Choose one of them.",
                )
        raise self._not_found(Kind.TRACK, lost.ref.id)

    def _titled(self, title: str, scope: Scope) -> list[Track]:
        sections = self._sections.of(scope)
        rows = []
        cursor: str | None = None
        while True:
            page = self._page(Kind.TRACK, sections, cursor, LARGEST_PAGE, {"track.title=": title})
            rows += page.rows
            cursor = page.next_cursor
            if cursor is None:
                facts = self._facts_for(rows)
                return [self._track(row, section, facts) for row, section in rows]


def _proofs(lost: Track) -> list[Proof]:
    proofs: list[Proof] = []
    if recording := lost.musicbrainz.recording:
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
            )
        )
    return proofs


def _same(one: str | None, other: str | None) -> bool:
    return search_key(one or "") == search_key(other or "")
