"""A command line with servers to talk to: in this process for speed, as a process where that is the point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from soulsync_engine.cli.app import app
from soulsync_engine.testing.reference import ReferenceServer
from soulsync_engine.testing.scenarios import small

PROCESS = "from soulsync_engine.cli import main; main()"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The one JSON document on standard output."""
        found: dict[str, object] = json.loads(self.out)
        return found

    @property
    def error(self) -> dict[str, object]:
        """The JSON document on standard error."""
        found: dict[str, object] = json.loads(self.err)["error"]
        return found


class Place:
    """A configuration file, a data folder and a folder of distributions, all of one test."""

    def __init__(self, root: Path) -> None:
        self.config = root / "soulsync.toml"
        self.data = root / "data"
        self.site = root / "site"
        self.site.mkdir()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SOULSYNC_CONFIG": str(self.config),
            "SOULSYNC_ENGINE__DATA_DIR": str(self.data),
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }

    def install(
        self, distribution: str, entry: str, *, group: str = "soulsync_engine.backends", module: str = ""
    ) -> None:
        """Announce an entry point, `name = module:object`, and write the module if its text is given."""
        metadata = self.site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        if module:
            name = entry.partition("=")[2].partition(":")[0].strip()
            (self.site / f"{name}.py").write_text(module)

    def configure(self, **servers: Mapping[str, object]) -> None:
        """Write the configuration; the first server is the active one."""
        lines = ["[server]", f"active = {json.dumps(next(iter(servers)))}"]
        for name, settings in servers.items():
            lines += [
                f"[servers.{name}]",
                *(f"{key} = {json.dumps(value)}" for key, value in settings.items()),
            ]
        self.config.write_text("\n".join(lines) + "\n")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def soulsync(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run a command in this process, with the reference backend installed."""
    place.install("soulsync-reference", "reference = soulsync_engine.testing.reference:backend")
    monkeypatch.syspath_prepend(str(place.site))

    def run(*arguments: str, input: str | None = None, **environ: str) -> Ended:
        result = CliRunner().invoke(
            app, arguments, input=input, env={**place.environ, **environ}, prog_name="soulsync"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def music(place: Place) -> ReferenceServer:
    """A running server with the small scenario, configured as `music`."""
    server = ReferenceServer(small())
    place.configure(music=server.settings())
    return server


class Processes:
    """Runs commands in processes of their own."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def environ(self, **more: str) -> dict[str, str]:
        paths = [str(self._place.site), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, **self._place.environ, "PYTHONPATH": os.pathsep.join(paths), **more}

    def run(self, *arguments: str, program: str = PROCESS, input: str = "", **environ: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=self.environ(**environ),
            input=input.encode(),
            capture_output=True,
            timeout=60,
        )
        return Ended(
            done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

    def start(
        self, *arguments: str, program: str = PROCESS, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=self.environ(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def processes(place: Place) -> Processes:
    return Processes(place)
