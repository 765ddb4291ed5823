"""Scenarios as real, tagged audio files, for every server that reads a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from soulsync_engine.testing.audio import write_audio
from soulsync_engine.testing.scenarios.model import Scenario, ScenarioTrack


def write_scenario(scenario: Scenario, folder: Path) -> Mapping[str, Path]:
    """Write every file of the scenario below `folder`, one folder per library, and return those folders by name.

    Needs mutagen (extra `testing`). Raises `OSError` when it cannot write.
    """
    roots = {name: folder / name for name in scenario.libraries}
    for root in roots.values():
        root.mkdir(parents=True, exist_ok=True)
    for track in scenario.tracks:
        _write(roots[track.library], track)
    return roots


def rewrite_scenario(before: Scenario, after: Scenario, folder: Path) -> None:
    """Turn the files of one scenario into those of another, touching only what differs."""
    old = {(track.library, track.file): track for track in before.tracks}
    new = {(track.library, track.file): track for track in after.tracks}
    for library, file in old.keys() - new.keys():
        (folder / library / file).unlink()
    for key, track in new.items():
        if old.get(key) != track:
            _write(folder / track.library, track)


def _write(root: Path, track: ScenarioTrack) -> None:
    path = root / track.file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, track.format, track.tags())
