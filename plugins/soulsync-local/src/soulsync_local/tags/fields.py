"""The rules that turn the texts of a file into one `FileTags`.

The texts come under the lower-case Vorbis names ("title", "albumartist", "musicbrainz_albumid", ...), each a
list of values; the readers of the other formats translate into them. The rules:

* **Text.** Control characters, NUL bytes, byte order marks and zero-width spaces go, line breaks and tabs
  become a blank (the joiners that emoji and some scripts need stay), blanks around go. What is empty then
  counts as absent. Length is not limited.
* **Many values** are what the format itself keeps apart: repeated Vorbis, APE and ASF fields, several `data`
  atoms of MP4, NUL bytes in ID3v2.4. Text is not cut at separators, because "AC/DC", "Tyler, The Creator" and
  "Simon & Garfunkel" are names, with these exceptions:

  - Genres are cut at ";" ("Rock;Jazz") in every format.
  - ID3v2.3 knows no NUL separator and joins values with "/". Artists are cut there only on evidence: when the
    file has at least two MusicBrainz ids for them, just as many as there are parts, and no part joins names
    itself ("feat.", "&"). Genres are cut at "/" there only when the text is no known genre and every part is
    one ("Rock/Jazz"; not "Pop/Funk", which is a genre of its own).
  - MusicBrainz ids and ISRCs are found by their shape, however they are joined. What has not that shape is
    dropped.

* **Artists** are those of the separate list field ("ARTISTS") where a tagger wrote one, else the artist field;
  the same for album artists ("ALBUMARTISTS").
* **Genres** written as numbers, "17" or "(17)" or "(4)Eurodisco", are the names ID3 gives them. Duplicates go,
  the case of the first one stays.
* **Numbers** are whole numbers from 1 to 9999, alone or before a slash ("3", "03", "3/12"). "0", "A1" and "-1"
  are none.
* **Years** are the first four digits that stand alone, or begin eight that do ("1999", "1999-04-01",
  "19990401", "01.04.1999"), from 1000 to 2999. "0000", "20O1" and "199?" are none. The date of the release
  comes before that of the original.
* **Compilation** is set by "1", "true" or "yes".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from soulsync_local.tags.values import FileTags

Texts = Mapping[str, Sequence[str]]

FIELDS: Final = frozenset(
    {
        *(
            "title",
            "artists",
            "artist",
            "album",
            "albumartists",
            "albumartist",
            "album artist",
            "album_artist",
        ),
        *("discnumber", "disc", "tracknumber", "track", "date", "year", "originaldate", "originalyear"),
        *("genre", "compilation", "isrc", "musicbrainz_trackid", "musicbrainz_releasetrackid"),
        *("musicbrainz_albumid", "musicbrainz_releasegroupid"),
        *("musicbrainz_artistid", "musicbrainz_albumartistid"),
    }
)
"""The names of all texts that the rules ask for."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ISRC = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})-?([A-Za-z0-9]{3})-?([0-9]{2})-?([0-9]{5})(?![0-9])")
_PLAIN_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NUMBER = re.compile(r"\s*0*([1-9][0-9]{0,3})\s*(?:/.*)?\Z", re.DOTALL)
_YEAR = re.compile(r"(?<![0-9])([12][0-9]{3})(?:[0-9]{4})?(?![0-9])")
_JOINS_NAMES = re.compile(r"&|\b(?:feat|ft|featuring|with|vs|and|x)\b", re.IGNORECASE)
_ARTIST_FIELDS = ("artists", "artist")
_ALBUM_ARTIST_FIELDS = ("albumartists", "albumartist", "album artist", "album_artist")
_TRUE = frozenset({"1", "true", "yes"})
_SEPARATORS_OF_V23 = (" / ", "/", "; ", ";")

_INVISIBLE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x2060, 0xFEFF])
_INVISIBLE.update({ord("\t"): " ", ord("\n"): " ", ord("\r"): " ", 0x2028: " ", 0x2029: " "})


def clean(text: str) -> str:
    """A text fit for display and for storing; empty when nothing is left."""
    if text.isprintable():
        return text.strip()
    shown = text.replace("\r\n", "\n").translate(_INVISIBLE)
    # Lone surrogates cannot be stored nor sent.
    return shown.encode("utf-8", "replace").decode("utf-8").strip()


def _cleaned(values: Sequence[str]) -> list[str]:
    return [shown for value in values if (shown := clean(value))]


def _first(values: Sequence[str] | None) -> str | None:
    for value in values or ():
        if shown := clean(value):
            return shown
    return None


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _ids(values: Sequence[str] | None) -> tuple[str, ...]:
    if not values:
        return ()
    if len(values) == 1 and _UUID.fullmatch(values[0]):
        return (values[0].lower(),)
    return _distinct(found.lower() for value in values for found in _UUID.findall(value))


def _id(values: Sequence[str] | None) -> str | None:
    found = _ids(values)
    return found[0] if found else None


