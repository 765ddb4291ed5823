"""What is printed: tables for people, one JSON document for programs, sentences for errors.

Results go to standard output, everything else to standard error. Titles come from files and servers
that anybody may have written, so they never reach the terminal as anything but text.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from soulsync_engine.errors import SoulSyncError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

# Control characters, the marks that reverse the direction of what follows, and halves of surrogate
# pairs: they move the cursor, recolour or reorder the line, or cannot be encoded at all.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANKS = str.maketrans({"\t": " ", "\n": " ", "\r": " "})


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal would obey."""
    return _UNPRINTABLE.sub("", text.translate(_BLANKS))


def console(*, stderr: bool = False) -> Console:
    """A console that takes text literally: no markup, no emoji codes, no colouring of numbers."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def show(line: str = "") -> None:
    """Print one line of a result."""
    sys.stdout.write(f"{printable(line)}\n")


def note(line: str) -> None:
    """Tell the user something that is not the result."""
    sys.stderr.write(f"{printable(line)}\n")


def spoken_time(moment: datetime) -> str:
    """A time as the clock on this machine's wall shows it, and by which zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their column heads, fitted to a terminal or, into a file, one line a row."""
    cells = [[printable(cell) for cell in row] for row in rows]
    page = _fitted(columns, cells) if sys.stdout.isatty() else _aligned([columns, *cells])
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in page))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row. Without Rich, whose import a script that reads a pipe need not wait for."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _fitted(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    # Rendered apart and written in one piece: Rich would end the process on a closed pipe by itself.
    page = io.StringIO()
    width = console().width
    Console(file=page, width=width, force_terminal=True, markup=False, emoji=False).print(table)
    return page.getvalue().splitlines()


def show_json(document: Mapping[str, object]) -> None:
    """Print the one JSON document of this command, in ASCII so that no terminal or pipe can garble it."""
    sys.stdout.write(f"{json.dumps(document, default=_builtin, indent=2)}\n")


def show_json_line(value: object) -> None:
    """Print one value of many as JSON on a line of its own."""
    sys.stdout.write(f"{json.dumps(value, default=_builtin)}\n")


def describe_error(error: SoulSyncError) -> dict[str, object]:
    """An error as programs read it."""
    return {
        "code": error.code,
        "message": error.message,
        "next_step": error.next_step,
        "server": error.server,
    }


def show_error(error: SoulSyncError, *, as_json: bool) -> None:
    """Print an error to standard error: a sentence and the next step, or a JSON document."""
    if as_json:
        sys.stderr.write(f"{json.dumps({'error': describe_error(error)}, indent=2)}\n")
        return
    where = f"{error.server}: " if error.server else ""
    note(f"{where}{error.message}")
    if error.next_step:
        note(error.next_step)


def _builtin(value: object) -> object:
    """Models, times and enumerations as JSON has them; the keys of a model are its field names."""
    import msgspec

    plain: object = msgspec.to_builtins(value)
    return plain
