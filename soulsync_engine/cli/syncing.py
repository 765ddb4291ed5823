"""`soulsync sync` and `soulsync scan`: making the mirror, or the server, look again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from soulsync_engine.cli.exits import ExitCode, exit_code_of
from soulsync_engine.cli.interrupts import STOPPED, stoppable
from soulsync_engine.cli.output import describe_error, note, show, show_error, show_json, show_table
from soulsync_engine.cli.progress import shown_progress
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument
from soulsync_engine.cli.status import NO_SERVER

if TYPE_CHECKING:
    from soulsync_engine.models import Kind, ScanState
    from soulsync_engine.server import MediaServer
    from soulsync_engine.sync import SyncReport

_PROBLEMS_SHOWN: Final = 10
_SECONDS_BETWEEN_LOOKS: Final = 1.0
_COUNTS: Final = (
    "seen", "added", "changed", "moved", "remapped", "removed", "restored", "missing", "unchanged",
)  # fmt: skip


def sync(
    ctx: typer.Context,
    server: ServerArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="Every configured server, some at once.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, even if nothing seems changed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="TEXT", help="Remove what an earlier sync held back.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the mirror up to date. Without a server's name, with the active one."""
    if everything:
        _refuse_with_all(server, dry_run=dry_run, confirm=confirm)
        _sync_all(ctx, full=full, as_json=as_json)
        return
    with Invocation.of(ctx).engine() as engine, stoppable() as cancel, shown_progress() as on_progress:
        report = engine.sync(
            server, full=full, dry_run=dry_run, confirm=confirm, on_progress=on_progress, cancel=cancel
        )
    if as_json:
        show_json({"report": report})
    elif report.state != "interrupted":
        _show_report(report, confirm)
    # The enumeration's texts, because to import the enumeration is to import the database.
    if report.state == "interrupted":
        raise KeyboardInterrupt(STOPPED)
    if report.state == "incomplete" or report.confirmation:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _refuse_with_all(server: str | None, *, dry_run: bool, confirm: str | None) -> None:
    for given, name in ((server, "server's name"), (dry_run, "--dry-run"), (confirm, "--confirm")):
        if given:
            raise typer.BadParameter(f"--all goes with no {name}: it is for all servers.")


def _sync_all(ctx: typer.Context, *, full: bool, as_json: bool) -> None:
    from soulsync_engine.errors import SoulSyncError

    with Invocation.of(ctx).engine() as engine:
        ended = engine.sync_all(full=full)
    errors = {name: one for name, one in ended.items() if isinstance(one, SoulSyncError)}
    reports = {name: one for name, one in ended.items() if not isinstance(one, SoulSyncError)}
    if as_json:
        show_json({"reports": reports, "errors": {name: describe_error(one) for name, one in errors.items()}})
    else:
        for report in reports.values():
            _show_report(report)
        for error in errors.values():
            show_error(error, as_json=False)
        if not ended:
            show(NO_SERVER)
    codes = [exit_code_of(error) for error in errors.values()]
    codes += [
        ExitCode.INCOMPLETE for one in reports.values() if one.state == "incomplete" or one.confirmation
    ]
    if codes:
        raise typer.Exit(codes[0])


def _show_report(report: SyncReport, confirm: str | None = None) -> None:
    seconds = "dry run, nothing was written" if report.dry_run else f"{report.seconds:.1f} s"
    if report.mode == "unchanged" and not report.changed and not report.held:
        show(f"{report.server}: nothing to do, {seconds}: {report.reason}")
    else:
        show(f"{report.server}: {report.mode} sync, {report.state}, {seconds}: {report.reason}")
        show_table(
            ("KIND", *(name.upper() for name in _COUNTS)),
            [
                (str(kind), *(str(getattr(counts, name)) for name in _COUNTS))
                for kind, counts in report.kinds.items()
            ],
        )
    _tell_problems(report)
    _tell_missing(report, confirm)


def _tell_problems(report: SyncReport) -> None:
    for problem in report.problems[:_PROBLEMS_SHOWN]:
        which = f"{problem.kind} {problem.id}" if problem.id else problem.kind
        note(f"{which}: {problem.reason}")
    if len(report.problems) > _PROBLEMS_SHOWN:
        note(f"{len(report.problems)} items could not be read; --json lists them all.")
    for kind, reason in report.withheld.items():
        note(f"No {kind} was removed: {reason}")
    if report.ambiguities:
        number = len(report.ambiguities)
        note(
            f"{number} items have new ids and may each be one of several known ones, so they count as new; "
            "--json lists them."
        )


def _tell_missing(report: SyncReport, confirm: str | None) -> None:
    removed = sum(counts.removed for counts in report.kinds.values())
    if confirm is not None and confirm != report.confirmation and not removed:
        note(f"{confirm} confirms nothing that waits now, so it removed nothing.")
    missing = _spoken({kind: counts.missing for kind, counts in report.kinds.items()})
    if report.confirmation:
        command = f"soulsync sync {report.server} --confirm {report.confirmation}"
        note(f"Gone from the server: {_spoken(report.held)}. That is so much that nothing was removed.")
        note(f"If it is meant to be so: {command}")
    elif missing:
        note(
            f"Not on the server: {missing}. What is missing is removed once that has lasted; see [sync] grace_sweeps."
        )


def _spoken(numbers: Mapping[Kind, int]) -> str:
    return ", ".join(
        f"{number} {kind}" if number == 1 else f"{number} {kind}s"
        for kind, number in numbers.items()
        if number
    )


def scan(
    ctx: typer.Context,
    server: ServerArgument = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the scan is over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a server look for new files. Without a server's name, the active one."""
    from soulsync_engine.models import ScanPhase

    with Invocation.of(ctx).engine() as engine:
        chosen = engine.server(server)
        state = chosen.trigger_library_scan()
        # A scan in this process would end with the command, unfinished.
        while (wait or state.in_process) and state.phase is ScanPhase.RUNNING:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            state = chosen.scan_state()
        if as_json:
            show_json({"server": chosen.name, "scan": state})
        else:
            _show_scan(chosen, state, waited=wait)
    if state.phase is ScanPhase.FAILED:
        raise typer.Exit(ExitCode.FAILED)


def _show_scan(server: MediaServer, state: ScanState, *, waited: bool) -> None:
    facts = [f"{state.progress:.0%}"] if state.progress is not None else []
    facts += [f"{state.items} items"] if state.items is not None else []
    facts += [state.detail] if state.detail else []
    show(f"{server.name}: {state.phase} {', '.join(facts)}".rstrip())
    if waited and state.phase == "unknown":
        note("The server does not tell whether it is scanning, so its end could not be waited for.")
