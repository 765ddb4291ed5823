"""plexapi's own listener hears the simulated websocket. It needs a library that the backend does not, hence an
environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from soulsync_engine.testing.scenarios import small
from soulsync_plex.simulator import PlexSimulator

WANTED = (f"plexapi=={version('plexapi')}", "websocket-client>=1.6")

LISTENER = """
import json, sys, threading
from plexapi.server import PlexServer
heard, done = [], threading.Event()

def hear(container):
    heard.append(container)
    if container["type"] == "timeline":
        done.set()

listener = PlexServer(*sys.argv[1:]).startAlertListener(hear)
done.wait(20)
print(json.dumps(heard), flush=True)
"""


@pytest.fixture(scope="session")
def python(programs: Callable[..., Path]) -> Path:
    """The interpreter of an environment with plexapi and its listener."""
    return programs("plex-listener", *WANTED) / "python"


@pytest.mark.xdist_group("plex-listener")
def test_it_hears_that_an_item_was_processed(python: Path) -> None:
    # The listener shows its token in the address, which the backend never does.
    with PlexSimulator(small()) as plex:
        command = [str(python), "-c", LISTENER, plex.base_url, plex.token]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listener:
            deadline = time.monotonic() + 20
            while not plex.tokens_in_addresses and time.monotonic() < deadline:
                time.sleep(0.05)
            assert plex.tokens_in_addresses == ["/:/websockets/notifications"]
            time.sleep(0.3)
            plex.change(small().without([small().tracks[0]]))
            heard = json.loads(listener.communicate(timeout=30)[0])
    assert [container["type"] for container in heard] == ["status", "timeline"]
    (entry,) = heard[1]["TimelineEntry"]
    assert (entry["identifier"], entry["type"], entry["state"]) == ("com.plexapp.plugins.library", 10, 5)
