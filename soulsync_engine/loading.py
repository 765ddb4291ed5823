"""From a record to a usable backend, in stages that each fail with their own error.

The stages of a server's life: metadata, import, spec, contract, config, connect, credentials,
capabilities. The first is discovery's, the next three are here.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soulsync_engine.bus import signature_problems
from soulsync_engine.capabilities import Capabilities, grade_class, is_support_table
from soulsync_engine.contract import MediaServerClient
from soulsync_engine.discovery import BackendRecord
from soulsync_engine.errors import BackendLoadError, ContractMismatchError
from soulsync_engine.spec import SUPPORTED_CONTRACTS, BackendSpec

if TYPE_CHECKING:
    from soulsync_engine.settings import BackendSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBackend:
    """A backend whose code is imported and checked. `capabilities` are what its code offers at best."""

    record: BackendRecord
    spec: BackendSpec
    client_class: type[MediaServerClient]
    settings_class: type[BackendSettings]
    capabilities: Capabilities


def load(record: BackendRecord) -> LoadedBackend:
    """Import and check one backend, and no other."""
    if record.problem is not None:
        raise record.problem
    spec = check_spec(record, import_spec(record))
    client_class, settings_class = import_client(record, spec)
    return LoadedBackend(
        record=record,
        spec=spec,
        client_class=client_class,
        settings_class=settings_class,
        capabilities=grade_class(MediaServerClient, client_class),
    )


def import_spec(record: BackendRecord) -> object:
    """Stage "import": the object the entry point names."""
    if record.spec is not None:
        return record.spec
    return _import_object(record, record.value, stage="import")


def check_spec(record: BackendRecord, found: object) -> BackendSpec:
    """Stage "spec": it is a `BackendSpec` of the right name, for a contract this engine speaks."""
    if not isinstance(found, BackendSpec):
        raise BackendLoadError(
            f"{record.value} of {record.distribution} is a {type(found).__name__}, not a BackendSpec.",
            stage="spec",
            distribution=record.distribution,
            next_step=_report(record),
        )
    problems = _spec_problems(found)
    if problems:
        raise BackendLoadError(
            f"The spec of {record.distribution} {record.version} is wrong: {'; '.join(problems)}.",
            stage="spec",
            distribution=record.distribution,
            next_step=_report(record),
        )
    if found.name != record.name:
        raise BackendLoadError(
            f"{record.distribution} announces a backend {record.name!r}, but its spec is named {found.name!r}.",
            stage="spec",
            distribution=record.distribution,
            next_step=_report(record),
        )
    if found.contract not in SUPPORTED_CONTRACTS:
        newest = max(SUPPORTED_CONTRACTS)
        behind = "soulsync-engine" if found.contract > newest else record.distribution
        spoken = ", ".join(map(str, sorted(SUPPORTED_CONTRACTS)))
        raise ContractMismatchError(
            f"{record.distribution} {record.version} is written for contract {found.contract}; "
            f"this engine speaks {spoken}.",
            stage="spec",
            distribution=record.distribution,
            next_step=f"Upgrade {behind}: pip install --upgrade {behind}",
        )
    return found


def import_client(
    record: BackendRecord, spec: BackendSpec
) -> tuple[type[MediaServerClient], type[BackendSettings]]:
    """Stage "contract": the client and settings classes, with every signature as the contract has it."""
    from soulsync_engine.settings import BackendSettings

    client = _import_object(record, spec.client, stage="contract")
    settings = _import_object(record, spec.settings, stage="contract")
    client_class = client if isinstance(client, type) and issubclass(client, MediaServerClient) else None
    settings_class = (
        settings if isinstance(settings, type) and issubclass(settings, BackendSettings) else None
    )
    problems = (
        [f"{spec.client} is not a MediaServerClient class"]
        if client_class is None
        else _client_problems(client_class)
    )
    if settings_class is None:
        problems.append(f"{spec.settings} is not a BackendSettings class")
    if problems or client_class is None or settings_class is None:
        raise BackendLoadError(
            f"{record.distribution} {record.version} does not fit the contract: {'; '.join(problems)}.",
            stage="contract",
            distribution=record.distribution,
            next_step=_report(record),
        )
    return client_class, settings_class


def _spec_problems(spec: BackendSpec) -> list[str]:
    """What no type checker saw, since authors need not use one."""
    problems = [
        f"{field} is not a text"
        for field in ("name", "title", "client", "settings")
        if not isinstance(getattr(spec, field), str)
    ]
    contract: object = spec.contract
    if not isinstance(contract, int) or isinstance(contract, bool):
        problems.append("contract is not a whole number")
    return problems


def _client_problems(client: type[MediaServerClient]) -> list[str]:
    if inspect.isabstract(client):
        missing = ", ".join(sorted(client.__abstractmethods__))
        return [f"{client.__name__} lacks the required {missing}"]
    return signature_problems(client) + _declaration_problems(client)


def _declaration_problems(client: type[MediaServerClient]) -> list[str]:
    problems = []
    limitations: object = client.limitations
    if not is_support_table(limitations):
        problems.append(f"{client.__name__}.limitations does not give a Support for each operation's name")
    claims: object = client.claims
    if not isinstance(claims, Set):
        # A bare text would claim every operation whose name is part of it.
        problems.append(f"{client.__name__}.claims is not a set")
    return problems


def _import_object(record: BackendRecord, path: str, *, stage: str) -> object:
    module_name, _, attribute = path.partition(":")
    try:
        found: object = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        own = module_name == error.name or module_name.startswith(f"{error.name}.")
        message, advice = (
            (f"{path} of {record.distribution} does not exist.", f"Reinstall {record.distribution}.")
            if own
            else (
                f"{record.distribution} {record.version} needs the module {error.name!r}, which is not installed.",
                f"Reinstall it with what it needs: pip install --force-reinstall {record.distribution}",
            )
        )
        raise _failed(record, message, advice, stage) from error
    except AttributeError as error:
        message = f"{path} of {record.distribution} does not exist: {error}."
        raise _failed(record, message, _report(record), stage) from error
    except (Exception, SystemExit) as error:
        # Whatever a third party's module does while it is imported must hurt only who selects it.
        message = f"{record.distribution} {record.version} fails while {module_name} is imported: {error!r}."
        raise _failed(record, message, _report(record), stage) from error
    return found


def _failed(record: BackendRecord, message: str, advice: str, stage: str) -> BackendLoadError:
    return BackendLoadError(message, stage=stage, distribution=record.distribution, next_step=advice)


def _report(record: BackendRecord) -> str:
    return f"Report this to the authors of {record.distribution}."
