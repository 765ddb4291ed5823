"""The settings of one `navidrome` or `subsonic` server."""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from soulsync_engine.http import HttpSettings

_PLACEHOLDERS = frozenset({"navidrome_username", "navidrome_password", "username", "password"})
"""What example configurations have in place of credentials; a server must not be asked with them."""


class SubsonicSettings(HttpSettings):
    """Where the server is and who asks: a user name with a password, or an API key."""

    username: str = Field(default="", description="Name of the user, as on the server's login page")
    password: SecretStr | None = Field(
        default=None,
        description="The user's password. It is sent as it is only to servers that accept nothing safer, "
        "and to sign in to Navidrome's own API",
    )
    api_key: SecretStr | None = Field(
        default=None, description="An API key instead of name and password, for servers that issue them"
    )
    timeout: float = Field(
        default=60.0, gt=0, le=600, description="Seconds to wait for the server before giving a request up"
    )
    native_api: bool = Field(
        default=True,
        description="Whether Navidrome's own API is used where the server has it: it lists a library in a third of "
        "the requests, and knows every single play",
    )

    @model_validator(mode="after")
    def _credentials(self) -> SubsonicSettings:
        if self.key is not None:
            return self
        if not self.username.strip() or self.username.strip().lower() in _PLACEHOLDERS:
            raise ValueError("no user is named: set `username` and `password`, or `api_key`")
        if self.secret is None:
            raise ValueError("there is no password: set `password`, or `api_key`")
        return self

    @property
    def secret(self) -> str | None:
        """The password, None where there is none."""
        return _text(self.password)

    @property
    def key(self) -> str | None:
        """The API key, None where there is none."""
        return _text(self.api_key)


def _text(value: SecretStr | None) -> str | None:
    text = value.get_secret_value() if value is not None else ""
    return text or None
