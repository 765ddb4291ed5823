"""What the simulated server holds: sections and their artists, albums and tracks, as rows in the server's own words."""

from __future__ import annotations

import itertools
import time
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from soulsync_engine.testing.audio import TEMPLATES
from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack
from soulsync_plex.simulator.made import MadeLibrary, MadeRows
from soulsync_plex.simulator.personality import Personality
from soulsync_plex.simulator.rows import (
    ALBUM,
    ARTIST,
    TRACK,
    TYPE_NAMES,
    Row,
    base_row,
    media_row,
    parent_fields,
)

_UNKNOWN_ARTIST = "[Unknown Artist]"
_UNKNOWN_ALBUM = "[Unknown Album]"
_OFF_DISPLAY = frozenset({"updatedAt", "addedAt", "ratingKey", "key", "thumb", "Media", "parentThumb"})


@dataclass(slots=True)
class SimulatedSection:
    """A section. `library` is the scenario's name of it, None for one that holds no scenario.

    Where a library is spread over several sections, `part` counts them from 0.
    """

    key: str
    title: str
    type: str
    agent: str
    library: str | None
    part: int = 0
    content_changed: int = 1
    scanned: int = 0
    polls_left: int = 0
    items: Mapping[int, Mapping[str, Row]] = field(default_factory=lambda: {ARTIST: {}, ALBUM: {}, TRACK: {}})

    @property
    def path(self) -> str:
        """The folder of the section."""
        return _numbered(f"/media/{self.library or self.title}", self.part)


