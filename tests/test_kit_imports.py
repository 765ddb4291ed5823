"""Importing the kit: what needs the extra says so, what does not need it works without, and it rides along nowhere."""

from __future__ import annotations

import subprocess
import sys

import pytest
from importlib_metadata import entry_points

from soulsync_engine.spec import BACKEND_GROUP


def run(code: str, *missing: str) -> subprocess.CompletedProcess[str]:
    blocked = f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
    return subprocess.run([sys.executable, "-c", blocked + code], capture_output=True, text=True, check=False)


def test_without_pytest_the_kit_names_its_extra() -> None:
    result = run("from soulsync_engine.testing import BackendConformance", "pytest")
    assert result.returncode == 1
    assert (
        'needs pytest, which is not installed; install the extra: pip install "soulsync-engine[testing]"'
        in (result.stderr)
    )


def test_running_the_kit_without_pytest_is_one_sentence() -> None:
    code = (
        "import runpy; sys.argv = ['kit', 'reference']\n"
        "runpy.run_module('soulsync_engine.testing', run_name='__main__')"
    )
    result = run(code, "pytest")
    assert result.returncode == 2
    assert result.stderr.strip() == 'The kit needs pytest. Install it: pip install "soulsync-engine[testing]"'


def test_running_the_kit_on_an_unknown_backend_is_one_sentence() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "soulsync_engine.testing", "no-such-backend"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "No installed backend is called 'no-such-backend'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "code",
    [
        "from soulsync_engine.testing import Scenario",
        "from soulsync_engine.testing.reference import ReferenceServer; ReferenceServer()",
    ],
)
def test_scenarios_and_the_reference_server_need_neither_pytest_nor_mutagen(code: str) -> None:
    result = run(code, "pytest", "mutagen")
    assert result.returncode == 0, result.stderr


def test_a_misspelt_name_is_an_ordinary_error() -> None:
    result = run("from soulsync_engine.testing import BackendConformence")
    assert result.returncode == 1
    assert "ImportError" in result.stderr


def test_the_reference_backend_is_announced_nowhere() -> None:
    assert "reference" not in {entry.name for entry in entry_points(group=BACKEND_GROUP)}


def test_the_kit_changes_nobodys_pytest() -> None:
    assert not [entry for entry in entry_points(group="pytest11") if entry.value.startswith("soulsync")]


def test_importing_the_kits_names_does_not_load_the_kit() -> None:
    result = run(
        "import soulsync_engine.testing; sys.exit('pytest' in sys.modules or 'pydantic' in sys.modules)"
    )
    assert result.returncode == 0


def test_what_follows_the_names_goes_to_pytest() -> None:
    command = [
        sys.executable,
        "-m",
        "soulsync_engine.testing",
        "reference",
        "-p",
        "no:cacheprovider",
        "-k",
        "signature",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
