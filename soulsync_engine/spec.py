"""What a backend's entry point names: facts, and where its code is to be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BACKEND_GROUP: Final = "soulsync_engine.backends"
"""Entry-point group of backends: the entry point's name is the backend's, its value a `BackendSpec`."""

PLUGIN_GROUP: Final = "soulsync_engine.plugins"
"""Entry-point group of pluggy plugins that implement the global hooks of `soulsync_engine.hookspecs`."""

SUPPORTED_CONTRACTS: Final = frozenset({1})
"""The contract numbers this engine speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacySection:
    """Where the old application's configuration holds this kind of server.

    Its `section` becomes a server called `server`; `keys` maps the old keys to settings of the backend. `defaults`
    are the values that application filled in by itself: nothing but them is a server nobody configured.
    """

    server: str
    section: str
    keys: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSpec:
    """A backend as data. The module that holds it imports nothing heavy.

    `name` equals the entry point's name. `title` is for people. `contract` is the number of the
    contract the client was written for. `client` and `settings` are import strings,
    `"package.module:Class"`, of a `MediaServerClient` and of a `BackendSettings` subclass. `legacy` lets
    the old application's configuration keep working. `sign_in` is the import string of a `SignIn` subclass.
    """

    name: str
    title: str
    contract: int
    client: str
    settings: str
    legacy: LegacySection | None = None
    sign_in: str | None = None
