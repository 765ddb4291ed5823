"""Build every distribution, then use each from its wheel, as somebody who never saw this repository would.

Each environment is new and holds nothing but the wheels under test and what they declare to need. Any check that
does not hold ends the script with the output of the command concerned.

    python scripts/check_wheels.py [FOLDER]      the wheels are left in FOLDER, or in no place without one
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIFTH = ROOT / "tests" / "fifth_backend"
CATALOGUE = {
    "libraries": [
        {
            "name": "Records",
            "tracks": [
                {"file": "Dawn.flac", "title": "Dawn", "artists": ["Amber Foxes"], "album": "First Light"}
            ],
        }
    ]
}
"""What the fifth backend is given to serve."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution built here: its name, the backends it brings, its wheel."""

    name: str
    backends: tuple[str, ...]
    wheel: Path


class Environment:
    """A virtual environment, with a configuration and a data folder of its own."""

    def __init__(self, folder: Path, *requirements: str) -> None:
        print(f"-- {folder.name}", flush=True)
        self.home = folder / "home"
        self._scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        _run([sys.executable, "-m", "virtualenv", "--quiet", str(folder / "venv")], cwd=folder.parent)
        self.home.mkdir()
        self.install(*requirements)

    def install(self, *requirements: str) -> None:
        """Install wheels, and what they need from the index; compiling all of it would take longer than using it."""
        self.python("-m", "pip", "install", "--quiet", "--no-compile", *requirements)

    def uninstall(self, distribution: str) -> None:
        """Uninstall a distribution."""
        self.python("-m", "pip", "uninstall", "--quiet", "--yes", distribution)

    def python(self, *arguments: str) -> str:
        """Run Python in the environment and return its output."""
        return _run([str(self._scripts / "python"), *arguments], cwd=self.home, extra=self._variables())

    def soulsync(self, *arguments: str) -> str:
        """Run the command line of the environment and return its output."""
        return _run([str(self._scripts / "soulsync"), *arguments], cwd=self.home, extra=self._variables())

    def backends(self) -> set[str]:
        """The names of the backends that the engine finds here."""
        listing = json.loads(self.soulsync("backends", "--json"))
        return {record["name"] for record in listing["backends"]}

    def _variables(self) -> dict[str, str]:
        home = str(self.home)
        return {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}


def _run(command: Sequence[str], *, cwd: Path, extra: Mapping[str, str] | None = None) -> str:
    # A PYTHONPATH would let the environment see this repository, a SOULSYNC_CONFIG somebody's servers.
    hidden = ("PYTHON", "SOULSYNC")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**variables, **(extra or {})},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if extra is None else subprocess.PIPE,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}\n{done.stderr or ''}")
    return done.stdout


def check(holds: bool, claim: str) -> None:
    """End the script unless `holds`."""
    if not holds:
        sys.exit(f"does not hold: {claim}")
    print(f"   {claim}", flush=True)


def build(source: Path, target: Path) -> Distribution:
    """Build a distribution's wheel out of its source distribution, so that both are proven complete."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    _run([sys.executable, "-m", "build", "--outdir", str(target), str(source)], cwd=target)
    [wheel] = target.glob(f"{project['name'].replace('-', '_')}-*.whl")
    entry_points = project.get("entry-points", {}).get("soulsync_engine.backends", {})
    return Distribution(project["name"], tuple(entry_points), wheel)


def check_core_alone(folder: Path, core: Distribution) -> None:
    """The core installs, finds no backend and says what to do."""
    environment = Environment(folder, str(core.wheel))
    check(environment.backends() == set(), "the core alone finds 0 backends, and that is no failure")
    message = environment.soulsync("backends")
    check("pip install" in message, "it says how to get one")


def check_plugin(folder: Path, core: Distribution, plugin: Distribution) -> None:
    """The core with one plugin finds that plugin's backends and loads them, with no more than it declares to need."""
    environment = Environment(folder, str(core.wheel), str(plugin.wheel))
    check(
        environment.backends() == set(plugin.backends), f"{plugin.name} brings {', '.join(plugin.backends)}"
    )
    check_loading(environment, plugin.backends)


def check_loading(environment: Environment, backends: Sequence[str]) -> None:
    """Every backend's code can be imported and fits the contract."""
    examined = json.loads(environment.soulsync("doctor", "--json"))["examinations"]
    working = {examination["backend"] for examination in examined if examination["works"]}
    check(working == set(backends), f"can be loaded: {', '.join(sorted(backends))}")


def check_conformance(environment: Environment, backend: str) -> None:
    """The conformance kit, out of the wheel, passes on the backend."""
    output = environment.python("-m", "soulsync_engine.testing", backend, "-q", "-pno:cacheprovider")
    check(" passed" in output, f"{backend} conforms: {output.strip().splitlines()[-1]}")


def check_all(folder: Path, core: Distribution, plugins: Sequence[Distribution]) -> None:
    """All plugins live together in one environment."""
    environment = Environment(folder, *(str(distribution.wheel) for distribution in (core, *plugins)))
    expected = {backend for plugin in plugins for backend in plugin.backends}
    check(environment.backends() == expected, f"together: {', '.join(sorted(expected))}")
    check_loading(environment, sorted(expected))


def check_fifth(folder: Path, core: Distribution, fifth: Distribution) -> None:
    """A backend of somebody else appears, runs, conforms and vanishes; the core is the same wheel throughout."""
    environment = Environment(folder, f"{core.wheel}[testing]")
    check(environment.backends() == set(), "before it is installed it is not there")
    environment.install(str(fifth.wheel))
    [backend] = fifth.backends
    check(environment.backends() == {backend}, f"{backend} appears")
    catalogue = environment.home / "catalogue.json"
    catalogue.write_text(json.dumps(CATALOGUE), encoding="utf-8")
    environment.soulsync("servers", "add", "records", "--backend", backend, "--set", f"path={catalogue}")
    environment.soulsync("sync")
    hits = json.loads(environment.soulsync("search", "dawn", "--kind", "track", "--json"))["hits"]
    check([hit["item"]["title"] for hit in hits] == ["Dawn"], f"{backend} runs: its track is in the mirror")
    check_conformance(environment, backend)
    environment.uninstall(fifth.name)
    check(environment.backends() == set(), f"{backend} vanishes when it is uninstalled")


def main(arguments: Sequence[str]) -> None:
    """Build everything and run every check."""
    with tempfile.TemporaryDirectory(prefix="soulsync-wheels-") as temporary:
        work = Path(temporary)
        target = Path(arguments[0]).resolve() if arguments else work / "dist"
        target.mkdir(parents=True, exist_ok=True)
        core = build(ROOT, target)
        plugins = [
            build(manifest.parent, target) for manifest in sorted(ROOT.glob("plugins/*/pyproject.toml"))
        ]
        fifth = build(FIFTH, target)

        for name in ("core", "all", "fifth", *(plugin.name for plugin in plugins)):
            (work / name).mkdir()
        check_core_alone(work / "core", core)
        for plugin in plugins:
            check_plugin(work / plugin.name, core, plugin)
        check_all(work / "all", core, plugins)
        check_fifth(work / "fifth", core, fifth)


if __name__ == "__main__":
    main(sys.argv[1:])
