"""Who we are to Plex."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

PRODUCT: Final = "soulsync-engine"


def identity(client: str) -> dict[str, str]:
    """The headers that say which program asks; `client` tells one installation from another."""
    return {
        "X-Plex-Client-Identifier": client.encode("ascii", "replace").decode(),
        "X-Plex-Product": PRODUCT,
        "X-Plex-Version": version("soulsync-plex"),
        "X-Plex-Device-Name": PRODUCT,
    }
