"""The contract's snapshot: what authors depend on neither vanishes nor changes unnoticed."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from soulsync_engine.contract import CONTRACT_VERSION
from soulsync_engine.spec import SUPPORTED_CONTRACTS

ROOT = Path(__file__).parents[1]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "contract_snapshot", ROOT / "scripts" / "contract_snapshot.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


snapshot = load_script()


@pytest.fixture
def recorded() -> Any:
    return json.loads((ROOT / "contract" / f"{CONTRACT_VERSION}.json").read_text(encoding="utf-8"))


def test_nothing_that_authors_depend_on_is_gone_or_different(recorded: Any) -> None:
    breaking, _ = snapshot.compare(recorded, snapshot.take())
    assert breaking == []


def test_what_was_added_is_written_down(recorded: Any) -> None:
    _, added = snapshot.compare(recorded, snapshot.take())
    assert added == [], "run: python scripts/contract_snapshot.py --write"


def test_there_is_a_snapshot_of_every_supported_contract() -> None:
    numbers = {int(path.stem) for path in (ROOT / "contract").glob("*.json")}
    assert numbers == SUPPORTED_CONTRACTS


def test_a_new_optional_parameter_is_an_addition(recorded: Any) -> None:
    later = copy.deepcopy(recorded)
    later["operations"]["search"]["parameters"]["fuzzy"] = "bool"
    assert snapshot.compare(recorded, later) == ([], ["/operations/search/parameters/fuzzy is new"])


def test_a_new_optional_operation_is_an_addition(recorded: Any) -> None:
    later = copy.deepcopy(recorded)
    later["operations"]["list_lyrics"] = {**recorded["operations"]["list_users"], "required": False}
    assert snapshot.compare(recorded, later) == ([], ["/operations/list_lyrics is new"])


def test_a_new_required_operation_breaks_backends(recorded: Any) -> None:
    later = copy.deepcopy(recorded)
    later["operations"]["list_lyrics"] = {**recorded["operations"]["list_users"], "required": True}
    assert snapshot.compare(recorded, later) == (["/operations/list_lyrics is new"], [])


def test_a_new_field_without_a_default_breaks_backends(recorded: Any) -> None:
    later = copy.deepcopy(recorded)
    later["models"]["Track"]["mood"] = {"type": "str", "required": True}
    assert snapshot.compare(recorded, later) == (["/models/Track/mood is new"], [])


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            ("operations", "search", "parameters", "limit"),
            "float",
            "/operations/search/parameters/limit was 'int'",
        ),
        (("operations", "search", "returns"), "Page[Item]", "/operations/search/returns was"),
        (
            ("operations", "delete_playlist", "dangerous"),
            False,
            "/operations/delete_playlist/dangerous was True",
        ),
        (("models", "Track", "duration_ms", "type"), "float | None", "/models/Track/duration_ms/type was"),
        (("errors", "UnavailableError", "code"), "gone", "/errors/UnavailableError/code was"),
    ],
)
def test_a_changed_meaning_breaks_backends(
    recorded: Any, path: tuple[str, ...], value: object, line: str
) -> None:
    later = copy.deepcopy(recorded)
    target = later
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    breaking, added = snapshot.compare(recorded, later)
    assert len(breaking) == 1
    assert breaking[0].startswith(line)
    assert added == []


@pytest.mark.parametrize(
    "path", [("operations", "search"), ("models", "Track", "isrcs"), ("errors", "ConflictError")]
)
def test_what_is_gone_breaks_backends(recorded: Any, path: tuple[str, ...]) -> None:
    later = copy.deepcopy(recorded)
    target = later
    for part in path[:-1]:
        target = target[part]
    del target[path[-1]]
    assert snapshot.compare(recorded, later) == ([f"/{'/'.join(path)} is gone"], [])


def test_a_withdrawn_capability_breaks_backends(recorded: Any) -> None:
    later = copy.deepcopy(recorded)
    later["capabilities"].remove("media")
    assert snapshot.compare(recorded, later) == (["/capabilities: media is gone"], [])
