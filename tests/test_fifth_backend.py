"""A backend the engine has never heard of: found by metadata alone, run, and measured like any other."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from soulsync_engine.discovery import BackendRecord
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.mirror.records import MirrorCounts, SyncMode
from soulsync_engine.models import Kind
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.spec import BACKEND_GROUP
from soulsync_engine.testing.scenarios import small

HOME = Path(__file__).parent / "fifth_backend"
SOURCE = HOME / "src"
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]

sys.path.insert(0, str(SOURCE))

from soulsync_fifth import conformance  # noqa: E402

RECORD = BackendRecord(
    name="fifth",
    distribution=PROJECT["name"],
    version=PROJECT["version"],
    value=PROJECT["entry-points"][BACKEND_GROUP]["fifth"],
)


class TestFifth(conformance.TestFifth):
    """The kit on the backend as its pyproject.toml announces it, without installing it."""

    backend_record = RECORD


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the distribution's metadata can be found, as after `pip install`."""
    dist_info = tmp_path / "soulsync_fifth-0.1.0.dist-info"
    dist_info.mkdir()
    (dist_info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: {PROJECT['version']}\n", encoding="utf-8"
    )
    entries = "".join(f"{name} = {value}\n" for name, value in PROJECT["entry-points"][BACKEND_GROUP].items())
    (dist_info / "entry_points.txt").write_text(f"[{BACKEND_GROUP}]\n{entries}", encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE), *sys.path])}


def backends(environ: dict[str, str]) -> list[str]:
    code = (
        "import sys; from soulsync_engine.discovery import discover\n"
        "print(*(record.name for record in discover({})))\n"
        "assert 'soulsync_fifth' not in sys.modules, 'listing imported it'"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_it_appears_with_its_metadata_and_vanishes_without(installed: dict[str, str]) -> None:
    assert "fifth" in backends(installed)
    assert "fifth" not in backends({**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def test_the_kit_runs_on_it_by_name_alone(installed: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "soulsync_engine.testing", "fifth", "-q", "-kTestFifth and every_track"]
    run = subprocess.run(command, env=installed, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_its_own_tests_pass(installed: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_fifth_file.py"]
    run = subprocess.run(command, env=installed, cwd=HOME, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "5 passed" in run.stdout


def test_no_line_of_the_engine_names_it() -> None:
    engine = Path(__file__).parents[1] / "soulsync_engine"
    naming = [path for path in engine.rglob("*.py") if "fifth" in path.read_text(encoding="utf-8").casefold()]
    assert naming == []


def test_it_is_mirrored_like_any_other(tmp_path: Path) -> None:
    settings = conformance.TestFifth().make_settings(small(), tmp_path)
    config = {
        "server": {"active": "records"},
        "servers": {"records": {"backend": "fifth", **settings}},
        "engine": {"data_dir": str(tmp_path / "data")},
        "mirror": {"url": f"sqlite:///{(tmp_path / 'mirror.db').as_posix()}"},
    }
    with MediaServerEngine(config, records=[RECORD], plugins=GlobalPlugins()) as engine:
        engine.sync()
        assert engine.mirror.counts() == MirrorCounts(libraries=1, artists=3, albums=5, tracks=17)
        assert {hit.item.ref.kind for hit in engine.mirror.search("neap")} >= {Kind.ALBUM}
        assert engine.sync().mode is SyncMode.UNCHANGED
