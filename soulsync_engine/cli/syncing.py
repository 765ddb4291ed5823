"""`soulsync sync` and `soulsync scan`: making the mirror, or the server, look again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.cli.interrupts import STOPPED, stoppable
from soulsync_engine.cli.output import note, show, show_json, show_table
from soulsync_engine.cli.progress import shown_progress
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument

if TYPE_CHECKING:
    from soulsync_engine.models import ScanState
    from soulsync_engine.server import MediaServer
    from soulsync_engine.sync import SyncReport

_PROBLEMS_SHOWN: Final = 10
_SECONDS_BETWEEN_LOOKS: Final = 1.0
_COUNTS: Final = ("seen", "added", "changed", "moved", "removed", "restored", "unchanged")


def sync(
    ctx: typer.Context,
    server: ServerArgument = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, even if nothing seems changed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the mirror up to date. Without a server's name, with the active one."""
    with Invocation.of(ctx).engine() as engine, stoppable() as cancel, shown_progress() as on_progress:
        report = engine.sync(server, full=full, dry_run=dry_run, on_progress=on_progress, cancel=cancel)
        # The enumeration's text, because to import the enumeration is to import the database.
        if report.state == "interrupted":
            raise KeyboardInterrupt(STOPPED)
    if as_json:
        show_json({"report": report})
    else:
        _show_report(report)
    if report.state == "incomplete":
        raise typer.Exit(ExitCode.INCOMPLETE)


def _show_report(report: SyncReport) -> None:
    seconds = "dry run, nothing was written" if report.dry_run else f"{report.seconds:.1f} s"
    if report.mode == "unchanged":
        show(f"{report.server}: nothing to do, {seconds}: {report.reason}")
        return
    show(f"{report.server}: {report.mode} sync, {report.state}, {seconds}: {report.reason}")
    show_table(
        ("KIND", *(name.upper() for name in _COUNTS)),
        [
            (str(kind), *(str(getattr(counts, name)) for name in _COUNTS))
            for kind, counts in report.kinds.items()
        ],
    )
    for problem in report.problems[:_PROBLEMS_SHOWN]:
        which = f"{problem.kind} {problem.id}" if problem.id else problem.kind
        note(f"{which}: {problem.reason}")
    if len(report.problems) > _PROBLEMS_SHOWN:
        note(f"{len(report.problems)} items could not be read; --json lists them all.")
    for kind, reason in report.withheld.items():
        note(f"No {kind} was removed: {reason}")


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
