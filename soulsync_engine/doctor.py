"""Finding out why a server or a backend does not work, stage by stage, up to the first that fails.

    metadata      the backend is installed, once, and not switched off
    import        what its entry point names can be imported
    spec          that is a `BackendSpec`, for a contract this engine speaks
    contract      its client has the contract's methods and signatures
    config        the server's settings are complete and valid, its secrets can be read
    connect       the server answers
    credentials   it accepts the credentials
    capabilities  what it offers is known

A backend alone is examined up to its contract, a server through all stages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from soulsync_engine.config.model import EngineConfig, ServerConfig
from soulsync_engine.contract import MediaServerClient
from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_engine.errors import (
    AuthenticationError,
    BackendDisabledError,
    ContractViolationError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
)
from soulsync_engine.hookspecs import DoctorCheck
from soulsync_engine.loading import LoadedBackend, check_spec, import_client, import_spec, load
from soulsync_engine.models import ServerInfo
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.session import Session


class Stage(StrEnum):
    """The stages, in their order."""

    METADATA = "metadata"
    IMPORT = "import"
    SPEC = "spec"
    CONTRACT = "contract"
    CONFIG = "config"
    CONNECT = "connect"
    CREDENTIALS = "credentials"
    CAPABILITIES = "capabilities"


class Outcome(StrEnum):
    """What became of a stage or a check. What follows a failure is not reached, nor is a backend switched off."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """One stage. `finding` is a sentence; `error` is set when it failed; `seconds` is how long it took."""

    stage: Stage
    outcome: Outcome
    finding: str = ""
    error: SoulSyncError | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All stages of one backend or server. `server` is None when only the backend was examined.

    `notes` are what the server has to say about itself.
    """

    backend: str
    server: str | None = None
    stages: tuple[StageReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> SoulSyncError | None:
        """Why it does not work, or None."""
        return next((report.error for report in self.stages if report.error), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """One check that a plugin contributed."""

    name: str
    outcome: Outcome
    finding: str = ""
    error: SoulSyncError | None = None


def examine_backend(record: BackendRecord) -> Examination:
    """Examine an installed backend; imports its code and makes no request."""
    if isinstance(record.problem, BackendDisabledError):
        skipped = tuple(
            StageReport(stage=stage, outcome=Outcome.NOT_REACHED, finding=record.problem.message)
            for stage in _BACKEND_STAGES
        )
        return Examination(backend=record.name, stages=skipped)
    steps = _BackendSteps(record.name, (record,))
    return Examination(backend=record.name, stages=_walk(steps.steps()))


def examine_server(
    config: EngineConfig,
    server: str,
    *,
    records: Sequence[BackendRecord] | None = None,
    plugins: GlobalPlugins | None = None,
) -> Examination:
    """Examine a configured server, in a session of its own that is closed again. It connects and lists the libraries.

    Raises `NotFoundError` when no server has that name.
    """
    if server not in config.servers:
        raise NotFoundError(
            f"No server is called {server!r} (configured: {', '.join(config.servers) or 'none'}).",
            next_step="List them with: soulsync servers list",
        )
    chosen = config.servers[server]
    with ExitStack() as afterwards:
        steps = _ServerSteps(
            chosen,
            discover() if records is None else records,
            data_dir=config.data_dir,
            plugins=GlobalPlugins.installed() if plugins is None else plugins,
            afterwards=afterwards,
        )
        stages = _walk(steps.steps())
        return Examination(backend=chosen.backend, server=server, stages=stages, notes=steps.notes)


def run_checks(plugins: GlobalPlugins) -> tuple[CheckReport, ...]:
    """Run every check that plugins contribute, each of them."""
    reports = []
    for check in plugins.doctor_checks():
        try:
            reports.append(CheckReport(name=check.name, outcome=Outcome.PASSED, finding=_run(check)))
        except SoulSyncError as error:
            reports.append(CheckReport(name=check.name, outcome=Outcome.FAILED, error=error))
    return tuple(reports)


def _run(check: DoctorCheck) -> str:
    try:
        return check.run()
    except SoulSyncError:
        raise
    except Exception as error:
        raise ContractViolationError(
            f"The check {check.name!r} itself failed: {type(error).__name__}: {error}.",
            next_step="Report this to the authors of the plugin it comes from.",
        ) from error


_Step = tuple[Stage, Callable[[], str]]
_BACKEND_STAGES = (Stage.METADATA, Stage.IMPORT, Stage.SPEC, Stage.CONTRACT)


def _walk(steps: Sequence[_Step]) -> tuple[StageReport, ...]:
    reports: list[StageReport] = []
    failed = False
    for stage, step in steps:
        if failed:
            reports.append(StageReport(stage=stage, outcome=Outcome.NOT_REACHED))
            continue
        started = time.perf_counter()
        try:
            finding, error, outcome = step(), None, Outcome.PASSED
        except SoulSyncError as problem:
            finding, error, outcome, failed = "", problem, Outcome.FAILED, True
        seconds = time.perf_counter() - started
        reports.append(
            StageReport(stage=stage, outcome=outcome, finding=finding, error=error, seconds=seconds)
        )
    return tuple(reports)


class _BackendSteps:
    """Each step keeps what it found for the next one."""

    _record: BackendRecord
    _found: object
    _loaded: LoadedBackend

    def __init__(self, name: str, records: Sequence[BackendRecord]) -> None:
        self._name = name
        self._records = records

    def steps(self) -> list[_Step]:
        return list(
            zip(_BACKEND_STAGES, (self._metadata, self._import, self._spec, self._contract), strict=True)
        )

    def _metadata(self) -> str:
        self._record = find(self._name, self._records)
        return f"{self._record.distribution} {self._record.version}".strip()

    def _import(self) -> str:
        self._found = import_spec(self._record)
        return self._record.value

    def _spec(self) -> str:
        self._checked = check_spec(self._record, self._found)
        return f"{self._checked.title}, contract {self._checked.contract}"

    def _contract(self) -> str:
        import_client(self._record, self._checked)
        self._loaded = load(self._record)
        offered = sum(support.offered for support in self._loaded.capabilities.values())
        return f"{offered} of {len(self._loaded.capabilities)} operations are written"


class _ServerSteps(_BackendSteps):
    _session: Session

    def __init__(
        self,
        config: ServerConfig,
        records: Sequence[BackendRecord],
        *,
        data_dir: Path,
        plugins: GlobalPlugins,
        afterwards: ExitStack,
    ) -> None:
        super().__init__(config.backend, records)
        self._config = config
        self._data_dir = data_dir
        self._plugins = plugins
        self._info: ServerInfo | None = None
        self._refused: SoulSyncError | None = None
        self._afterwards = afterwards

    @property
    def notes(self) -> tuple[str, ...]:
        return self._info.notes if self._info else ()

    def steps(self) -> list[_Step]:
        return [
            *super().steps(),
            (Stage.CONFIG, self._configure),
            (Stage.CONNECT, self._connect),
            (Stage.CREDENTIALS, self._sign_in),
            (Stage.CAPABILITIES, self._grade),
        ]

    def _configure(self) -> str:
        self._session = Session(self._config, self._loaded, data_dir=self._data_dir, plugins=self._plugins)
        self._afterwards.callback(self._session.close)
        return "the settings are complete"

    def _connect(self) -> str:
        try:
            self._info = self._session.connect()
        except (AuthenticationError, NotAllowedError) as error:
            # A server that refuses does answer: the next stage is the one that fails.
            self._refused = error
            return "the server answers"
        return f"{self._info.product} {self._info.version}".strip()

    def _sign_in(self) -> str:
        if self._refused is not None:
            raise self._refused
        # Libraries that are configured and not there are refused by this.
        self._session.call(MediaServerClient.list_libraries)
        user = self._info.user if self._info else None
        return f"accepted as {user}" if user else "accepted"

    def _grade(self) -> str:
        offered = sum(support.offered for support in self._session.capabilities.values())
        return f"{offered} of {len(self._session.capabilities)} operations are offered"
