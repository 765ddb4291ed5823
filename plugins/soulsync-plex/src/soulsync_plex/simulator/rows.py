"""Rows in the server's own words."""

from __future__ import annotations

from typing import Final

Row = dict[str, object]

ARTIST, ALBUM, TRACK = 8, 9, 10
TYPE_NAMES: Final = {ARTIST: "artist", ALBUM: "album", TRACK: "track"}


def base_row(key: str, kind: str, title: str, section: str, section_title: str, moment: int) -> Row:
    """What every item has."""
    return {
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "guid": f"plex://{kind}/{int(key):024x}",
        "type": kind,
        "title": title,
        "summary": "",
        "addedAt": moment,
        "updatedAt": moment,
        "librarySectionID": int(section),
        "librarySectionTitle": section_title,
        "librarySectionKey": f"/library/sections/{section}",
    }


def parent_fields(row: Row, prefix: str) -> Row:
    """What an item has of the one it belongs to."""
    key = row["ratingKey"]
    return {
        f"{prefix}RatingKey": key,
        f"{prefix}Key": f"/library/metadata/{key}",
        f"{prefix}Guid": row["guid"],
        f"{prefix}Title": row["title"],
    }


def media_row(
    key: str, path: str, codec: str, container: str, duration: int, size: int, sample_rate: int | None
) -> Row:
    """One version of a track with its file. `duration` is in milliseconds, `size` in bytes."""
    part: Row = {
        "id": int(key),
        "key": f"/library/parts/{key}/1/file.{container}",
        "duration": duration,
        "file": path,
        "size": size,
        "container": container,
    }
    if sample_rate is not None:
        part["Stream"] = [{"id": int(key), "streamType": 2, "codec": codec, "samplingRate": sample_rate}]
    return {
        "id": int(key),
        "duration": duration,
        "bitrate": 900,
        "audioChannels": 2,
        "audioCodec": codec,
        "container": container,
        "Part": [part],
    }
