"""The old application's `config.json`, read as servers of the names it used.

Which section belongs to which backend is the backends' own knowledge: their specs carry it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from soulsync_engine.discovery import BackendRecord, discover
from soulsync_engine.errors import BackendLoadError, ConfigurationError
from soulsync_engine.loading import check_spec, import_spec
from soulsync_engine.spec import LegacySection

_ACTIVE_KEY = "active_media_server"
_TODAYS_SECTIONS = frozenset({"server", "servers", "mirror", "engine"})


def is_legacy(mapping: Mapping[str, object], records: Sequence[BackendRecord] | None = None) -> bool:
    """Whether a mapping has the old application's shape: its key of the active server, or one of its sections."""
    if _ACTIVE_KEY in mapping:
        return True
    unknown = mapping.keys() - _TODAYS_SECTIONS
    # Which sections that application had is asked of the backends only where it matters, since it imports them.
    return bool(unknown) and any(section.section in unknown for _, section in _sections(records))


def from_legacy(
    mapping: Mapping[str, object], records: Sequence[BackendRecord] | None = None
) -> dict[str, object]:
    """The same settings in today's shape. Sections without any value of their own are servers nobody configured.

    Raises `ConfigurationError` when the active one cannot be read, or only others are configured.
    """
    active = _active(mapping)
    readable: set[str] = set()
    servers: dict[str, object] = {}
    for backend, legacy in _sections(records):
        readable.add(legacy.server)
        section = mapping.get(legacy.section)
        if not isinstance(section, Mapping):
            continue
        values = {old: section[old] for old in legacy.keys if section.get(old)}
        chosen = any(value != legacy.defaults.get(old) for old, value in values.items())
        if chosen or (values and legacy.server == active):
            settings = {legacy.keys[old]: value for old, value in values.items()}
            servers[legacy.server] = {"backend": backend, **settings}
    # To go on with another server than the active one would be to write into a library that nobody chose.
    if active is not None and active not in readable:
        raise ConfigurationError(
            f"No installed backend reads the server {active!r}, which is the active one of the old configuration.",
            next_step=f"Install its backend, or make another server the {_ACTIVE_KEY}.",
        )
    if active is not None and active not in servers and servers:
        raise ConfigurationError(
            f"The section of {active!r}, the active server of the old configuration, holds nothing "
            f"(configured: {', '.join(servers)}).",
            next_step=f"Fill it in, or make another server the {_ACTIVE_KEY}.",
        )
    return {"server": {"active": active if active in servers else None}, "servers": servers}


def _active(mapping: Mapping[str, object]) -> str | None:
    """The active server under either of the two keys that were in use."""
    section = mapping.get("server")
    nested = section.get("active") if isinstance(section, Mapping) else None
    active = mapping.get(_ACTIVE_KEY) or nested
    return active if isinstance(active, str) else None


def _sections(records: Sequence[BackendRecord] | None) -> Iterator[tuple[str, LegacySection]]:
    """The names of the installed backends that have an old section, with that section."""
    for record in discover() if records is None else records:
        if not record.usable:
            continue
        try:
            spec = check_spec(record, import_spec(record))
        except BackendLoadError:
            # A broken backend hurts only who selects it; `soulsync doctor` tells about it.
            continue
        if spec.legacy is not None:
            yield spec.name, spec.legacy
