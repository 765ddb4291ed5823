"""Whatever a title holds, the terminal gets text, and a program gets JSON."""

from __future__ import annotations

import json

import pytest

from soulsync_engine.cli.output import printable, show, show_error, show_json, show_table
from soulsync_engine.errors import UnavailableError
from soulsync_engine.testing.scenarios import DIFFICULT_CHARS

ERROR = UnavailableError("It does not answer.", server="music", next_step="Switch it on.")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("plain", "plain"),
        ("[red]Alert[/red] :smile:", "[red]Alert[/red] :smile:"),
        ("\x1b[31mred\x07", "[31mred"),
        ("one\ntwo\tthree\r", "one two three "),
        ("\x9b2J", "2J"),
        ("abc\u202edef\u2069", "abcdef"),
        ("half \udcff pair", "half  pair"),
        ("Sigur Rós 東京 👩‍🎤", "Sigur Rós 東京 👩‍🎤"),
    ],
)
def test_a_terminal_obeys_nothing_in_a_title(
    title: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printable(title) == shown
    show(title)
    show_table(["TITLE"], [[title]])
    assert capsys.readouterr().out.splitlines() == [shown, "TITLE", shown.rstrip()]


def test_a_table_into_a_file_keeps_each_row_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    show_table(["A", "B"], [[long, "y"], ["short", DIFFICULT_CHARS]])
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4
    assert lines[1].split() == [long, "y"]


def test_a_document_is_ascii_and_survives_any_title(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"titles": [DIFFICULT_CHARS, "\x1b[31m", "half \udcff pair", "[red]"]}
    show_json(document)
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == document


def test_an_error_is_a_sentence_and_a_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ERROR, as_json=False)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "music: It does not answer.\nSwitch it on.\n")


def test_an_error_for_a_program_is_a_document_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ERROR, as_json=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err) == {
        "error": {
            "code": "unavailable",
            "message": "It does not answer.",
            "next_step": "Switch it on.",
            "server": "music",
        }
    }
