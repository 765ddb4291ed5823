"""The shape of the file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TrackEntry(BaseModel):
    """One track; `file` identifies it inside its library."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    duration_ms: int | None = None


class LibraryEntry(BaseModel):
    """One library."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    tracks: tuple[TrackEntry, ...] = ()


class Document(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    libraries: tuple[LibraryEntry, ...] = ()
