"""The demonstration, run on this backend as `nox -s demo` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soulsync_engine.testing.scenarios import small, write_scenario

COMMAND = (sys.executable, "-m", "soulsync_engine.testing.demo", "--backend", "local")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which this backend's metadata are found, also from a checkout that is not installed."""
    dist_info = tmp_path / "site" / "soulsync_local-0.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: soulsync-local\nVersion: 0\n", encoding="utf-8"
    )
    (dist_info / "entry_points.txt").write_text(
        "[soulsync_engine.backends]\nlocal = soulsync_local:backend\n", encoding="utf-8"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    path = os.pathsep.join([str(dist_info.parent), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary), "COLUMNS": "200"}


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False)


def left_behind(environ: dict[str, str]) -> list[Path]:
    return [path for path in Path(environ["TMPDIR"]).iterdir() if path.name.startswith("soulsync-demo")]


def test_it_shows_a_sync_a_search_nothing_to_do_and_the_changes(environ: dict[str, str]) -> None:
    result = run(environ, "--tracks", "40")
    assert result.returncode == 0, result.stderr
    assert "tracks   40    40" in result.stdout
    assert "unchanged: the server proves that nothing changed" in result.stdout
    feed = result.stdout.partition("The change feed")[2]
    rows = [line.split()[1:3] for line in feed.splitlines() if line[:1].isdigit()]
    assert rows.count(["added", "track"]) == 3
    assert rows.count(["removed", "track"]) == 2
    assert rows.count(["moved", "track"]) == 1
    assert rows.count(["changed", "track"]) == 1
    assert left_behind(environ) == []


def test_a_folder_of_the_users_is_only_read(environ: dict[str, str], tmp_path: Path) -> None:
    music = write_scenario(small(), tmp_path / "mine")["Music"]
    before = {path: path.stat() for path in music.rglob("*")}
    result = run(environ, str(music))
    assert result.returncode == 0, result.stderr
    assert "tracks   17" in result.stdout
    assert "The change feed" not in result.stdout
    after = {path: path.stat() for path in music.rglob("*")}
    assert {path: (stat.st_mtime_ns, stat.st_size) for path, stat in before.items()} == {
        path: (stat.st_mtime_ns, stat.st_size) for path, stat in after.items()
    }
    assert left_behind(environ) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("/no/such/folder",), "There is no folder /no/such/folder."),
        (("--backend", "nothing"), "No installed backend is called 'nothing'"),
    ],
)
def test_a_mistake_is_one_sentence(
    environ: dict[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    result = run(environ, *arguments)
    assert result.returncode in (1, 2)
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_interrupting_it_is_one_sentence_and_leaves_nothing(environ: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--tracks", "3000"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not left_behind(environ) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "Stopped. Nothing is left behind." in stderr
    assert "Traceback" not in stderr
    assert left_behind(environ) == []
