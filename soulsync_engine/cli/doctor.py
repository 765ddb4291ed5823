"""`soulsync doctor`: what works, and for what does not, why and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from soulsync_engine.cli.exits import exit_code_of
from soulsync_engine.cli.output import describe_error, show, show_json, show_table
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument
from soulsync_engine.errors import ConfigurationError, SoulSyncError

if TYPE_CHECKING:
    from soulsync_engine.doctor import CheckReport, Examination


def doctor(ctx: typer.Context, server: ServerArgument = None, as_json: JsonOption = False) -> None:
    """Find out what works, and why not.

    Examines the server, or every server, installed backend and check of a plugin, each up to the first stage
    that fails: metadata, import, spec, contract, config, connect, credentials, capabilities.
    """
    from soulsync_engine.cli.logs import show_logs
    from soulsync_engine.discovery import discover
    from soulsync_engine.doctor import examine_backend, examine_server, run_checks
    from soulsync_engine.plugins import GlobalPlugins

    invocation = Invocation.of(ctx)
    show_logs(tracebacks=invocation.debug)
    records, plugins = discover(), GlobalPlugins.installed()
    examinations: list[Examination] = []
    checks: tuple[CheckReport, ...] = ()
    problem: SoulSyncError | None = None
    if server is None:
        examinations += [examine_backend(record) for record in records]
    try:
        config = invocation.config()
    except ConfigurationError as error:
        if server is not None:
            raise
        # Without a configuration there is still something to say about the backends.
        problem = error
    else:
        examinations += [
            examine_server(config, name, records=records, plugins=plugins)
            for name in (config.servers if server is None else (server,))
        ]
    if server is None:
        checks = run_checks(plugins)

    if as_json:
        show_json(_document(examinations, checks, problem))
    else:
        _show(examinations, checks, problem)
    found = [problem, *(report.error for report in examinations), *(report.error for report in checks)]
    for failure in found:
        if failure is not None:
            raise typer.Exit(exit_code_of(failure))


def _show(
    examinations: list[Examination], checks: tuple[CheckReport, ...], problem: SoulSyncError | None
) -> None:
    for examination in examinations:
        if examination.server is None:
            show(f"backend {examination.backend}")
        else:
            show(f"server {examination.server} (backend {examination.backend})")
        show_table(
            ("  STAGE", "OUTCOME", "FINDING"),
            [
                (f"  {report.stage}", _spoken(report.outcome), report.finding or _code(report.error))
                for report in examination.stages
            ],
        )
        for sentence in examination.notes:
            show(f"  {sentence}")
        _show_error(examination.error)
    if checks:
        show("checks of plugins")
        for check in checks:
            show(f"  {check.name}: {_spoken(check.outcome)} {check.finding}".rstrip())
            _show_error(check.error)
    if problem is not None:
        show("configuration")
        _show_error(problem)
    if not examinations and not checks and problem is None:
        show("There is nothing to examine: no backend is installed and no server is configured.")


def _show_error(error: SoulSyncError | None) -> None:
    if error is not None:
        show(f"  {error.message}")
        if error.next_step:
            show(f"  {error.next_step}")


def _spoken(outcome: str) -> str:
    return outcome.replace("_", " ")


def _code(error: SoulSyncError | None) -> str:
    return error.code if error is not None else ""


def _document(
    examinations: list[Examination], checks: tuple[CheckReport, ...], problem: SoulSyncError | None
) -> dict[str, object]:
    return {
        "configuration": {"error": describe_error(problem) if problem else None},
        "examinations": [
            {
                "backend": examination.backend,
                "server": examination.server,
                "works": examination.error is None,
                "notes": examination.notes,
                "stages": [
                    {
                        "stage": report.stage,
                        "outcome": report.outcome,
                        "finding": report.finding,
                        "seconds": round(report.seconds, 3),
                        "error": describe_error(report.error) if report.error else None,
                    }
                    for report in examination.stages
                ],
            }
            for examination in examinations
        ],
        "checks": [
            {
                "name": check.name,
                "outcome": check.outcome,
                "finding": check.finding,
                "error": describe_error(check.error) if check.error else None,
            }
            for check in checks
        ],
    }
