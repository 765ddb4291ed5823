"""Items as the server writes them: thin unless fields are asked for, nulls left out but for one [I, A 1.7]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.catalogue import Catalogue, Entry, Library
from soulsync_jellyfin.simulator.personality import Personality
from soulsync_jellyfin.simulator.sources import media_source

Json = dict[str, object]

ALL_FIELDS: Final = frozenset(
    {
        *("SortName", "Overview", "Genres", "Path", "ProviderIds", "MediaSources", "DateCreated", "Etag"),
        *("ChildCount", "CanDelete", "People", "Studios", "Tags", "RecursiveItemCount", "ParentId"),
        *("PrimaryImageAspectRatio", "Settings"),
    }
)
"""What one item alone is sent with; rows of a listing have of these only what `fields` names [I, A 2.1]."""

_ESCAPED: Final = re.compile(r"\\.|[&'+<>`]|[^\x00-\x7f]")


@dataclass(slots=True, kw_only=True)
class Played:
    """One user's relation to one item. Likes are derived from the rating [S]."""

    rating: float | None = None
    count: int = 0
    favorite: bool = False
    played: bool = False
    last: datetime | None = None

    @property
    def likes(self) -> bool | None:
        """What the server takes a rating for."""
        return None if self.rating is None else self.rating >= 6.5


def time_text(moment: datetime) -> str:
    """Seven digits of a second's fraction, and Z [A 1.2]."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def body_of(value: object) -> bytes:
    """JSON as the server escapes it: non-ASCII, quotes and what could be markup in upper-case digits [A 1.16]."""
    plain = msgspec.json.encode(value)
    text = plain.decode()
    if plain.isascii() and not any(sign in text for sign in ("\\", "&", "'", "+", "<", ">", "`")):
        return plain
    return _ESCAPED.sub(_escape, text).encode("ascii")


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign.startswith("\\"):
        return "\\u0022" if sign == '\\"' else sign
    units = sign.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def answer_of(value: object, *, status: int = 200) -> Answer:
    """A JSON answer of the server's type [A 1.10]."""
    return Answer(status=status, body=body_of(value), content_type="application/json; charset=utf-8")


