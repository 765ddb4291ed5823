"""The conformance kit: subclass `BackendConformance`, and every test of the contract runs for your backend.

class TestJukebox(BackendConformance):
    backend_name = "jukebox"

    def make_settings(self, scenario, folder):
        ...
"""

from __future__ import annotations

import pytest

# pytest can only explain a failed assertion in modules it was told of before they are imported.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in (
            *("kit", "packaging", "configuration", "contract", "paging", "reading", "oddities", "scopes"),
            *(
                "failures",
                "trust",
                "negative",
                "guard",
                "changes",
                "media",
                "playlists",
                "activity",
                "writeback",
                "watching",
            ),
        )
    )
)

from soulsync_engine.testing.conformance.suite import BackendConformance  # noqa: E402

__all__ = ["BackendConformance"]
