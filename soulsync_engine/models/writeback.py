"""Edits of metadata and what became of each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulsync_engine.models.refs import ItemRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtistPatch:
    """Fields of an artist to set. None leaves a field alone; an empty value clears it.

    `lock` asks the server to protect the fields that are set from its own scans.
    """

    name: str | None = None
    sort_name: str | None = None
    genres: tuple[str, ...] | None = None
    biography: str | None = None
    lock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumPatch:
    """Fields of an album to set; see `ArtistPatch` for the rules."""

    title: str | None = None
    sort_title: str | None = None
    artists: tuple[str, ...] | None = None
    genres: tuple[str, ...] | None = None
    year: int | None = None
    lock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPatch:
    """Fields of a track to set; see `ArtistPatch` for the rules."""

    title: str | None = None
    artists: tuple[str, ...] | None = None
    genres: tuple[str, ...] | None = None
    disc: int | None = None
    track_number: int | None = None
    lock: bool = False


class FieldOutcome(StrEnum):
    """What happened to one field of a patch."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    UNSUPPORTED = "unsupported"
    LOCKED = "locked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldResult:
    """The outcome for one field, known from reading it back. `reason` is empty only for the first two."""

    outcome: FieldOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchResult:
    """The outcome of a patch, one result for each field that the patch set."""

    ref: ItemRef
    fields: Mapping[str, FieldResult]
