"""What reading a file gives: its tags, or the reason why there are none."""

from __future__ import annotations

from typing import Literal

import msgspec

READER_VERSION = 3
"""Grows whenever the same file would give another `FileTags`, so that what was stored before is read again."""

ProblemReason = Literal["missing", "unreadable", "empty", "damaged", "not-audio"]
"""Why a file gives no tags.

`missing`: it is not there (any more). `unreadable`: the system refuses to read it. `empty`: it has no bytes.
`damaged`: it starts as an audio file and cannot be read as one, for example because it was cut short.
`not-audio`: nothing in it is audio.
"""


class FileTags(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """The tags and the audio properties of one file. None and empty tuples: the file does not say.

    Texts have no control characters and no blanks around them. `disc` and `track` start at 1. `duration_ms` is in
    milliseconds, `bitrate` in kbit/s (an average), `sample_rate` in Hz. `codec` is one of mp3, flac, vorbis, opus, aac,
    alac, pcm, wma, ape, wavpack, musepack, or another lower-case word for what is rarer. MusicBrainz ids are lower-case
    UUIDs and ISRCs have no dashes, in the order of the file. Stored values are arrays: new fields go to the end.
    """

    title: str | None = None
    artists: tuple[str, ...] = ()
    album: str | None = None
    album_artists: tuple[str, ...] = ()
    disc: int | None = None
    track: int | None = None
    duration_ms: int | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    compilation: bool = False
    recording_id: str | None = None
    track_id: str | None = None
    release_id: str | None = None
    release_group_id: str | None = None
    artist_ids: tuple[str, ...] = ()
    album_artist_ids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    bitrate: int | None = None
    codec: str | None = None
    sample_rate: int | None = None
    has_cover: bool = False


class TagProblem(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """Why one file gave no tags. `detail` says it in words, without the path."""

    reason: ProblemReason
    detail: str