class Renderer:
    """Writes the items of one catalogue."""

    def __init__(self, catalogue: Catalogue, personality: Personality, server_id: str) -> None:
        self._catalogue = catalogue
        self._emby = personality.emby
        self._server_id = server_id

    def result(self, rows: list[Json], total: int, start: int) -> Json:
        """The envelope of a page. Emby sends no start."""
        result: Json = {"Items": rows, "TotalRecordCount": total}
        if not self._emby:
            result["StartIndex"] = start
        return result

    def library(self, library: Library) -> Json:
        """A view."""
        row: Json = {
            "Name": library.name,
            "ServerId": self._server_id,
            "Id": library.id,
            "ChannelId": None,
            "IsFolder": True,
            "Type": "CollectionFolder",
            "LocationType": "FileSystem",
            "MediaType": "Unknown",
            "ImageTags": {},
            "BackdropImageTags": [],
        }
        if library.collection_type is not None:
            row["CollectionType"] = library.collection_type
        return self._trimmed(row)

    def genre(self, genre: str, name: str) -> Json:
        """A genre, which is an item too."""
        return {
            "Name": name,
            "ServerId": self._server_id,
            "Id": genre,
            "ChannelId": None,
            "Type": "Genre",
            "ImageTags": {},
            "BackdropImageTags": [],
            "LocationType": "FileSystem",
            "MediaType": "Unknown",
        }

    def item(self, entry: Entry, fields: frozenset[str], data: Played | None, *, images: bool = True) -> Json:
        """An item with the fields asked for, in the order in which the server writes them [F].

        `data` is what a user has to do with it, None without a user.
        """
        audio = entry.type == "Audio"
        row: Json = {"Name": entry.name, "ServerId": self._server_id, "Id": entry.id}
        if "Etag" in fields:
            row["Etag"] = entry.etag
        if "DateCreated" in fields:
            row["DateCreated"] = time_text(entry.created)
        if audio:
            row |= (
                {"Container": entry.container}
                if self._emby
                else {"HasLyrics": False, "Container": entry.container}
            )
        if "SortName" in fields:
            row["SortName"] = entry.sort_name
            if entry.forced_sort_name:
                row["ForcedSortName"] = entry.forced_sort_name
        if entry.year:
            row["PremiereDate"] = f"{entry.year:04}-01-01T00:00:00.0000000Z"
        if audio and "MediaSources" in fields:
            row["MediaSources"] = [media_source(entry, emby=self._emby)]
        if entry.path is not None and "Path" in fields:
            row["Path"] = entry.path
        row["ChannelId"] = None
        if entry.overview is not None and "Overview" in fields:
            row["Overview"] = entry.overview
        if "Genres" in fields:
            row["Genres"] = list(entry.genres)
        if entry.ticks:
            row["RunTimeTicks"] = entry.ticks
        if entry.year:
            row["ProductionYear"] = entry.year
        if entry.number is not None:
            row["IndexNumber"] = entry.number
        if entry.disc is not None:
            row["ParentIndexNumber"] = entry.disc
        if "ProviderIds" in fields:
            row["ProviderIds"] = entry.provider_ids
        row |= {"IsFolder": not audio, "Type": entry.type}
        row |= {name: [] for name in ("People", "Studios") if name in fields}
        if "Genres" in fields:
            row["GenreItems"] = [
                {"Name": name, "Id": self._catalogue.genre_id(name)} for name in entry.genres
            ]
        if data is not None:
            row["UserData"] = self.user_data(entry.id, data)
        if "Tags" in fields:
            row["Tags"] = []
        if audio or entry.type == "MusicAlbum":
            row |= self._credits(entry)
        if images:
            row |= {
                "ImageTags": {kind: picture.tag for kind, picture in entry.pictures.items()},
                "BackdropImageTags": [],
            }
        row["LocationType"] = "FileSystem"
        row["MediaType"] = "Audio" if entry.type in ("Audio", "Playlist") else "Unknown"
        if "Settings" in fields:
            row |= {"LockedFields": list(entry.locked_fields), "LockData": entry.lock_data}
        return self._trimmed(row)

    def user_data(self, item: str, data: Played) -> Json:
        """What is stored of a user's relation to an item."""
        row: Json = {
            "PlaybackPositionTicks": 0,
            "PlayCount": data.count,
            "IsFavorite": data.favorite,
            "Played": data.played,
            "Key": item,
        }
        row["ItemId"] = item
        if data.rating is not None:
            row["Rating"] = data.rating
        if data.likes is not None and not self._emby:
            row["Likes"] = data.likes
        if data.last is not None:
            row["LastPlayedDate"] = time_text(data.last)
        return row

    def _credits(self, entry: Entry) -> Json:
        row: Json = {
            "Artists": list(entry.artists),
            "ArtistItems": [self._linked(name) for name in entry.artists],
        }
        if entry.album is not None:
            row["Album"] = entry.album
        if entry.album_id is not None:
            row["AlbumId"] = entry.album_id
            album = self._catalogue.items.get(entry.album_id)
            if album is not None and "Primary" in album.pictures:
                row["AlbumPrimaryImageTag"] = album.pictures["Primary"].tag
        if entry.album_artists:
            row["AlbumArtist"] = entry.album_artists[0]
        row["AlbumArtists"] = [self._linked(name) for name in entry.album_artists]
        return row

    def _linked(self, name: str) -> Json:
        return {"Name": name, "Id": self._catalogue.artist_id(name)}

    def _trimmed(self, row: Json) -> Json:
        if self._emby:
            row.pop("ChannelId", None)
        return row


def fields_of(text: str | None) -> frozenset[str]:
    """The fields asked for; unknown ones are dropped [A 1.12]."""
    known: Mapping[str, str] = {name.lower(): name for name in ALL_FIELDS}
    asked = (text or "").split(",")
    return frozenset(known[name.strip().lower()] for name in asked if name.strip().lower() in known)