class Catalogue:
    """Everything with a key. Keys are given once; what is found again keeps its own."""

    def __init__(self, personality: Personality) -> None:
        self._personality = personality
        self._keys = itertools.count(1001)
        self._known: dict[tuple[object, ...], str] = {}
        self.sections: dict[str, SimulatedSection] = {}
        self.covers: dict[str, bytes] = {}
        self.revision = 0
        # Each load is a second of its own, and all of them lie in the past.
        self._clock = int(time.time()) - 1_000_000

    def now(self) -> int:
        """The next second of the server's own time."""
        self._clock += 1
        return self._clock

    def load(self, scenario: Scenario) -> None:
        """Hold a scenario, by scanning its files: rows of files that did not change stay as they are."""
        first = not self.sections
        if first:
            self._make_sections(scenario)
        moment, changed = self.now(), False
        for section in self.sections.values():
            if section.library is not None:
                mine = [track for track in scenario.tracks if self._belongs(track, section)]
                changed = self._replace(section, self._scanned(section, mine, moment), moment) or changed
        if changed and not first and self._personality.rekeys:
            self.rekey()

    def generate(self, artists: int, albums_each: int, tracks_each: int) -> None:
        """Hold nothing but a made-up library of that size, in each section for music. It cannot be edited."""
        self.sections.clear()
        self._make_sections(Scenario(name="made", tracks=()))
        for number, section in enumerate(section for section in self.sections.values() if section.library):
            library = MadeLibrary(
                section=section.key,
                title=section.title,
                path=section.path,
                number=number,
                artists=artists,
                albums_each=albums_each,
                tracks_each=tracks_each,
                moment=self.now(),
            )
            section.items = {kind: MadeRows(library, kind) for kind in TYPE_NAMES}
            section.content_changed += 1
        self.revision += 1

    def rekey(self) -> None:
        """Give every item a new key, as after a library was made anew from the same files."""
        for section in self.sections.values():
            moment = self.now()
            new = {key: self._next_key() for rows in section.items.values() for key in rows}
            self.covers.update({new[key]: data for key, data in self.covers.items() if key in new})
            self._known = {identity: new.get(key, key) for identity, key in self._known.items()}
            section.items = {
                kind: {new[key]: _rekeyed(row, new, moment) for key, row in rows.items()}
                for kind, rows in section.items.items()
            }
            section.content_changed += 1
        self.revision += 1

    def touch(self, key: str) -> None:
        """Note that an item was edited."""
        section, row = self.find(key)
        row["updatedAt"] = self.now()
        section.content_changed += 1
        self.revision += 1

    def remove_section(self, key: str) -> None:
        """Delete a section."""
        del self.sections[key]
        self.revision += 1

    def find(self, key: str) -> tuple[SimulatedSection, Row]:
        """An item by its key. Raises `KeyError`."""
        for section in self.sections.values():
            for rows in section.items.values():
                if key in rows:
                    return section, rows[key]
        raise KeyError(key)

    def has(self, key: str) -> bool:
        """Whether there is such an item."""
        return any(key in rows for section in self.sections.values() for rows in section.items.values())

    def _make_sections(self, scenario: Scenario) -> None:
        titles = dict(self._personality.titles)
        wanted: list[tuple[str, str, str, str | None]] = [
            (title, kind, agent, None) for title, kind, agent in self._personality.more_sections
        ]
        wanted += [
            (titles.get(name, name), "artist", "tv.plex.agents.music", name) for name in scenario.libraries
        ]
        spread = self._personality.spread if len(scenario.libraries) == 1 else 1
        for title, kind, agent, name in wanted:
            for part in range(spread if name is not None else 1):
                key = str(len(self.sections) + 1)
                section = SimulatedSection(
                    key=key, title=_numbered(title, part), type=kind, agent=agent, library=name, part=part
                )
                section.scanned = self.now()
                self.sections[key] = section

    def _belongs(self, track: ScenarioTrack, section: SimulatedSection) -> bool:
        """Whether a section holds a track. Spread over several, what is of one artist stays together."""
        parts = sum(other.library == section.library for other in self.sections.values())
        part = zlib.crc32(_artist_of(track).encode()) % parts
        return track.library == section.library and part == section.part

    def _replace(self, section: SimulatedSection, new: dict[int, dict[str, Row]], moment: int) -> bool:
        changed = False
        for kind, rows in new.items():
            old = section.items[kind]
            for key, row in rows.items():
                before = old.get(key)
                if before is not None and _shown(before) == _shown(row):
                    rows[key] = before
                    continue
                changed = True
                if before is not None:
                    row["addedAt"] = before["addedAt"]
            changed = changed or bool(old.keys() - rows.keys())
        section.items = new
        section.scanned = moment
        if changed:
            section.content_changed += 1
            self.revision += 1
        return changed

    def _scanned(
        self, section: SimulatedSection, tracks: list[ScenarioTrack], moment: int
    ) -> dict[int, dict[str, Row]]:
        items: dict[int, dict[str, Row]] = {ARTIST: {}, ALBUM: {}, TRACK: {}}
        for track in tracks:
            artist = self._artist(section, items, _artist_of(track), moment)
            album = self._album(section, items, artist, track, moment)
            self._track(section, items, artist, album, track, moment)
        return items

    def _artist(
        self, section: SimulatedSection, items: dict[int, dict[str, Row]], name: str, moment: int
    ) -> Row:
        key = self._key_for(section.key, "artist", unicodedata.normalize("NFC", name))
        row = items[ARTIST].get(key)
        if row is None:
            row = base_row(key, "artist", name, section.key, section.title, moment)
            row["key"] = f"/library/metadata/{key}/children"
            row["index"] = 1
            items[ARTIST][key] = row
        return row

    def _album(
        self,
        section: SimulatedSection,
        items: dict[int, dict[str, Row]],
        artist: Row,
        track: ScenarioTrack,
        moment: int,
    ) -> Row:
        title = track.album or _UNKNOWN_ALBUM
        key = self._key_for(section.key, "album", artist["title"], title)
        row = items[ALBUM].get(key)
        if row is None:
            row = base_row(key, "album", title, section.key, section.title, moment)
            row.update(parent_fields(artist, "parent"))
            row["key"] = f"/library/metadata/{key}/children"
            row["index"] = 1
            row["leafCount"] = 0
            if track.year:
                row["year"] = track.year
                row["originallyAvailableAt"] = f"{track.year}-01-01"
            if track.compilation:
                row["Subformat"] = [{"tag": "Compilation"}]
            items[ALBUM][key] = row
        row["leafCount"] = _number(row["leafCount"]) + 1
        genres = _listed(row.get("Genre")) + [{"tag": genre} for genre in track.genres]
        if genres:
            row["Genre"] = [genre for number, genre in enumerate(genres) if genre not in genres[:number]]
        if track.cover is not None:
            row["thumb"] = f"/library/metadata/{key}/thumb/{moment}"
            self.covers[key] = track.cover
        return row

    def _track(
        self,
        section: SimulatedSection,
        items: dict[int, dict[str, Row]],
        artist: Row,
        album: Row,
        track: ScenarioTrack,
        moment: int,
    ) -> None:
        key = self._key_for(section.key, "track", track.file)
        stem = track.file.rpartition("/")[2].rpartition(".")[0]
        row = base_row(key, "track", track.title or stem, section.key, section.title, moment)
        row.update(parent_fields(artist, "grandparent") | parent_fields(album, "parent"))
        if track.artists and "; ".join(track.artists) != artist["title"]:
            row["originalTitle"] = "; ".join(track.artists)
        row["index"] = track.track_number or 0
        row["parentIndex"] = track.disc or 1
        row["duration"] = track.duration_ms
        if track.recording_id:
            row["Guid"] = [{"id": f"mbid://{track.recording_id}"}]
        if "thumb" in album:
            row["parentThumb"] = row["thumb"] = album["thumb"]
        template = TEMPLATES[track.format]
        row["Media"] = [
            media_row(
                key,
                f"{section.path}/{track.file}",
                template.codec,
                track.format.value,
                track.duration_ms,
                len(template.data()),
                template.sample_rate,
            )
        ]
        items[TRACK][key] = row

    def _key_for(self, *identity: object) -> str:
        if identity not in self._known:
            self._known[identity] = self._next_key()
        return self._known[identity]

    def _next_key(self) -> str:
        return str(next(self._keys))


def _artist_of(track: ScenarioTrack) -> str:
    return "; ".join(track.album_artists or track.artists[:1] or (_UNKNOWN_ARTIST,))


def _numbered(name: str, part: int) -> str:
    return f"{name} {part + 1}" if part else name


def _rekeyed(row: Row, new: Mapping[str, str], moment: int) -> Row:
    changed = {**row, "updatedAt": moment}
    for name in ("ratingKey", "parentRatingKey", "grandparentRatingKey"):
        if name in changed:
            changed[name] = new[str(changed[name])]
    for name in ("key", "parentKey", "grandparentKey"):
        old = str(row.get(name, ""))
        if old:
            owner = str(
                row[{"key": "ratingKey", "parentKey": "parentRatingKey"}.get(name, "grandparentRatingKey")]
            )
            changed[name] = old.replace(f"/{owner}", f"/{new[owner]}", 1)
    return changed


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _OFF_DISPLAY}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
