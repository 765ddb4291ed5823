"""Turning what pydantic says into one sentence for the person who wrote the configuration."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from soulsync_engine.config.secrets import resolve_secrets, secret_fields, secrets_in
from soulsync_engine.errors import ConfigurationError
from soulsync_engine.settings import BackendSettings

_CLASS = re.compile(r" for <class '[^']*'>")


def validate_settings(
    settings_class: type[BackendSettings], settings: Mapping[str, object], *, server: str
) -> BackendSettings:
    """A backend's settings, validated, with the references to secrets resolved.

    Raises `ConfigurationError`. No message holds a value, since a value may be a secret in the wrong place.
    """
    resolved = resolve_secrets(settings_class, settings, server=server)
    try:
        return settings_class.model_validate(resolved)
    except ValidationError as error:
        raise configuration_error(error, settings_class, "its settings", server=server) from None


def secrets_of(settings: BackendSettings) -> list[str]:
    """The values of all secret settings, for redaction."""
    return [
        secret for name in secret_fields(type(settings)) for secret in secrets_in(getattr(settings, name))
    ]


def configuration_error(
    error: ValidationError, model: type[BaseModel], where: str, *, server: str | None = None
) -> ConfigurationError:
    """The first problems of a validation as one error, with a suggestion for a misspelt key."""
    sentences = [_sentence(detail["type"], detail["loc"], detail["msg"], model) for detail in error.errors()]
    return ConfigurationError(
        f"There is a mistake in {where}: {'; '.join(sentences[:3])}.",
        server=server,
        next_step="Correct it there.",
    )


def _sentence(kind: str, location: tuple[int | str, ...], message: str, model: type[BaseModel]) -> str:
    key = ".".join(map(str, location)) or "the whole"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), _known_keys(model, location[:-1]), n=1)
        return f"{key} is not a known key" + (f" (did you mean {near[0]}?)" if near else "")
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        sentence = message.removeprefix("Value error, ")
    else:
        # Which class pydantic would have made of it says nothing to who wrote the configuration.
        sentence = _CLASS.sub("", f"{message[0].lower()}{message[1:]}")
    return f"{key}: {sentence}" if location else sentence


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
