"""The old application's `config.json`, read as servers of the names it used.

Which section belongs to which backend is the backends' own knowledge: their specs carry it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from soulsync_engine.discovery import BackendRecord, discover
from soulsync_engine.errors import BackendLoadError
from soulsync_engine.loading import check_spec, import_spec
from soulsync_engine.spec import BackendSpec

_ACTIVE_KEY = "active_media_server"


def is_legacy(mapping: Mapping[str, object]) -> bool:
    """Whether a mapping has the old application's shape."""
    return _ACTIVE_KEY in mapping


def from_legacy(
    mapping: Mapping[str, object], records: Sequence[BackendRecord] | None = None
) -> dict[str, object]:
    """The same settings in today's shape. Sections without any value are servers nobody configured."""
    servers: dict[str, object] = {}
    for spec in _specs(discover() if records is None else records):
        if spec.legacy is None:
            continue
        section = mapping.get(spec.legacy.section)
        if not isinstance(section, Mapping):
            continue
        settings = {new: section[old] for old, new in spec.legacy.keys.items() if section.get(old)}
        if settings:
            servers[spec.legacy.server] = {"backend": spec.name, **settings}
    active = mapping.get(_ACTIVE_KEY)
    return {"server": {"active": active if active in servers else None}, "servers": servers}


def _specs(records: Sequence[BackendRecord]) -> Iterator[BackendSpec]:
    for record in records:
        if not record.usable:
            continue
        try:
            yield check_spec(record, import_spec(record))
        except BackendLoadError:
            # A broken backend hurts only who selects it; `soulsync doctor` tells about it.
            continue
