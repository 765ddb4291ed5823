"""How a request says who asks. What goes over the wire is made anew for every request."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from typing import Final

from soulsync_navidrome.settings import SubsonicSettings

PROTOCOL: Final = "1.16.1"
CLIENT_NAME: Final = "soulsync"
_SALT_BYTES: Final = 12


class Mechanism(StrEnum):
    """The ways to sign in, safest first."""

    API_KEY = "api key"
    TOKEN = "token"  # noqa: S105
    PASSWORD = "password"  # noqa: S105


def common() -> list[tuple[str, str]]:
    """What every request carries, whoever asks."""
    return [("v", PROTOCOL), ("c", CLIENT_NAME), ("f", "json")]


def proof(settings: SubsonicSettings, mechanism: Mechanism) -> list[tuple[str, str]]:
    """The parameters that prove who asks. A token is salted afresh, so that none is ever sent twice."""
    if mechanism is Mechanism.API_KEY:
        return [("apiKey", settings.key or "")]
    password = settings.secret or ""
    if mechanism is Mechanism.PASSWORD:
        return [("u", settings.username), ("p", "enc:" + password.encode().hex())]
    salt = secrets.token_hex(_SALT_BYTES)
    # MD5 is what the protocol has.
    token = hashlib.md5((password + salt).encode(), usedforsecurity=False).hexdigest()
    return [("u", settings.username), ("t", token), ("s", salt)]
