"""The same answer as JSON and as XML, as a real server sends them."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, tostring

from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_plex.simulator.rows import Row

_TAGS: Final = {
    "artist": "Directory",
    "album": "Directory",
    "track": "Track",
    "playlist": "Playlist",
    "photo": "Photo",
}
_XML: Final = "text/xml;charset=utf-8"


def container(
    request: SimulatedRequest,
    content: Row,
    *,
    speaks_json: bool = True,
    headers: dict[str, str] | None = None,
) -> Answer:
    """A `MediaContainer`, in the format that was asked for if the server speaks it."""
    if speaks_json and "json" in request.headers.get("accept", ""):
        return Answer.json({"MediaContainer": content}, headers=headers)
    return Answer(body=element("MediaContainer", content), content_type=_XML, headers=headers or {})


def element(tag: str, content: Row) -> bytes:
    """An XML document: values as attributes, lists as children."""
    body: bytes = tostring(_element(tag, content), encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _element(tag: str, content: Row) -> Element:
    element = Element(tag)
    for name, value in content.items():
        if isinstance(value, list):
            element.extend(_element(_tag(name, child), child) for child in value if isinstance(child, dict))
        elif isinstance(value, dict):
            element.append(_element(name, value))
        elif isinstance(value, bool):
            element.set(name, str(int(value)))
        elif value is not None:
            element.set(name, _allowed(str(value)))
    return element


def _tag(name: str, child: Row) -> str:
    return _TAGS.get(str(child.get("type")), "Video") if name == "Metadata" else name


def _allowed(text: str) -> str:
    """XML has no control characters."""
    return "".join(character for character in text if character >= " " or character in "\t\n\r")
