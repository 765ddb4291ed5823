"""The texts of every tag format under one set of names: the lower-case Vorbis ones.

Each function takes the tag object of one mutagen format. Fields nobody asks for are left out where that is cheap.
"""

from __future__ import annotations

from collections.abc import Iterable

from mutagen.apev2 import APETextValue, APEv2
from mutagen.asf import ASFTags
from mutagen.id3 import ID3
from mutagen.mp4 import MP4Tags

MUSICBRAINZ_OWNER = "http://musicbrainz.org"

MUSICBRAINZ_NAMES = {
    "artists": "artists",
    "albumartists": "albumartists",
    "isrc": "isrc",
    "musicbrainz track id": "musicbrainz_trackid",
    "musicbrainz release track id": "musicbrainz_releasetrackid",
    "musicbrainz album id": "musicbrainz_albumid",
    "musicbrainz release group id": "musicbrainz_releasegroupid",
    "musicbrainz artist id": "musicbrainz_artistid",
    "musicbrainz album artist id": "musicbrainz_albumartistid",
}
"""How taggers name the fields that a format has no field for, in lower case (ID3 TXXX, MP4 free form)."""

_ID3 = {
    "TIT2": "title",
    "TPE1": "artist",
    "TALB": "album",
    "TPE2": "albumartist",
    "TRCK": "tracknumber",
    "TPOS": "discnumber",
    "TDRC": "date",
    "TDOR": "originaldate",
    "TCON": "genre",
    "TCMP": "compilation",
    "TSRC": "isrc",
}
MP4_NAMES = {
    "\xa9nam": "title",
    "\xa9ART": "artist",
    "\xa9alb": "album",
    "aART": "albumartist",
    "\xa9day": "date",
    "\xa9gen": "genre",
}
"""The atoms of an MP4 file that hold texts."""
_ASF = {
    "title": "title",
    "author": "artist",
    "wm/artists": "artists",
    "wm/albumtitle": "album",
    "wm/albumartist": "albumartist",
    "wm/albumartists": "albumartists",
    "wm/tracknumber": "tracknumber",
    "wm/partofset": "discnumber",
    "wm/year": "date",
    "wm/originalreleaseyear": "originalyear",
    "wm/genre": "genre",
    "wm/iscompilation": "compilation",
    "wm/isrc": "isrc",
    "musicbrainz/track id": "musicbrainz_trackid",
    "musicbrainz/release track id": "musicbrainz_releasetrackid",
    "musicbrainz/album id": "musicbrainz_albumid",
    "musicbrainz/release group id": "musicbrainz_releasegroupid",
    "musicbrainz/artist id": "musicbrainz_artistid",
    "musicbrainz/album artist id": "musicbrainz_albumartistid",
}


def of_vorbis(comments: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The texts of Vorbis comments, given as pairs of name and value."""
    texts: dict[str, list[str]] = {}
    for name, value in comments:
        name = name.lower()
        if name in texts:
            texts[name].append(value)
        else:
            texts[name] = [value]
    return texts


def of_id3(tags: ID3) -> dict[str, list[str]]:
    """The texts of an ID3 tag of any version, which mutagen has brought into the frames of v2.4."""
    texts: dict[str, list[str]] = {}
    for frame in tags.values():
        kind = frame.FrameID
        name = MUSICBRAINZ_NAMES.get(frame.desc.lower()) if kind == "TXXX" else _ID3.get(kind)
        if name is not None:
            texts.setdefault(name, []).extend(map(str, frame.text))
        elif kind == "UFID" and frame.owner == MUSICBRAINZ_OWNER:
            texts.setdefault("musicbrainz_trackid", []).append(frame.data.decode("latin-1"))
    return texts


def of_mp4(tags: MP4Tags) -> dict[str, list[str]]:
    """The texts of the item list of an MP4 file."""
    texts: dict[str, list[str]] = {}
    for atom, values in tags.items():
        if atom in MP4_NAMES:
            texts[MP4_NAMES[atom]] = list(values)
        elif atom.startswith("----:"):
            name = MUSICBRAINZ_NAMES.get(atom.rpartition(":")[2].lower())
            if name is not None:
                texts.setdefault(name, []).extend(bytes(value).decode("utf-8", "replace") for value in values)
        elif atom in ("trkn", "disk"):
            name = "tracknumber" if atom == "trkn" else "discnumber"
            texts[name] = [str(number) for number, _total in values]
        elif atom == "cpil":
            texts["compilation"] = ["1" if values else "0"]
    return texts


def of_ape(tags: APEv2) -> dict[str, list[str]]:
    """The texts of an APEv2 tag; most of its names are the Vorbis ones already."""
    return {name.lower(): list(value) for name, value in tags.items() if isinstance(value, APETextValue)}


def of_asf(tags: ASFTags) -> dict[str, list[str]]:
    """The texts of a Windows Media file."""
    texts: dict[str, list[str]] = {}
    for attribute, value in tags:
        name = _ASF.get(attribute.lower())
        if name is not None:
            texts.setdefault(name, []).append(str(value))
    return texts
