"""The base of every backend's settings: a pydantic model that a host can draw a form from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BackendSettings(BaseModel):
    """Settings of one server. Subclass it, with a description and a default for every field.

    Fields of type `SecretStr` are secrets: never echoed, never shown, and replaced wherever they turn up
    in a message. Unknown keys are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
