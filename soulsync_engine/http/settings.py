"""The settings that every server reached over HTTP has."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from soulsync_engine.http.address import normalise_base_url
from soulsync_engine.settings import BackendSettings

_PIN = re.compile(r"sha256:[0-9a-f]{64}")


def _read_verify(value: object) -> object:
    """Environment variables bring words where a file brings a bool."""
    if value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "1")):
        return True
    if (
        value is False
        or not isinstance(value, str)
        or value.strip().lower() in ("", "false", "no", "off", "0")
    ):
        raise ValueError(
            "certificates are always checked; give the file of the CA, or the server's own fingerprint as sha256:..."
        )
    text = value.strip()
    if not text.lower().startswith("sha256:"):
        return text
    pin = "sha256:" + re.sub(r"[:\s]", "", text[len("sha256:") :]).lower()
    if not _PIN.fullmatch(pin):
        raise ValueError("a fingerprint is sha256: and 64 hexadecimal digits")
    return pin


BaseUrl = Annotated[str, AfterValidator(normalise_base_url)]
Verify = Annotated[Literal[True] | str, BeforeValidator(_read_verify)]


class HttpSettings(BackendSettings):
    """Base of the settings of a backend that speaks HTTP. Subclass it and add the credentials."""

    base_url: BaseUrl = Field(
        description="Address of the server, such as http://nas:8080 or https://host/music"
    )
    timeout: float = Field(
        default=30.0, gt=0, le=600, description="Seconds to wait for the server before giving a request up"
    )
    verify: Verify = Field(
        default=True,
        description="How the server's certificate is checked: true, the path of a CA file, "
        "or the fingerprint of the certificate itself as sha256:...",
    )
    max_concurrency: int = Field(
        default=4, ge=1, le=16, description="How many listings are asked for at the same time at most"
    )
