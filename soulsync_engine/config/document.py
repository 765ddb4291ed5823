"""The shape of the configuration, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soulsync_engine.config.model import EngineConfig, ServerConfig
from soulsync_engine.config.validation import configuration_error
from soulsync_engine.errors import ConfigurationError
from soulsync_engine.policy import CAREFUL, SyncPolicy

_NAME = re.compile(r"\w[\w .-]*")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Active(_Section):
    active: str | None = None


class _Entry(_Section):
    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    backend: str


class _Mirror(_Section):
    url: str | None = None


class _Engine(_Section):
    data_dir: Path | None = None


class _Sync(_Section):
    grace_sweeps: int = Field(CAREFUL.grace_sweeps, ge=1)
    grace_hours: float = Field(CAREFUL.grace_hours, ge=0)
    confirm_above: float = Field(CAREFUL.confirm_above, ge=0, le=1)
    sweep_hours: float = Field(CAREFUL.sweep_hours, ge=0)
    stall_seconds: float = Field(CAREFUL.stall_seconds, gt=0)
    keep_changes_days: float | None = Field(CAREFUL.keep_changes_days, ge=0)


class _Document(_Section):
    server: _Active = _Active()
    servers: dict[str, _Entry] = {}
    mirror: _Mirror = _Mirror()
    engine: _Engine = _Engine()
    sync: _Sync = Field(default_factory=lambda: _Sync.model_validate({}))


def check_name(name: str) -> None:
    """Refuse a server's name that could not name a folder of its data, or be typed."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a server.",
            next_step="Use letters, digits, spaces, dots, hyphens and underscores.",
        )


def build(
    document: Mapping[str, object], *, source: Path | None, variable: str | None = None
) -> EngineConfig:
    """The typed configuration; raises `ConfigurationError` naming the key that is wrong.

    `variable` is the environment variable that is known to be what is wrong.
    """
    try:
        checked = _Document.model_validate(document)
    except ValidationError as error:
        where = f"the configuration file {source}" if source else "the configuration"
        if variable is not None:
            where = f"the environment variable {variable}"
        raise configuration_error(error, _Document, where) from None
    for name in checked.servers:
        check_name(name)
    active = checked.server.active or None
    if active is not None and active not in checked.servers:
        configured = ", ".join(checked.servers) or "none"
        raise ConfigurationError(
            f"The active server {active!r} is not configured (configured: {configured}).",
            next_step=f"Correct or unset {variable}."
            if variable
            else "Correct [server] active, or add that server.",
        )
    if active is None and len(checked.servers) == 1:
        [active] = checked.servers
    data_dir = (checked.engine.data_dir or user_data_path("soulsync")).expanduser()
    return EngineConfig(
        servers={name: _server(name, entry) for name, entry in checked.servers.items()},
        active=active,
        data_dir=data_dir,
        mirror_url=checked.mirror.url or f"sqlite:///{data_dir / 'mirror.db'}",
        source=source,
        sync=SyncPolicy(**checked.sync.model_dump()),
    )


def _server(name: str, entry: _Entry) -> ServerConfig:
    return ServerConfig(name=name, backend=entry.backend, settings=dict(entry.model_extra or {}))
