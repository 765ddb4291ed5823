"""The documents of `--json` have the keys that the documentation lists, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_engine.cli.exits import ExitCode

PAGE = Path(__file__).parents[2] / "docs" / "operators" / "command-line.md"
ROW = re.compile(r"^\| `(?P<command>[a-z -]+)` \| (?P<keys>.+) \|$", re.MULTILINE)
DOCUMENTED = {row["command"]: row["keys"] for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))}
ARGUMENTS = {"changes": ["--since", "0"], "search": ["d"]}
COMMANDS = [
    "backends",
    "matrix",
    "servers list",
    "servers test",
    "status",
    "libraries",
    "sync",
    "sync --all",
    "search",
    "changes",
    "mirror verify",
    "mirror missing",
    "scan",
    "doctor",
]


def names_in(text: str) -> set[str]:
    """The keys a text names; what is in brackets is the name of a model, whose keys are its fields."""
    return set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", text)))


def keys_of_items(value: object) -> Iterator[str]:
    """The keys of the objects in a list."""
    if isinstance(value, list):
        for item in value:
            yield from item


def test_every_command_with_a_document_is_documented() -> None:
    assert sorted(DOCUMENTED) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_of_a_command_has_the_documented_keys(soulsync, music, command) -> None:
    soulsync("sync")
    ended = soulsync(*command.split(), *ARGUMENTS.get(command, []), "--json")
    assert ended.code == ExitCode.OK, ended.err
    keys = DOCUMENTED[command]
    top = {name for part in keys.split(";") for name in names_in(part.partition(":")[0])}
    assert set(ended.document) == top
    for name, value in ended.document.items():
        described = re.search(rf"`{name}`: each with ([^;]+)", keys)
        if described:
            found = set(keys_of_items(value))
            assert found, f"{command} lists nothing under {name}, so nothing is proven"
            assert found <= names_in(described[1])
