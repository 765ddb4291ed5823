"""What authors of backends import, and all they need to import.

`BackendSettings` and what is for HTTP are loaded on first use, so that the module holding a `BackendSpec` stays cheap
to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from soulsync_engine.capabilities import Capability, Grade, Support
from soulsync_engine.contract import MediaServerClient, ServerContext, hookimpl
from soulsync_engine.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.signin import SignIn, SignInChallenge, SignInOutcome, SignInState
from soulsync_engine.spec import BackendSpec, LegacySection

if TYPE_CHECKING:
    from soulsync_engine.http import (
        HttpAnswer,
        HttpSettings,
        HttpTransport,
        decode,
        decode_items,
        raise_for_status,
    )
    from soulsync_engine.settings import BackendSettings

__all__ = [
    "AuthenticationError",
    "BackendSettings",
    "BackendSpec",
    "Capability",
    "ConfigurationError",
    "ConflictError",
    "Grade",
    "HttpAnswer",
    "HttpSettings",
    "HttpTransport",
    "LegacySection",
    "MediaServerClient",
    "NotAllowedError",
    "NotFoundError",
    "ServerContext",
    "SignIn",
    "SignInChallenge",
    "SignInOutcome",
    "SignInState",
    "SoulSyncError",
    "Support",
    "UnavailableError",
    "UnsupportedError",
    "decode",
    "decode_items",
    "hookimpl",
    "raise_for_status",
]

_HOMES = {
    "BackendSettings": "soulsync_engine.settings",
    "HttpAnswer": "soulsync_engine.http",
    "HttpSettings": "soulsync_engine.http",
    "HttpTransport": "soulsync_engine.http",
    "decode": "soulsync_engine.http",
    "decode_items": "soulsync_engine.http",
    "raise_for_status": "soulsync_engine.http",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
