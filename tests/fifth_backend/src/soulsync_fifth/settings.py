"""What a user fills in."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from soulsync_engine.plugin import BackendSettings


class FifthSettings(BackendSettings):
    """Where the catalogue is."""

    path: Path = Field(description="The JSON file that lists the tracks")
