"""plexapi's own listener hears the simulated websocket. It needs a library that the backend does not, hence an
environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
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
def python(pytestconfig: pytest.Config) -> Path:
    """The interpreter of an environment with plexapi and its listener, made once and kept with the cache of pytest."""
    if not pytestconfig.pluginmanager.has_plugin("cacheprovider") or pytestconfig.cache is None:
        pytest.skip("there is no place to keep the listener's environment: the cache of pytest is off")
    name = "-".join(WANTED).translate(str.maketrans("", "", "=<>"))
    folder = Path(pytestconfig.cache.mkdir("plex-listener")) / name
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = folder / "ready"
    if not ready.exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(interpreter), "-m", "pip", "install", "--quiet", *WANTED],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"the listener cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
        ready.touch()
    return interpreter


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
