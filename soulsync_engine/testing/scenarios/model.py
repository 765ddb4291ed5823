"""A scenario: a music library as data, from which both the files and the expectations are made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from soulsync_engine.testing.audio import TEMPLATES, AudioFormat, Tags

MUSIC = "Music"
"""The name of the library of scenarios that have only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTrack:
    """One file. `file` is its path inside its library, with `/`; `title=None` means no tags at all."""

    file: str
    title: str | None = None
    artists: tuple[str, ...] = ()
    album: str | None = None
    album_artists: tuple[str, ...] = ()
    disc: int | None = None
    track_number: int | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    compilation: bool = False
    isrcs: tuple[str, ...] = ()
    cover: bytes | None = field(default=None, repr=False)
    library: str = MUSIC

    @property
    def format(self) -> AudioFormat:
        """The audio format, by the file's suffix."""
        return AudioFormat(self.file.rpartition(".")[2])

    @property
    def duration_ms(self) -> int:
        """The length of the sound in the file, in milliseconds."""
        return TEMPLATES[self.format].duration_ms

    @property
    def tagged(self) -> bool:
        """Whether the tags say all that is needed to place the track: title, artist, album and album artist."""
        return None not in (self.title, self.album) and bool(self.artists and self.album_artists)

    @property
    def recording_id(self) -> str | None:
        """The MusicBrainz recording id that is written into the tags of a fully tagged file."""
        return musicbrainz_id("recording", self.library, self.file) if self.tagged else None

    def tags(self) -> Tags | None:
        """What is written into the file; None for a file without tags."""
        if self.title is None:
            return None
        return Tags(
            title=self.title,
            artists=self.artists,
            album=self.album,
            album_artists=self.album_artists,
            disc=self.disc,
            track=self.track_number,
            year=self.year,
            genres=self.genres,
            compilation=self.compilation,
            isrcs=self.isrcs,
            recording_id=self.recording_id,
            cover=self.cover,
            cover_mime="image/png",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAlbum:
    """An album that every server must show for a scenario, whatever its grouping rules are."""

    title: str
    artists: tuple[str, ...]
    library: str
    track_count: int
    disc_count: int
    year: int | None
    compilation: bool


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A library, or several, of known content. The same data make the files and what a server has to show.

    `exact` says that every file is fully tagged and credits nobody but its album artists, so that
    artists and albums are known to the last one. Otherwise the expected ones are among those shown.
    """

    name: str
    tracks: tuple[ScenarioTrack, ...]
    libraries: tuple[str, ...] = (MUSIC,)

    @cached_property
    def exact(self) -> bool:
        """Whether artists and albums shown must be exactly the expected ones."""
        return all(track.tagged and set(track.artists) <= set(track.album_artists) for track in self.tracks)

    @cached_property
    def albums(self) -> tuple[ExpectedAlbum, ...]:
        """The albums that the fully tagged files make, in the order of the files."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[ScenarioTrack]] = {}
        for track in self.tracks:
            if track.album is not None and track.tagged:
                groups.setdefault((track.library, track.album, track.album_artists), []).append(track)
        return tuple(
            ExpectedAlbum(
                title=title,
                artists=artists,
                library=library,
                track_count=len(tracks),
                disc_count=len({track.disc or 1 for track in tracks}),
                year=tracks[0].year,
                compilation=tracks[0].compilation,
            )
            for (library, title, artists), tracks in groups.items()
        )

    @cached_property
    def artists(self) -> tuple[str, ...]:
        """The names of the album artists of the fully tagged files, each once, in the order of the files."""
        return tuple(dict.fromkeys(name for album in self.albums for name in album.artists))

    def of_library(self, library: str) -> Scenario:
        """The part of the scenario that is in one library."""
        mine = tuple(track for track in self.tracks if track.library == library)
        return replace(self, tracks=mine, libraries=(library,))

    def with_tracks(self, *tracks: ScenarioTrack) -> Scenario:
        """The scenario after these files were added; a file that is there already is replaced in its place."""
        changed = {(track.library, track.file): track for track in (*self.tracks, *tracks)}
        return replace(self, tracks=tuple(changed.values()))

    def without(self, gone: Iterable[ScenarioTrack]) -> Scenario:
        """The scenario after these files were deleted."""
        removed = set(gone)
        return replace(self, tracks=tuple(track for track in self.tracks if track not in removed))


def musicbrainz_id(*names: str) -> str:
    """A made-up MusicBrainz id, the same for the same names."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names)))
