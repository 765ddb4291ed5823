"""What the tests of several backends need: environments of their own for other people's programs and clients."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def programs(pytestconfig: pytest.Config) -> Callable[..., Path]:
    """Makes an environment with packages and returns the folder of its programs; it is kept in the cache of pytest.

    Called as `programs(name, *packages)`. Skips the test when they cannot be installed.
    """

    def environment(name: str, *packages: str) -> Path:
        if not pytestconfig.pluginmanager.has_plugin("cacheprovider") or pytestconfig.cache is None:
            pytest.skip(
                "there is no place to keep environments of other programs: the cache of pytest is off"
            )
        place = Path(pytestconfig.cache.mkdir(f"programs-{name}"))
        binaries = place / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        wanted = "\n".join((sys.version, *packages))
        complete = place / "complete"
        with (place / "lock").open("w") as lock:
            # Other workers of the same run want it, too.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists() or complete.read_text() != wanted:
                complete.unlink(missing_ok=True)
                venv.create(place / "venv", with_pip=True, clear=True)
                command = [str(binaries / "python"), "-m", "pip", "install", "--quiet", *packages]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.skip(f"{name} cannot be installed: {done.stderr.strip()[-300:]}")
                complete.write_text(wanted)
        return binaries

    return environment
