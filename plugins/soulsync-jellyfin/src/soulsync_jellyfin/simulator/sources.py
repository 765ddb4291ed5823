"""The file of a track as the server describes it: all that a real one was recorded to send, in its order [F]."""

from __future__ import annotations

from hashlib import md5
from typing import Final

from soulsync_jellyfin.simulator.catalogue import Entry

_SOUND_BITS: Final = 320_000
_COVER_BITS: Final = 4_000


_NOT_EMBYS: Final = frozenset(
    {
        *("ETag", "IgnoreDts", "IgnoreIndex", "GenPtsInput", "MediaAttachments"),
        *("VideoRangeType", "AudioSpatialFormat"),
    }
)
"""What came to Jellyfin after the two parted, and is not in Emby's description [E]."""


def media_source(entry: Entry, *, emby: bool) -> dict[str, object]:
    """The one source of a track. Its `Bitrate` is that of the file, so it counts the cover, which is a stream too."""
    streams = [_sound(entry)]
    if "Primary" in entry.pictures:
        streams.append(_cover())
    if emby:
        streams = [_without(stream) for stream in streams]
        return _without(_source(entry, streams))
    return _source(entry, streams)


def _without(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in _NOT_EMBYS}


def _source(entry: Entry, streams: list[dict[str, object]]) -> dict[str, object]:
    return {
        "Protocol": "File",
        "Id": entry.id,
        "Path": entry.path,
        "Type": "Default",
        "Container": entry.suffix,
        "Size": entry.size,
        "Name": entry.name,
        "IsRemote": False,
        "ETag": md5(f"{entry.path}".encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
        "RunTimeTicks": entry.ticks,
        "ReadAtNativeFramerate": False,
        "IgnoreDts": False,
        "IgnoreIndex": False,
        "GenPtsInput": False,
        "SupportsTranscoding": True,
        "SupportsDirectStream": True,
        "SupportsDirectPlay": True,
        "IsInfiniteStream": False,
        "RequiresOpening": False,
        "RequiresClosing": False,
        "RequiresLooping": False,
        "SupportsProbing": True,
        "MediaStreams": streams,
        "MediaAttachments": [],
        "Formats": [],
        "Bitrate": _SOUND_BITS + _COVER_BITS,
        "RequiredHttpHeaders": {},
        "TranscodingSubProtocol": "http",
        "DefaultAudioStreamIndex": 0,
    }


def _sound(entry: Entry) -> dict[str, object]:
    return {
        "Codec": entry.codec,
        "TimeBase": "1/44100",
        "VideoRange": "Unknown",
        "VideoRangeType": "Unknown",
        "AudioSpatialFormat": "None",
        "DisplayTitle": f"{entry.codec.upper()} - Stereo",
        "IsInterlaced": False,
        "IsAVC": False,
        "ChannelLayout": "stereo",
        "BitRate": _SOUND_BITS,
        "Channels": 2,
        "SampleRate": 44100,
        "IsDefault": False,
        "IsForced": False,
        "IsHearingImpaired": False,
        "Type": "Audio",
        "Index": 0,
        "IsExternal": False,
        "IsTextSubtitleStream": False,
        "SupportsExternalStream": False,
        "Level": 0,
    }


def _cover() -> dict[str, object]:
    return {
        "Codec": "mjpeg",
        "ColorSpace": "bt470bg",
        "TimeBase": "1/90000",
        "VideoRange": "Unknown",
        "VideoRangeType": "Unknown",
        "AudioSpatialFormat": "None",
        "IsInterlaced": False,
        "IsAVC": False,
        "BitDepth": 8,
        "RefFrames": 1,
        "IsDefault": False,
        "IsForced": False,
        "IsHearingImpaired": False,
        "Height": 449,
        "Width": 500,
        "RealFrameRate": 90000,
        "Profile": "Baseline",
        "Type": "EmbeddedImage",
        "AspectRatio": "500:449",
        "Index": 1,
        "IsExternal": False,
        "IsTextSubtitleStream": False,
        "SupportsExternalStream": False,
        "PixelFormat": "yuvj420p",
        "Level": -99,
        "IsAnamorphic": False,
    }
