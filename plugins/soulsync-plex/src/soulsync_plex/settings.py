"""The settings of one `plex` server."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SecretStr, field_validator

from soulsync_engine.http.settings import BaseUrl, HttpSettings

PLEX_TV: Final = "https://plex.tv"


class PlexSettings(HttpSettings):
    """Where the server is, what opens it, and which of its music libraries are used."""

    token: SecretStr = Field(
        title="Token",
        description="An X-Plex-Token of the account that is to be used; signing in gets one.",
    )
    libraries: tuple[str, ...] = Field(
        default=(),
        title="Libraries",
        description="Music libraries to use, by key (such as 3) or by title. "
        "Empty: all that hold music; audiobooks only when they are named here.",
    )
    account_url: BaseUrl = Field(
        default=PLEX_TV,
        title="Address of plex.tv",
        description="Where Plex's accounts are asked for; another one is for tests.",
    )
    timeout: float = Field(
        default=10.0,
        gt=0,
        le=600,
        title="Timeout",
        description="Seconds to wait for the server's answer to a small question.",
    )
    page_timeout: float = Field(
        default=60.0,
        gt=0,
        le=600,
        title="Timeout of pages",
        description="Seconds to wait for a page of a listing.",
    )
    retries: int = Field(
        default=3,
        ge=0,
        le=10,
        title="Retries",
        description="How often a question that failed is asked again. What changes something is sent once.",
    )

    @field_validator("token", mode="after")
    @classmethod
    def _a_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if not text:
            raise ValueError("the token is empty")
        if not text.isascii() or not text.isprintable():
            raise ValueError("the token has characters that no token has")
        return SecretStr(text)
