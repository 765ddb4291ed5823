"""The contract as data: written to `contract/<number>.json`, and compared with what the source says now.

    python scripts/contract_snapshot.py            compare
    python scripts/contract_snapshot.py --write    write the snapshot of what was only added

A change that would break a backend is refused in both cases: it needs a new contract number.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import EnumMeta
from pathlib import Path
from typing import Any

from soulsync_engine import capabilities, contract, errors, models, plugin, spec
from soulsync_engine.contract import CONTRACT_VERSION, OPERATIONS, MediaServerClient

FOLDER = Path(__file__).parents[1] / "contract"

Snapshot = dict[str, Any]


def take() -> Snapshot:
    """Every signature, model, capability and error code an author's code may depend on."""
    return {
        "contract": CONTRACT_VERSION,
        "operations": {name: _operation(name) for name in OPERATIONS},
        "capabilities": sorted(capabilities.Capability),
        "grades": sorted(capabilities.Grade),
        "errors": {name: _error(kind) for name, kind in sorted(_errors().items())},
        "enums": {
            name: sorted(kind) for name, kind in sorted(_models().items()) if isinstance(kind, EnumMeta)
        },
        "models": {name: _fields(kind) for name, kind in sorted(_models().items()) if is_dataclass(kind)},
        "author": {
            "exports": sorted(plugin.__all__),
            "BackendSpec": _fields(spec.BackendSpec),
            "ServerContext": _fields(contract.ServerContext),
        },
    }


def compare(old: Any, new: Any, path: str = "") -> tuple[list[str], list[str]]:
    """What breaks authors and what was only added, one line each.

    Breaking are things that are gone or different, an operation that became or came as required, and a new
    field without a default in a value that authors build.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        breaking: list[str] = []
        added: list[str] = []
        for key in [*old, *(key for key in new if key not in old)]:
            where = f"{path}/{key}"
            if key not in new:
                breaking.append(f"{where} is gone")
            elif key not in old:
                (breaking if _is_demand(new[key]) else added).append(f"{where} is new")
            else:
                inner = compare(old[key], new[key], where)
                breaking += inner[0]
                added += inner[1]
        return breaking, added
    if isinstance(old, list) and isinstance(new, list):
        gone = [f"{path}: {entry} is gone" for entry in old if entry not in new]
        come = [f"{path}: {entry} is new" for entry in new if entry not in old]
        return gone, come
    return ([], []) if old == new else ([f"{path} was {old!r} and is {new!r}"], [])


def _is_demand(entry: Any) -> bool:
    """Whether something new asks authors to do something: write an operation, fill in a field."""
    return isinstance(entry, Mapping) and bool(entry.get("required"))


def _operation(name: str) -> Snapshot:
    function = getattr(MediaServerClient, name)
    signature = inspect.signature(function)
    entry = OPERATIONS[name]
    return {
        "capability": str(entry.capability),
        "writes": entry.writes,
        "dangerous": entry.dangerous,
        "required": name in MediaServerClient.__abstractmethods__,
        # Parameters are given by keyword and may be left out by implementations: their order says nothing.
        "parameters": {
            parameter.name: str(parameter.annotation)
            for parameter in signature.parameters.values()
            if parameter.name != "self"
        },
        "returns": str(signature.return_annotation),
    }


def _errors() -> dict[str, type[errors.SoulSyncError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.SoulSyncError)
    }


def _error(kind: type[errors.SoulSyncError]) -> Snapshot:
    return {
        "code": kind.code,
        "retryable": kind.retryable,
        "is": [base.__name__ for base in kind.__mro__[1:] if issubclass(base, errors.SoulSyncError)],
    }


def _models() -> dict[str, type]:
    named = ((name, getattr(models, name)) for name in models.__all__)
    return {name: kind for name, kind in named if isinstance(kind, type)}


def _fields(kind: type) -> Snapshot:
    return {
        entry.name: {
            "type": str(entry.type),
            "required": entry.default is MISSING and entry.default_factory is MISSING,
        }
        for entry in fields(kind)
    }


def main(arguments: list[str] | None = None) -> int:
    """Compare, or write; the exit code is 1 when the snapshot and the source differ."""
    parser = argparse.ArgumentParser(description="Compare the contract with its snapshot.")
    parser.add_argument("--write", action="store_true", help="write what was added into the snapshot")
    options = parser.parse_args(arguments)
    path = FOLDER / f"{CONTRACT_VERSION}.json"
    now = take()
    breaking, added = (
        compare(json.loads(path.read_text(encoding="utf-8")), now) if path.exists() else ([], ["all"])
    )
    for line in breaking:
        print(f"breaks backends: {line}", file=sys.stderr)
    for line in added:
        print(f"added: {line}", file=sys.stderr)
    if breaking:
        print("Take it back, or raise CONTRACT_VERSION and keep speaking the old number.", file=sys.stderr)
        return 1
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    if added:
        print("Only additions. Write them down: python scripts/contract_snapshot.py --write", file=sys.stderr)
    return 1 if added else 0


if __name__ == "__main__":
    sys.exit(main())
