"""How the library was read the last time, kept beside the server's other data so that `soulsync doctor` can tell."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from soulsync_engine.http import decoder_of

_FILE: Final = "reading.json"


class ReadingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The way a library was read, why it was chosen, and what it took."""

    route: str
    reason: str
    tracks: int
    requests: int

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"The last time {self.tracks} tracks were listed by {_ROUTES.get(self.route, self.route)}, "
            f"in {self.requests} requests, because {self.reason}."
        )


_ROUTES: Final = {
    "native": "Navidrome's own API",
    "search": "search3",
    "albums": "getAlbumList2 and getAlbum",
    "artists": "getArtists, getArtist and getAlbum",
}


def load(data_dir: Path) -> ReadingReport | None:
    """The last report, None where there is none that can be read."""
    try:
        return decoder_of(ReadingReport).decode((data_dir / _FILE).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def save(data_dir: Path, report: ReadingReport, log: logging.Logger) -> None:
    """Keep a report. That it cannot be kept is no reason to fail a listing."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=data_dir, prefix=_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(report))
        Path(name).replace(data_dir / _FILE)
    except OSError as error:
        log.warning("How the library was read cannot be noted: %s", error.strerror)
