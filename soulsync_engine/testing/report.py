"""The pytest plugin that writes what the kit found as JSON: `-p soulsync_engine.testing.report --soulsync-report FILE`.

It is announced nowhere: installing the engine must not change anybody's pytest.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRecord:
    """What became of one test.

    `outcome` is passed, failed, skipped, xfailed (failed as expected) or xpassed (passed against expectation).
    `reason` is why it did not simply pass.
    """

    __test__ = False

    test: str
    backend: str | None
    server: str | None
    outcome: str
    reason: str


class ReportWriter:
    """Collects the outcome of every test and writes the file when the session ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records: dict[str, TestRecord] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test; a later phase counts only if it failed."""
        if report.nodeid in self._records and not (report.failed and report.when != "setup"):
            return
        if report.when == "call" or report.outcome != "passed":
            self._records[report.nodeid] = _record(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, in the process that has all results."""
        if hasattr(session.config, "workerinput"):
            return
        records = sorted(self._records.values(), key=lambda record: record.test)
        content = {
            "engine": _version("soulsync-engine"),
            "python": platform.python_version(),
            "counts": dict(Counter(record.outcome for record in records)),
            "tests": [asdict(record) for record in records],
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--soulsync-report`."""
    parser.addoption(
        "--soulsync-report", type=Path, metavar="FILE", help="write the results of the kit as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Write a report when one is asked for."""
    path: Path | None = config.getoption("--soulsync-report")
    if path is not None:
        config.pluginmanager.register(ReportWriter(path), "soulsync-report-writer")


def _record(report: pytest.TestReport) -> TestRecord:
    facts = dict(report.user_properties)
    expected = getattr(report, "wasxfail", None)
    outcome: str = report.outcome
    if expected is not None:
        outcome = "xpassed" if report.passed else "xfailed"
    elif report.failed and "[XPASS(strict)]" in str(report.longrepr):
        outcome = "xpassed"
    return TestRecord(
        test=report.nodeid.partition("::")[2],
        backend=_text(facts.get("soulsync_backend")),
        server=_text(facts.get("soulsync_server")),
        outcome=outcome,
        reason=_reason(report) if expected is None else expected,
    )


def _reason(report: pytest.TestReport) -> str:
    if report.passed:
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", report.longrepr))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
