"""`soulsync backends` and `soulsync matrix`: what is installed, and what it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from soulsync_engine.cli.output import describe_error, note, show, show_json, show_table
from soulsync_engine.cli.state import JsonOption

if TYPE_CHECKING:
    from soulsync_engine.capabilities import Support

NO_BACKEND = (
    "No backend is installed. Install the distribution for your kind of server: pip install soulsync-NAME"
)


def backends(as_json: JsonOption = False) -> None:
    """List the installed backends."""
    from soulsync_engine.discovery import discover

    records = discover()
    if as_json:
        described = [
            {
                "name": record.name,
                "distribution": record.distribution,
                "version": record.version,
                "value": record.value,
                "usable": record.usable,
                "problem": describe_error(record.problem) if record.problem else None,
            }
            for record in records
        ]
        show_json({"backends": described})
    elif records:
        show_table(
            ("BACKEND", "DISTRIBUTION", "VERSION", "STATE"),
            [
                (
                    record.name,
                    record.distribution,
                    record.version,
                    "installed" if record.usable else "not usable",
                )
                for record in records
            ],
        )
        for record in records:
            if record.problem:
                note(str(record.problem))
    else:
        show(NO_BACKEND)


def matrix(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what each backend offers. It is read from the code of the installed ones; nothing is connected."""
    from soulsync_engine.contract import OPERATIONS
    from soulsync_engine.discovery import discover
    from soulsync_engine.errors import SoulSyncError
    from soulsync_engine.loading import load

    graded, problems = {}, {}
    for record in discover():
        try:
            graded[record.name] = load(record).capabilities
        except SoulSyncError as error:
            problems[record.name] = error
    if as_json:
        show_json(
            {
                "operations": [
                    {"name": entry.name, "capability": entry.capability, "writes": entry.writes}
                    for entry in OPERATIONS.values()
                ],
                "backends": {
                    name: {
                        operation: {"grade": support.grade, "reason": support.reason}
                        for operation, support in capabilities.items()
                    }
                    for name, capabilities in graded.items()
                },
                "problems": {name: describe_error(problem) for name, problem in problems.items()},
            }
        )
        return
    for problem in problems.values():
        note(str(problem))
    if not graded:
        show(NO_BACKEND)
        return
    columns = ("capability", "operation", *graded)
    rows = [
        (
            str(entry.capability),
            entry.name,
            *(_cell(capabilities[name], markdown) for capabilities in graded.values()),
        )
        for name, entry in OPERATIONS.items()
    ]
    if markdown:
        for row in (columns, ["---"] * len(columns), *rows):
            show(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    else:
        show_table([column.upper() for column in columns], rows)


def _cell(support: Support, with_reason: bool) -> str:
    grade = support.grade.replace("_", " ")
    return f"{grade}: {support.reason}" if with_reason and support.reason else grade
