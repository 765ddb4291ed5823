"""One Python API over many music servers.

Hosts import from here; authors of backends import from `soulsync_engine.plugin`. Everything is loaded on its
first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    __version__: str
    from soulsync_engine import errors as errors
    from soulsync_engine import models as models
    from soulsync_engine.capabilities import Capabilities as Capabilities
    from soulsync_engine.capabilities import Capability as Capability
    from soulsync_engine.capabilities import Grade as Grade
    from soulsync_engine.capabilities import Support as Support
    from soulsync_engine.config import EngineConfig as EngineConfig
    from soulsync_engine.config import ServerConfig as ServerConfig
    from soulsync_engine.config import load_config as load_config
    from soulsync_engine.discovery import BackendRecord as BackendRecord
    from soulsync_engine.discovery import discover as discover
    from soulsync_engine.engine import MediaServerEngine as MediaServerEngine
    from soulsync_engine.errors import SoulSyncError as SoulSyncError
    from soulsync_engine.mirror import Mirror as Mirror
    from soulsync_engine.models import EVERYTHING as EVERYTHING
    from soulsync_engine.models import ItemRef as ItemRef
    from soulsync_engine.models import Kind as Kind
    from soulsync_engine.models import Scope as Scope
    from soulsync_engine.policy import SyncPolicy as SyncPolicy
    from soulsync_engine.server import MediaServer as MediaServer
    from soulsync_engine.sync import SyncProgress as SyncProgress
    from soulsync_engine.sync import SyncReport as SyncReport
    from soulsync_engine.sync.worker import DatabaseUpdateWorker as DatabaseUpdateWorker

_HOMES: Final = {
    "BackendRecord": "discovery",
    "Capabilities": "capabilities",
    "Capability": "capabilities",
    "DatabaseUpdateWorker": "sync.worker",
    "EVERYTHING": "models",
    "EngineConfig": "config",
    "Grade": "capabilities",
    "ItemRef": "models",
    "Kind": "models",
    "MediaServer": "server",
    "MediaServerEngine": "engine",
    "Mirror": "mirror",
    "Scope": "models",
    "ServerConfig": "config",
    "SoulSyncError": "errors",
    "Support": "capabilities",
    "SyncPolicy": "policy",
    "SyncProgress": "sync",
    "SyncReport": "sync",
    "discover": "discovery",
    "load_config": "config",
}

__all__ = [
    "EVERYTHING",
    "BackendRecord",
    "Capabilities",
    "Capability",
    "DatabaseUpdateWorker",
    "EngineConfig",
    "Grade",
    "ItemRef",
    "Kind",
    "MediaServer",
    "MediaServerEngine",
    "Mirror",
    "Scope",
    "ServerConfig",
    "SoulSyncError",
    "Support",
    "SyncPolicy",
    "SyncProgress",
    "SyncReport",
    "__version__",
    "discover",
    "errors",
    "load_config",
    "models",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib_metadata import version

        return version("soulsync-engine")
    if name in ("errors", "models"):
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
