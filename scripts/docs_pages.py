"""An mkdocs hook: parts of pages that restate code are made from it while the site is built.

A line `<!-- generated: NAME -->` in a page is replaced by what the function of that name in `PARTS` returns.
A part that cannot be made stops the build.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby

from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.contract import OPERATIONS, MediaServerClient

MARKER = re.compile(r"^<!-- generated: (?P<name>[a-z-]+) -->$", re.MULTILINE)


def _output_of(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def commands() -> str:
    """Every command and option of `soulsync`, two heading levels below the page's title."""
    text = _output_of("-m", "typer", "soulsync_engine.cli.app", "utils", "docs", "--name", "soulsync")
    return re.sub(r"^#", "##", text, flags=re.MULTILINE)


def exit_codes() -> str:
    """Every exit code of `soulsync` and what it means."""
    rows = [f"| {code.value} | {code.meaning} |" for code in ExitCode]
    return "\n".join(["| Code | Meaning |", "|---|---|", *rows])


def matrix() -> str:
    """What each installed backend offers."""
    table = _output_of("-c", "from soulsync_engine.cli import main; main()", "matrix", "--markdown")
    if not table.startswith("|"):
        raise RuntimeError(f"there is no table of capabilities: {table}")
    return table


def operations() -> str:
    """The operations of the contract by capability, each with the first sentence of its docstring."""
    lines = ["| Capability | Operation | What it does |", "|---|---|---|"]
    for capability, group in groupby(OPERATIONS.values(), key=lambda entry: entry.capability):
        for entry in group:
            documentation = getattr(MediaServerClient, entry.name).__doc__ or ""
            sentence = " ".join(documentation.split("\n\n")[0].split()).replace("|", "\\|")
            lines.append(f"| {capability.value} | `{entry.name}` | {sentence} |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "exit-codes": exit_codes,
    "matrix": matrix,
    "operations": operations,
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace the markers of one page."""
    return MARKER.sub(lambda found: PARTS[found["name"]](), markdown)
