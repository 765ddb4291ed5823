"""This backend's part of the conformance kit. Run it: python -m soulsync_engine.testing local"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from soulsync_engine.testing import BackendConformance, Scenario, rewrite_scenario, write_scenario


class TestLocal(BackendConformance):
    """The whole kit, on folders of real audio files."""

    backend_name = "local"

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        """Write the files and name their folders."""
        roots = [str(root) for root in write_scenario(scenario, folder).values()]
        # Reading in this process keeps the many small servers of the kit quick.
        one, *more = roots
        return {"path": one, "paths": more, "workers": 0}

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        """Unmount the folder, as it were."""
        root = Path(str(settings["path"]))
        root.rename(root.with_name(f"{root.name} unmounted"))
        return settings

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        """Change the files that differ."""
        rewrite_scenario(before, after, folder)
