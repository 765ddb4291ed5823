"""How the files of one folder become albums. Pure functions of tags and paths; the rules are in the documentation.

The unit is the album folder: one folder together with its disc folders. So one changed file means looking at the
tags of its neighbours again, and never at those of the whole library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

import msgspec

from soulsync_local.ids import album_id, artist_id
from soulsync_local.keys import main_artist, name_key
from soulsync_local.naming import album_from_folder, artist_from_folder, folder_disc
from soulsync_local.tags.values import FileTags

GROUPING_VERSION = 1
"""Grows whenever the same files would be grouped otherwise, so that what was stored before is grouped again."""

VARIOUS_ARTISTS = "Various Artists"

_of_album = attrgetter(
    "album",
    "album_artists",
    "compilation",
    "year",
    "genres",
    "release_id",
    "release_group_id",
    "album_artist_ids",
)
_of_artists = attrgetter("artists", "artist_ids")
"""What also tells of the album where no album artists are named."""

_T = TypeVar("_T")
_File = TypeVar("_File", bound="GroupFile")


class GroupFile(msgspec.Struct, gc=False):
    """One readable file of the folder. `added` and `updated` are in nanoseconds since 1970."""

    path: bytes
    tags: FileTags
    added: int
    updated: int


@dataclass(frozen=True, slots=True)
class AlbumArtist:
    """One album artist of a part of an album."""

    id: str
    key: str
    name: str
    musicbrainz_id: str | None


@dataclass(frozen=True, slots=True)
class AlbumPart(Generic[_File]):
    """What one folder holds of an album. Mostly that is all of it; an album may lie in several folders."""

    id: str
    title: str
    artists: tuple[AlbumArtist, ...]
    year: int | None
    genres: tuple[str, ...]
    compilation: bool
    discs: tuple[int, ...]
    duration_ms: int | None
    release_id: str | None
    release_group_id: str | None
    added: int
    updated: int
    files: tuple[_File, ...]


def artist_names(tags: FileTags, folder: bytes, root_name: str) -> tuple[str, ...]:
    """The artists of a track: as tagged, else its album artists, else what the folders say."""
    return tags.artists or tags.album_artists or (artist_from_folder(folder, root_name),)


def album_title(tags: FileTags, folder: bytes, root_name: str) -> str:
    """The title of a track's album: as tagged, else the name of its folder."""
    return tags.album or album_from_folder(folder, root_name)


def group_folder(
    library: str, folder: bytes, root_name: str, files: Sequence[_File]
) -> tuple[AlbumPart[_File], ...]:
    """The albums, or parts of albums, that these files of one album folder make. `files` are in path order."""
    if _all_say_the_same(files):
        # Then one speaks for all, which spares most folders most of the work.
        file = files[0]
        (owner,) = _owners(files[:1], folder, root_name)
        title = name_key(album_title(file.tags, folder, root_name))
        keys = tuple(map(name_key, owner))
        return (_part(library, folder, root_name, title, keys, [(file, owner)], files),)
    by_title: dict[str, list[_File]] = {}
    for file in files:
        by_title.setdefault(name_key(album_title(file.tags, folder, root_name)), []).append(file)
    parts: list[AlbumPart[_File]] = []
    for title, members in by_title.items():
        owners = _owners(members, folder, root_name)
        by_owner: dict[tuple[str, ...], list[tuple[_File, tuple[str, ...]]]]
        if owners.count(owners[0]) == len(owners):
            by_owner = {tuple(map(name_key, owners[0])): list(zip(members, owners, strict=True))}
        else:
            by_owner = {}
            for file, owner in zip(members, owners, strict=True):
                by_owner.setdefault(tuple(map(name_key, owner)), []).append((file, owner))
        parts.extend(
            _part(library, folder, root_name, title, keys, owned, [file for file, _ in owned])
            for keys, owned in by_owner.items()
        )
    return tuple(parts)


def _all_say_the_same(files: Sequence[GroupFile]) -> bool:
    """Whether the tags of all files say the same of their album."""
    if not files:
        return False
    said = [_of_album(file.tags) for file in files]
    if said.count(said[0]) != len(said):
        return False
    return bool(files[0].tags.album_artists) or len({_of_artists(file.tags) for file in files}) == 1


