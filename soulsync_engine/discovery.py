"""Finding the installed backends by reading metadata only: nothing is imported, nothing raises.

What is wrong with a backend is kept in its record, and raised when somebody selects it.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from importlib_metadata import EntryPoint, EntryPoints, PackageMetadata, distributions, entry_points

from soulsync_engine.errors import (
    BackendConflictError,
    BackendDisabledError,
    BackendLoadError,
    BackendNotFoundError,
    SoulSyncError,
)
from soulsync_engine.spec import BACKEND_GROUP, BackendSpec

ALLOW_VARIABLE: Final = "SOULSYNC_BACKENDS"
DISABLE_VARIABLE: Final = "SOULSYNC_DISABLE_BACKENDS"

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendRecord:
    """One backend as its distribution's metadata describes it.

    `value` is the entry point's import string. `spec` is set for backends handed over in the process.
    `problem` says why the backend cannot be selected.
    """

    name: str
    distribution: str
    version: str
    value: str
    spec: BackendSpec | None = None
    problem: SoulSyncError | None = None

    @property
    def usable(self) -> bool:
        """Whether, as far as metadata tell, it can be selected."""
        return self.problem is None


def in_process(*specs: BackendSpec) -> tuple[BackendRecord, ...]:
    """Records of backends that no distribution announces, for tests and for hosts with their own."""
    return tuple(
        BackendRecord(name=spec.name, distribution="(in process)", version="", value=spec.client, spec=spec)
        for spec in specs
    )


def discover(environ: Mapping[str, str] | None = None) -> tuple[BackendRecord, ...]:
    """The installed backends, by name. One name appears once; a conflict is that record's problem."""
    return from_entry_points(announced(BACKEND_GROUP), os.environ if environ is None else environ)


def announced(group: str) -> list[EntryPoint]:
    """The entry points of a group. A distribution whose metadata cannot be read is logged and left out."""
    try:
        return list(entry_points(group=group))
    except Exception:  # noqa: BLE001 - one unreadable file, of whichever distribution, spoils them all
        found = [_announced_by(distribution, group) for distribution in distributions()]
        return [entry for entries in found for entry in entries]


def from_entry_points(found: Iterable[EntryPoint], environ: Mapping[str, str]) -> tuple[BackendRecord, ...]:
    """The records of these entry points.

    A distribution listed twice with the same value (an editable install beside stale metadata) is one.
    """
    by_name: dict[str, dict[tuple[str, str], BackendRecord]] = {}
    for entry in found:
        record = _record(entry)
        by_name.setdefault(record.name, {}).setdefault(
            (_canonical(record.distribution), record.value), record
        )
    merged = (_merge(list(records.values())) for _, records in sorted(by_name.items()))
    return tuple(_apply_switches(record, environ) for record in merged)


def find(name: str, records: Sequence[BackendRecord]) -> BackendRecord:
    """The record of that name; raises its problem, or `BackendNotFoundError` with a suggestion."""
    for record in records:
        if record.name == name:
            if record.problem is not None:
                raise record.problem
            return record
    installed = [record.name for record in records]
    near = difflib.get_close_matches(name, installed, n=1)
    suggestion = f"Did you mean {near[0]!r}? " if near else ""
    listing = ", ".join(installed) if installed else "none"
    raise BackendNotFoundError(
        f"No installed backend is called {name!r} (installed: {listing}).",
        next_step=f"{suggestion}Correct the name, or install the distribution that has it.",
    )


class _Distribution(Protocol):
    """What is asked of a distribution; the library's own type has another name in each of its versions."""

    @property
    def metadata(self) -> PackageMetadata: ...

    @property
    def entry_points(self) -> EntryPoints: ...


def _announced_by(distribution: _Distribution, group: str) -> list[EntryPoint]:
    try:
        return list(distribution.entry_points.select(group=group))
    except Exception as error:  # noqa: BLE001
        name, version = _identity(distribution)
        _log.warning("The entry points of %s cannot be read: %r", f"{name} {version}".strip(), error)
        return []


def _identity(distribution: _Distribution) -> tuple[str, str]:
    """Name and version. What is missing or cannot be read, as after an interrupted installation, has stand-ins."""
    try:
        metadata = distribution.metadata
        # Broken metadata answer None where the type promises a text.
        return str(metadata["Name"] or "(unnamed)"), str(metadata["Version"] or "")
    except Exception:  # noqa: BLE001 - how they fail differs between versions of the library
        return "(unnamed)", ""


def _record(entry: EntryPoint) -> BackendRecord:
    distribution = entry.dist
    if distribution is None:
        return BackendRecord(name=entry.name, distribution="(unknown)", version="", value=entry.value)
    name, version = _identity(distribution)
    record = BackendRecord(name=entry.name, distribution=name, version=version, value=entry.value)
    if ":" not in entry.value:
        return _with_problem(
            record,
            BackendLoadError(
                f"The entry point {entry.name!r} of {name} names the module {entry.value!r}, not an object in it.",
                stage="metadata",
                distribution=name,
                next_step=f"Report this to the authors of {name}.",
            ),
        )
    return record


def _merge(records: list[BackendRecord]) -> BackendRecord:
    first = records[0]
    if len(records) == 1:
        return first
    claims = ", ".join(sorted(f"{r.distribution} {r.version} ({r.value})" for r in records))
    problem = BackendConflictError(
        f"Several installed distributions offer a backend called {first.name!r}: {claims}.",
        next_step="Uninstall all but one of them.",
    )
    together = ", ".join(sorted({record.distribution for record in records}))
    return BackendRecord(
        name=first.name, distribution=together, version="", value=first.value, problem=problem
    )


def _apply_switches(record: BackendRecord, environ: Mapping[str, str]) -> BackendRecord:
    allowed, disabled = _names(environ, ALLOW_VARIABLE), _names(environ, DISABLE_VARIABLE)
    if disabled is not None and record.name in disabled:
        variable, reason = DISABLE_VARIABLE, "lists it"
    elif allowed is not None and record.name not in allowed:
        variable, reason = ALLOW_VARIABLE, "does not list it"
    else:
        return record
    return _with_problem(
        record,
        BackendDisabledError(
            f"The backend {record.name!r} is switched off: the environment variable {variable} {reason}.",
            next_step=f"Change or unset {variable} to use it.",
        ),
    )


def _names(environ: Mapping[str, str], variable: str) -> set[str] | None:
    """The names a variable lists; None when it is unset or blank, which switches nothing."""
    text = environ.get(variable, "")
    names = {name.strip() for name in text.split(",")} - {""}
    return names or None


def _with_problem(record: BackendRecord, problem: SoulSyncError) -> BackendRecord:
    return replace(record, problem=problem)


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
