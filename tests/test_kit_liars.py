"""The kit catches liars: each deliberately broken backend fails the very test that is there for it."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

LIARS = Path(__file__).parent / "kit_liars"


def cases() -> list[str]:
    """The node ids of all tests that must fail."""
    sys.path.insert(0, str(LIARS))
    try:
        found = runpy.run_path(str(LIARS / "lying_backends.py"), run_name="lying_backends")
    finally:
        sys.path.remove(str(LIARS))
    ids = [f"{name}::{test}" for name, test in found["CAUGHT"].items()]
    return ids + [f"{name}::{test}" for name, tests in found["ALSO_CAUGHT"].items() for test in tests]


CASES = cases()
HONEST = "TestHonestAboutFailure::test_long_titles_are_not_cut"
WIRED = "TestWired::test_a_disturbed_sync_forgets_nothing[no page]"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What became of each case, with the reason: one run of pytest for all of them."""
    folder = tmp_path_factory.mktemp("liars")
    settings = folder / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")
    report = folder / "report.json"
    module = str(LIARS / "lying_backends.py")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-c", str(settings), "-p", "no:cacheprovider"),
        *("-p", "soulsync_engine.testing.report", f"--soulsync-report={report}"),
        *(f"{module}::{case}" for case in [*CASES, HONEST, WIRED]),
    ]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(LIARS), *sys.path])}
    environ.pop("PYTEST_XDIST_WORKER", None)
    run = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    tests = json.loads(report.read_text(encoding="utf-8"))["tests"]
    return {test["test"]: (test["outcome"], test["reason"]) for test in tests}


@pytest.mark.parametrize("case", CASES)
def test_a_liar_is_caught(outcomes: dict[str, tuple[str, str]], case: str) -> None:
    outcome, reason = outcomes[case]
    assert outcome in ("failed", "xpassed"), reason
    assert reason


def test_an_expected_failure_that_passes_is_an_error(outcomes: dict[str, tuple[str, str]]) -> None:
    assert outcomes["TestTooPessimistic::test_no_track_is_lost"][0] == "xpassed"


def test_an_expected_failure_that_fails_is_none(outcomes: dict[str, tuple[str, str]]) -> None:
    assert outcomes[HONEST] == ("xfailed", "the server keeps 64 characters")


def test_an_honest_backend_stands_what_catches_a_liar(outcomes: dict[str, tuple[str, str]]) -> None:
    assert outcomes[WIRED][0] == "passed", outcomes[WIRED][1]