def _isrcs(values: Sequence[str] | None) -> tuple[str, ...]:
    if not values:
        return ()
    if len(values) == 1 and _PLAIN_ISRC.fullmatch(values[0]):
        return (values[0],)
    return _distinct("".join(found).upper() for value in values for found in _ISRC.findall(value))


# The values met in most files of a folder are few: short numbers, one date, one album, one artist, some genres.
_remembered = lru_cache(maxsize=4096)


@_remembered
def number(text: str) -> int | None:
    """The track or disc number in a text such as "3/12"."""
    found = _NUMBER.match(text)
    return int(found.group(1)) if found else None


def _number(texts: Texts, *names: str) -> int | None:
    for name in names:
        for value in texts.get(name, ()):
            found = number(clean(value))
            if found is not None:
                return found
    return None


@_remembered
def year(text: str) -> int | None:
    """The year in a date as taggers write dates."""
    found = _YEAR.search(text)
    return int(found.group(1)) if found else None


def _year(texts: Texts) -> int | None:
    for name in ("date", "year", "originaldate", "originalyear"):
        for value in texts.get(name, ()):
            found = year(clean(value))
            if found is not None:
                return found
    return None


def _names(texts: Texts, ids: tuple[str, ...], fields: tuple[str, ...], v23: bool) -> tuple[str, ...]:
    for field in fields:
        values = texts.get(field)
        if values and (names := _cleaned(values)):
            break
    else:
        return ()
    if len(names) > 1:
        return _distinct(names)
    if v23 and len(ids) > 1:
        for separator in _SEPARATORS_OF_V23:
            parts = [part.strip() for part in names[0].split(separator)]
            if len(parts) == len(ids) and all(parts) and not any(map(_JOINS_NAMES.search, parts)):
                return _distinct(parts)
    return (names[0],)


def _genres_in(text: str, v23: bool) -> list[str]:
    from mutagen.id3 import TCON

    found: list[str] = []
    for part in text.split(";"):
        shown = clean(part)
        if not shown:
            continue
        if shown[0] == "(" or shown.isdigit():
            found.extend(filter(None, map(clean, TCON(encoding=3, text=[shown]).genres)))
        elif v23 and "/" in shown:
            found.extend(_slashed(shown))
        else:
            found.append(shown)
    return found


@lru_cache(maxsize=1)
def _known_genres() -> frozenset[str]:
    from mutagen.id3 import TCON

    return frozenset(genre.casefold() for genre in TCON.GENRES)


def _slashed(text: str) -> list[str]:
    known = _known_genres()
    parts = [part.strip() for part in text.split("/")]
    if text.casefold() not in known and all(part.casefold() in known for part in parts):
        return parts
    return [text]


@_remembered
def _genres(values: tuple[str, ...], v23: bool) -> tuple[str, ...]:
    genres: dict[str, str] = {}
    for value in values:
        for genre in _genres_in(value, v23):
            genres.setdefault(genre.casefold(), genre)
    return tuple(genres.values())


def _compilation(values: Sequence[str]) -> bool:
    return any(clean(value).casefold() in _TRUE for value in values)


def file_tags(
    texts: Texts,
    *,
    v23: bool,
    seconds: float | None,
    bits_per_second: float | None,
    size: int,
    sample_rate: int | None,
    codec: str,
    has_cover: bool,
) -> FileTags:
    """One file's tags from its texts and its stream. `v23` says that the texts are those of an ID3v2.3 tag.

    Where no rate is stated, it is that of the whole file, which has `size` bytes.
    """
    get = texts.get
    if not bits_per_second and seconds:
        bits_per_second = size * 8 / seconds
    artist_ids = _ids(get("musicbrainz_artistid"))
    album_artist_ids = _ids(get("musicbrainz_albumartistid"))
    genres = get("genre")
    compilation = get("compilation")
    return FileTags(
        title=_first(get("title")),
        artists=_names(texts, artist_ids, _ARTIST_FIELDS, v23),
        album=_first(get("album")),
        album_artists=_names(texts, album_artist_ids, _ALBUM_ARTIST_FIELDS, v23),
        disc=_number(texts, "discnumber", "disc"),
        track=_number(texts, "tracknumber", "track"),
        duration_ms=round(seconds * 1000) if seconds and 0 < seconds < 1e9 else None,
        year=_year(texts),
        genres=_genres(tuple(genres), v23) if genres else (),
        compilation=_compilation(compilation) if compilation else False,
        recording_id=_id(get("musicbrainz_trackid")),
        track_id=_id(get("musicbrainz_releasetrackid")),
        release_id=_id(get("musicbrainz_albumid")),
        release_group_id=_id(get("musicbrainz_releasegroupid")),
        artist_ids=artist_ids,
        album_artist_ids=album_artist_ids,
        isrcs=_isrcs(get("isrc")),
        bitrate=round(bits_per_second / 1000) or None if bits_per_second and bits_per_second > 0 else None,
        codec=codec,
        sample_rate=int(sample_rate) if sample_rate and sample_rate > 0 else None,
        has_cover=has_cover,
    )
