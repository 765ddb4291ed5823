"""This backend's part of the conformance kit. Run it: python -m soulsync_engine.testing fifth"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from soulsync_engine.testing import BackendConformance, Scenario, ScenarioTrack


class TestFifth(BackendConformance):
    """The whole kit, on files made of its scenarios."""

    backend_name = "fifth"

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        path = folder / "catalogue.json"
        path.write_text(json.dumps(_document(scenario)), encoding="utf-8")
        return {"path": str(path)}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        Path(str(settings["path"])).unlink()
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        Path(str(settings["path"])).write_text(json.dumps(_document(after)), encoding="utf-8")


def _document(scenario: Scenario) -> dict[str, object]:
    libraries = [
        {"name": name, "tracks": [_row(track) for track in scenario.of_library(name).tracks]}
        for name in scenario.libraries
    ]
    return {"libraries": libraries}


def _row(track: ScenarioTrack) -> dict[str, object]:
    return {
        "file": track.file,
        "title": track.title,
        "artists": track.artists,
        "album": track.album,
        "album_artists": track.album_artists,
        "disc": track.disc,
        "track_number": track.track_number,
        "year": track.year,
        "genres": track.genres,
        "compilation": track.compilation,
        "duration_ms": track.duration_ms,
    }
