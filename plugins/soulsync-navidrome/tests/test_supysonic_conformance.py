"""The conformance kit on a real server: supysonic, installed and started by the tests, on real audio files.

It is a program of its own, run as one. Its environment is kept between runs, its state lies in memory.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.models import Kind
from soulsync_engine.testing import BackendConformance, Scenario, rewrite_scenario, write_scenario

_PACKAGES = ("supysonic==0.7.9", "gunicorn==23.0.0")
_PASSWORD = "secret-7c2e"
_PATIENCE = 20.0

_CONFIGURATION = """[base]
database_uri = sqlite:///{home}/supysonic.db
[webapp]
cache_dir = {home}/cache
log_file = {home}/web.log
[daemon]
socket = {home}/daemon.sock
run_watcher = false
log_file = {home}/daemon.log
"""


@cache
def memory() -> Path:
    """A folder in memory, of this process alone."""
    shared = Path("/dev/shm")
    root = Path(
        tempfile.mkdtemp(prefix="soulsync-supysonic-", dir=shared if os.access(shared, os.W_OK) else None)
    )
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return root


@cache
def blank_database() -> bytes:
    """The database of a server that knows its admin and nothing else."""
    home = memory() / "blank"
    _prepare(home)
    _command(home, "user", "add", "admin", "-p", _PASSWORD)
    _command(home, "user", "setroles", "-A", "admin")
    return (home / "supysonic.db").read_bytes()


class Supysonic:
    """One server that has scanned a scenario. `programs` is where it is installed."""

    programs: ClassVar[Path]
    _numbers = itertools.count()

    def __init__(self, scenario: Scenario) -> None:
        self.home = memory() / f"server-{next(self._numbers)}"
        self.library = self.home / "library"
        self.scenario = scenario
        _prepare(self.home)
        (self.home / "supysonic.db").write_bytes(blank_database())
        for name, root in write_scenario(scenario, self.library).items():
            _command(self.home, "folder", "add", name, str(root))
        self.scan()
        self._scanned = (self.home / "supysonic.db").read_bytes()
        self.port = _free_port()
        arguments = [
            "-b",
            f"127.0.0.1:{self.port}",
            "-w",
            "1",
            "--threads",
            "4",
            "supysonic.web:create_application()",
        ]
        self._processes = [_start(self.home, "gunicorn", *arguments)]
        _wait_for(self.base_url)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, object]:
        return {"base_url": self.base_url, "username": "admin", "password": _PASSWORD, "timeout": 20.0}

    def scan(self) -> None:
        _command(self.home, "folder", "scan", "-f", "--foreground")

    def start_daemon(self) -> None:
        """What scans on request need."""
        self._processes.append(_start(self.home, "supysonic-daemon"))
        deadline = time.monotonic() + _PATIENCE
        while not (self.home / "daemon.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def change(self, after: Scenario) -> None:
        rewrite_scenario(self.scenario, after, self.library)
        self.scenario = after
        self.scan()

    def begin_anew(self, scenario: Scenario) -> None:
        """Forget what was done since the first scan."""
        if self.scenario != scenario:
            rewrite_scenario(self.scenario, scenario, self.library)
            self.scenario = scenario
        fresh = self.home / "fresh.db"
        fresh.write_bytes(self._scanned)
        fresh.replace(self.home / "supysonic.db")

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(_PATIENCE)


def _prepare(home: Path) -> None:
    configuration = home / ".config/supysonic/supysonic.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(_CONFIGURATION.format(home=home))
    (home / "cache").mkdir()


def _command(home: Path, *arguments: str) -> None:
    command = [Supysonic.programs / "supysonic-cli", *arguments]
    subprocess.run(command, env={**os.environ, "HOME": str(home)}, capture_output=True, check=True)


def _start(home: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (home / f"{program}.out").open("wb") as output:
        return subprocess.Popen(
            [Supysonic.programs / program, *arguments],
            env={**os.environ, "HOME": str(home)},
            stdout=output,
            stderr=output,
        )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(base_url: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{base_url}/rest/ping.view", timeout=2.0)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(f"supysonic did not start within {_PATIENCE:.0f} s")


@pytest.fixture(autouse=True, scope="module")
def _installed(programs: Callable[..., Path]) -> None:
    Supysonic.programs = programs("supysonic", *_PACKAGES)


@pytest.mark.xdist_group("supysonic")
class TestSupysonic(BackendConformance):
    """The whole kit on supysonic, which speaks Subsonic 1.12."""

    backend_record = BackendRecord(
        name="subsonic", distribution="soulsync-navidrome", version="", value="soulsync_navidrome:subsonic"
    )
    expected_failures: ClassVar[Mapping[str, str]] = {
        "test_several_artists_of_a_track_are_several_credits": "it keeps one artist of a song",
        "test_several_genres_are_several": "it keeps one genre of a song",
        "test_long_titles_are_not_cut": "it cuts titles after 255 characters",
        f"test_a_rating_is_kept_and_can_be_cleared[{Kind.ALBUM}]": "it rates songs and folders alone",
        f"test_a_rating_is_kept_and_can_be_cleared[{Kind.ARTIST}]": "it rates songs and folders alone",
        "test_an_edit_changes_what_it_names": "it takes an empty comment for none at all",
    }
    servers: ClassVar[dict[str, Supysonic]] = {}
    own: ClassVar[dict[str, Supysonic]] = {}

    def make_settings(self, scenario: Scenario, folder: Path) -> Mapping[str, object]:
        shared = folder.parent.name == "shared"
        if not shared and scenario.name in self.own:
            self.own[scenario.name].begin_anew(scenario)
            return self.own[scenario.name].settings
        server = Supysonic(scenario)
        self.servers[server.base_url] = server
        if not shared:
            server.start_daemon()
            self.own[scenario.name] = server
        return server.settings

    def make_unreachable(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        return {**settings, "base_url": "http://127.0.0.1:9"}

    def reject_credentials(self, settings: Mapping[str, object], folder: Path) -> Mapping[str, object]:
        return {**settings, "password": "wrong-5f1c-secret"}

    def change_library(
        self, settings: Mapping[str, object], before: Scenario, after: Scenario, folder: Path
    ) -> None:
        self.servers[str(settings["base_url"])].change(after)

    @classmethod
    def teardown_class(cls) -> None:
        for server in cls.servers.values():
            server.stop()
        cls.servers.clear()
        cls.own.clear()
