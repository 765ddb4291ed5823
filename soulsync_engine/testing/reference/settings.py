"""What a user of the reference backend would have to fill in."""

from __future__ import annotations

from pydantic import Field, SecretStr

from soulsync_engine.plugin import BackendSettings


class ReferenceSettings(BackendSettings):
    """Where the server is and what opens it."""

    address: str = Field(description="Address of a ReferenceServer of this process, such as memory://1")
    token: SecretStr = Field(description="The server's token")
    user: str = Field(default="ada", description="Name of the user the token belongs to")