def _owners(files: Sequence[GroupFile], folder: bytes, root_name: str) -> list[tuple[str, ...]]:
    """The album artists of each of these files, which lie in one folder and name the same album."""
    untold = [file.tags for file in files if not file.tags.album_artists and not file.tags.compilation]
    shared = _shared_artists(untold, folder, root_name) if untold else ()
    return [
        file.tags.album_artists or ((VARIOUS_ARTISTS,) if file.tags.compilation else shared) for file in files
    ]


def _shared_artists(untold: Sequence[FileTags], folder: bytes, root_name: str) -> tuple[str, ...]:
    """The album artists of files that name none: their common artist, many artists, or what the folders say."""
    credited = [tags.artists for tags in untold if tags.artists]
    if not credited:
        return (artist_from_folder(folder, root_name),)
    if len({tuple(map(name_key, names)) for names in credited}) == 1 and len(credited[0]) > 1:
        return _most_common(credited) or ()
    mains = [main_artist(names[0]) for names in credited]
    name = _most_common(mains)
    if name is None or len(set(map(name_key, mains))) > 1:
        return (VARIOUS_ARTISTS,)
    return (name,)


def _part(
    library: str,
    folder: bytes,
    root_name: str,
    title_key: str,
    owner_keys: tuple[str, ...],
    owned: Sequence[tuple[_File, tuple[str, ...]]],
    files: Sequence[_File],
) -> AlbumPart[_File]:
    """`owned` are those of the files that tell what the album is, with their album artists."""
    tags = [file.tags for file, _ in owned]
    release = _most_common([tag.release_id for tag in tags])
    year = _most_common([tag.year for tag in tags])
    durations = [file.tags.duration_ms for file in files if file.tags.duration_ms is not None]
    return AlbumPart(
        # The edition keeps a reissue apart from the first issue, also when both are called the same.
        id=album_id(library, owner_keys, title_key, release or (str(year) if year is not None else "")),
        title=_most_common([album_title(tag, folder, root_name) for tag in tags]) or "",
        artists=_artists(library, owner_keys, owned),
        year=year,
        genres=_genres(tags),
        compilation=any(tag.compilation for tag in tags) or owner_keys == (name_key(VARIOUS_ARTISTS),),
        discs=tuple(sorted({disc_of(file.path, file.tags) or 1 for file in files})),
        duration_ms=sum(durations) if durations else None,
        release_id=release,
        release_group_id=_most_common([tag.release_group_id for tag in tags]),
        added=min([file.added for file in files]),
        updated=max([file.updated for file in files]),
        files=tuple(files),
    )


def disc_of(path: bytes, tags: FileTags) -> int | None:
    """The disc: as tagged, else the number of the disc folder."""
    return tags.disc if tags.disc is not None else folder_disc(path)


def _artists(
    library: str, keys: tuple[str, ...], owned: Sequence[tuple[GroupFile, tuple[str, ...]]]
) -> tuple[AlbumArtist, ...]:
    artists: dict[str, AlbumArtist] = {}
    for position, key in enumerate(keys):
        if key in artists:
            continue
        ids = [_musicbrainz_id(file.tags, owner, position) for file, owner in owned]
        artists[key] = AlbumArtist(
            id=artist_id(library, key),
            key=key,
            name=_most_common([owner[position] for _, owner in owned]) or key,
            musicbrainz_id=_most_common(ids),
        )
    return tuple(artists.values())


def _musicbrainz_id(tags: FileTags, owner: tuple[str, ...], position: int) -> str | None:
    """The id of the album artist at that position, where the tags have as many ids as names."""
    if tags.album_artists:
        names, ids = tags.album_artists, tags.album_artist_ids
    elif tags.artists == owner:
        names, ids = tags.artists, tags.artist_ids
    else:
        return None
    return ids[position] if len(names) == len(ids) else None


def _most_common(values: Sequence[_T | None]) -> _T | None:
    """The value met most often; of several, the one met first. None does not count."""
    # Mostly all are equal, and that is quickly seen.
    if not values or values.count(values[0]) == len(values):
        return values[0] if values else None
    present = [value for value in values if value is not None]
    return Counter(present).most_common(1)[0][0]


def _genres(tags: Sequence[FileTags]) -> tuple[str, ...]:
    """All genres, the most frequent first, each as it was first spelled."""
    every = [tag.genres for tag in tags]
    if every.count(every[0]) == len(every) and len(set(map(name_key, every[0]))) == len(every[0]):
        return every[0]
    shown: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for genres in every:
        for genre in genres:
            key = name_key(genre)
            counts[key] += 1
            shown.setdefault(key, genre)
    return tuple(shown[key] for key, _ in counts.most_common())
