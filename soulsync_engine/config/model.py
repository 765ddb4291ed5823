"""The engine's configuration as plain values; secrets are still what the user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from soulsync_engine.policy import CAREFUL, SyncPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """One configured server. `settings` are not validated and not shown, since they may hold secrets."""

    name: str
    backend: str
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """All configured servers, by name, and where the engine keeps its data.

    `active` is the server that `engine.X()` goes to, the one chosen or the only one, None while there is none.
    `source` is the file it came from, None for values passed in code. `sync` says how careful syncs are.
    """

    servers: Mapping[str, ServerConfig]
    active: str | None
    data_dir: Path
    mirror_url: str
    source: Path | None = None
    sync: SyncPolicy = CAREFUL
