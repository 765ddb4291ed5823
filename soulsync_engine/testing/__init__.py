"""What authors of backends test with: scenarios, a reference backend, and the conformance kit.

    from soulsync_engine.testing import BackendConformance

The kit needs `pip install "soulsync-engine[testing]"`. Names are loaded on first use, so that what needs neither
pytest nor mutagen works without them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soulsync_engine.testing.conformance import BackendConformance
    from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack, rewrite_scenario, write_scenario

__all__ = ["BackendConformance", "Scenario", "ScenarioTrack", "rewrite_scenario", "write_scenario"]

_HOMES = {
    "BackendConformance": "soulsync_engine.testing.conformance",
    "Scenario": "soulsync_engine.testing.scenarios",
    "ScenarioTrack": "soulsync_engine.testing.scenarios",
    "rewrite_scenario": "soulsync_engine.testing.scenarios",
    "write_scenario": "soulsync_engine.testing.scenarios",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(home), name)
    except ModuleNotFoundError as error:
        if error.name not in ("pytest", "mutagen"):
            raise
        raise ModuleNotFoundError(
            f"soulsync_engine.testing.{name} needs {error.name}, which is not installed; "
            'install the extra: pip install "soulsync-engine[testing]"',
            name=error.name,
        ) from error
