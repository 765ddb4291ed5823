"""`python -m soulsync_engine.testing BACKEND`: run the conformance kit on an installed backend."""

from __future__ import annotations

import importlib.util
from itertools import takewhile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from soulsync_engine.discovery import discover, find
from soulsync_engine.errors import SoulSyncError

app = typer.Typer(add_completion=False, context_settings={"ignore_unknown_options": True})

_REFERENCE = "reference"


@app.command()
def main(
    backends: Annotated[
        list[str], typer.Argument(metavar="BACKEND...", help="Names of backends, then pytest's options.")
    ],
    report: Annotated[Path | None, typer.Option(help="Write the results to this file, as JSON.")] = None,
) -> None:
    """Run the conformance kit on backends that publish their part of it, a module `conformance` beside their spec."""
    names = list(takewhile(lambda argument: not argument.startswith("-"), backends))
    options = backends[len(names) :]
    try:
        import pytest
    except ModuleNotFoundError:
        _stop('The kit needs pytest. Install it: pip install "soulsync-engine[testing]"')
    try:
        modules = [_conformance_module(name) for name in names]
    except SoulSyncError as error:
        _stop(str(error))
    if report is not None:
        options.append(f"--soulsync-report={report.resolve()}")
    plugins = ["-p", "soulsync_engine.testing.report"]
    raise typer.Exit(pytest.main([*plugins, *options, "--pyargs", *modules]))


def _conformance_module(name: str) -> str:
    """The module in which a backend subclasses the kit: `conformance`, in the package that holds the spec."""
    if name == _REFERENCE:
        return "soulsync_engine.testing.reference.conformance"
    record = find(name, discover())
    package = record.value.partition(":")[0]
    while package:
        module = f"{package}.conformance"
        try:
            if importlib.util.find_spec(module) is not None:
                return module
        except ModuleNotFoundError:
            # What holds the spec is a plain module; its package may have the other one.
            pass
        package = package.rpartition(".")[0]
    return _stop(
        f"{record.distribution} publishes no module `conformance` beside its spec {record.value}. "
        "Run its own tests instead, or ask its authors for one."
    )


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="python -m soulsync_engine.testing")
