"""What authors of backends import, and all they need to import.

`BackendSettings` is loaded on first use, so that the module holding a `BackendSpec` stays cheap to import.
"""

from __future__ import annotations

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
    from soulsync_engine.settings import BackendSettings

__all__ = [
    "AuthenticationError",
    "BackendSettings",
    "BackendSpec",
    "Capability",
    "ConfigurationError",
    "ConflictError",
    "Grade",
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
    "hookimpl",
]


def __getattr__(name: str) -> object:
    if name == "BackendSettings":
        from soulsync_engine.settings import BackendSettings

        return BackendSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
