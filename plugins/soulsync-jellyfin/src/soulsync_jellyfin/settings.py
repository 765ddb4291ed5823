"""The settings of one `jellyfin` or `emby` server."""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from soulsync_engine.http import HttpSettings


class JellyfinSettings(HttpSettings):
    """Where the server is and who asks: an API key or access token, or a user name with a password."""

    api_key: SecretStr | None = Field(
        default=None,
        description="An API key from the server's dashboard, or a user's access token. It is used where both this and "
        "a password are given.",
    )
    username: str = Field(
        default="",
        description="Name or id of the user whose libraries, playlists and plays are meant. An API key belongs to no "
        "user, so with several users on the server it needs one.",
    )
    password: SecretStr | None = Field(
        default=None, description="The user's password, to sign in instead of using an API key"
    )
    timeout: float = Field(
        default=60.0, gt=0, le=600, description="Seconds to wait for the server before giving a request up"
    )
    retries: int = Field(
        default=3, ge=0, le=10, description="How often a request that failed in passing is sent again"
    )

    @model_validator(mode="after")
    def _credentials(self) -> JellyfinSettings:
        if self.key is None and self.secret is None:
            raise ValueError("there are no credentials: set `api_key`, or `username` and `password`")
        if self.key is None and not self.username.strip():
            raise ValueError("no user is named: set `username` and `password`, or `api_key`")
        return self

    @property
    def key(self) -> str | None:
        """The API key or access token, None where there is none."""
        return _text(self.api_key)

    @property
    def secret(self) -> str | None:
        """The password, None where there is none. A user may have an empty one."""
        return None if self.password is None else self.password.get_secret_value()


class EmbySettings(JellyfinSettings):
    """As for Jellyfin; an access token also needs the id of its user, since Emby does not tell whose it is."""


def _text(value: SecretStr | None) -> str | None:
    text = value.get_secret_value().strip() if value is not None else ""
    return text or None
