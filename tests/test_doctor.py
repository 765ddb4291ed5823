"""Examining servers and backends: every failure is found at its own stage, and nothing after it is tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from soulsync_engine.config import EngineConfig, config_from_mapping
from soulsync_engine.contract import hookimpl
from soulsync_engine.discovery import BackendRecord, in_process
from soulsync_engine.doctor import (
    CheckReport,
    Examination,
    Outcome,
    Stage,
    examine_backend,
    examine_server,
    run_checks,
)
from soulsync_engine.errors import (
    BackendDisabledError,
    ContractViolationError,
    NotFoundError,
    UnavailableError,
)
from soulsync_engine.hookspecs import DoctorCheck
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.spec import BackendSpec
from soulsync_engine.testing.reference import ReferenceServer, backend
from soulsync_engine.testing.scenarios import small

Examine = Callable[..., Examination]


@pytest.fixture
def server() -> ReferenceServer:
    return ReferenceServer(small())


@pytest.fixture
def examine(server: ReferenceServer, tmp_path: Path) -> Examine:
    def run(spec: BackendSpec = backend, **settings: object) -> Examination:
        return examine_server(
            configured({**server.settings(), **settings}, tmp_path),
            "music",
            records=in_process(spec),
            plugins=GlobalPlugins(),
        )

    return run


def configured(settings: dict[str, object], folder: Path) -> EngineConfig:
    return config_from_mapping({"servers": {"music": settings}, "engine": {"data_dir": str(folder)}})


def failed_at(examination: Examination) -> Stage | None:
    """The one stage that failed, after checking that it is where the examination stopped."""
    outcomes = [report.outcome for report in examination.stages]
    passed = outcomes.count(Outcome.PASSED)
    if passed == len(outcomes):
        return None
    rest = len(outcomes) - passed - 1
    assert outcomes == [Outcome.PASSED] * passed + [Outcome.FAILED] + [Outcome.NOT_REACHED] * rest
    return examination.stages[passed].stage


def test_a_server_that_works_passes_every_stage_with_two_requests(
    examine: Examine, server: ReferenceServer
) -> None:
    examination = examine()
    assert [report.stage for report in examination.stages] == list(Stage)
    assert failed_at(examination) is None
    assert examination.error is None
    assert all(report.finding for report in examination.stages)
    assert server.operations["connect"] == server.operations["list_libraries"] == 1
    assert set(server.operations) <= {"connect", "list_libraries", "close"}


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        ({"backend": "nowhere"}, Stage.METADATA),
        ({"colour": "red"}, Stage.CONFIG),
        ({"token": "env:SOULSYNC_NO_SUCH_VARIABLE"}, Stage.CONFIG),
        ({"address": "memory://0"}, Stage.CONNECT),
        ({"token": "wrong"}, Stage.CREDENTIALS),
    ],
)
def test_what_the_user_has_to_mend_is_found_at_its_stage(
    examine: Examine, settings: dict[str, object], stage: Stage
) -> None:
    examination = examine(**settings)
    assert failed_at(examination) is stage
    assert examination.error is not None
    assert examination.error.next_step


@pytest.mark.parametrize(
    ("spec", "stage"),
    [
        (BackendSpec(name="reference", title="Old", contract=0, client="x:Y", settings="x:Y"), Stage.SPEC),
        (
            BackendSpec(
                name="reference", title="Gone", contract=1, client="no_such_module:X", settings="x:Y"
            ),
            Stage.CONTRACT,
        ),
        (
            BackendSpec(
                name="reference",
                title="No client",
                contract=1,
                client="json:dumps",
                settings=backend.settings,
            ),
            Stage.CONTRACT,
        ),
    ],
)
def test_what_the_authors_have_to_mend_is_found_at_its_stage(
    examine: Examine, spec: BackendSpec, stage: Stage
) -> None:
    assert failed_at(examine(spec)) is stage


def test_an_entry_point_that_cannot_be_imported_fails_at_import() -> None:
    record = BackendRecord(name="lost", distribution="soulsync-lost", version="1.0", value="no_such_module:x")
    examination = examine_backend(record)
    assert failed_at(examination) is Stage.IMPORT
    assert [report.stage for report in examination.stages] == list(Stage)[:4]


def test_an_object_that_is_no_spec_fails_at_spec() -> None:
    record = BackendRecord(name="odd", distribution="soulsync-odd", version="1.0", value="json:dumps")
    assert failed_at(examine_backend(record)) is Stage.SPEC


def test_a_backend_that_is_switched_off_is_no_failure() -> None:
    switched_off = BackendDisabledError("It is switched off.")
    record = BackendRecord(
        name="off", distribution="soulsync-off", version="1.0", value="no_such_module:x", problem=switched_off
    )
    examination = examine_backend(record)
    assert examination.error is None
    assert {report.outcome for report in examination.stages} == {Outcome.NOT_REACHED}


def test_an_unknown_server_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cellar"):
        examine_server(config_from_mapping({}), "cellar", records=(), plugins=GlobalPlugins())


def test_no_finding_shows_a_secret(examine: Examine) -> None:
    examination = examine(token="s3cr3t-token")
    shown = repr(examination) + str(examination.error)
    assert "s3cr3t-token" not in shown


class Checks:
    """A plugin with a check of each outcome."""

    @hookimpl
    def soulsync_doctor_checks(self) -> list[DoctorCheck]:
        def full() -> str:
            raise UnavailableError("The disk is full.")

        def broken() -> str:
            return str(1 // 0)

        return [
            DoctorCheck(name="room", run=lambda: "12 GB free"),
            DoctorCheck(name="disk", run=full),
            DoctorCheck(name="sums", run=broken),
        ]


def test_every_contributed_check_is_run_also_after_one_that_fails() -> None:
    room, disk, sums = run_checks(GlobalPlugins([Checks()]))
    assert room == CheckReport(name="room", outcome=Outcome.PASSED, finding="12 GB free")
    assert (disk.outcome, type(disk.error)) == (Outcome.FAILED, UnavailableError)
    assert (sums.outcome, type(sums.error)) == (Outcome.FAILED, ContractViolationError)
    assert "ZeroDivisionError" in str(sums.error)
