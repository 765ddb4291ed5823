"""What a test wants to find in a file, in the words of the tag fields, not of one format."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The tags to write. None and empty tuples are not written at all.

    `track` and `disc` may be text, to write what careless taggers write ("A1", "1/0"). `year` may be text for the same
    reason; a date such as "1999-04-01" is a year too. `artists` are the values of the artist field; `artist_credit`,
    when given, goes into the artist field instead ("A feat. B") and `artists` into the separate list field that
    MusicBrainz taggers write beside it; `album_artist_credit` does the same for the album artists.
    """

    title: str | None = None
    artists: tuple[str, ...] = ()
    artist_credit: str | None = None
    album: str | None = None
    album_artists: tuple[str, ...] = ()
    album_artist_credit: str | None = None
    track: int | str | None = None
    track_total: int | None = None
    disc: int | str | None = None
    disc_total: int | None = None
    year: int | str | None = None
    genres: tuple[str, ...] = ()
    compilation: bool = False
    recording_id: str | None = None
    track_id: str | None = None
    release_id: str | None = None
    release_group_id: str | None = None
    artist_ids: tuple[str, ...] = ()
    album_artist_ids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    cover: bytes | None = field(default=None, repr=False)
    cover_mime: str = "image/jpeg"
