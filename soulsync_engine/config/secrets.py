"""Secrets given by reference: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr

from soulsync_engine.errors import ConfigurationError


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of the fields whose type is, or may be, `SecretStr`."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )


def resolve_secrets(
    model: type[BaseModel], settings: Mapping[str, object], *, server: str
) -> dict[str, object]:
    """The settings with each reference in a secret field replaced by what it refers to."""
    secret = secret_fields(model)
    return {
        key: _resolved(key, value, server) if key in secret and isinstance(value, str) else value
        for key, value in settings.items()
    }


def _resolved(key: str, value: str, server: str) -> str:
    scheme, separator, reference = value.partition(":")
    read = _SCHEMES.get(scheme) if separator else None
    if read is None:
        return value
    try:
        return read(reference)
    except LookupError as error:
        raise ConfigurationError(
            f"The secret for {key!r} cannot be resolved: {error.args[0]}.",
            server=server,
            next_step=f"Provide it there, or write another {key} into the configuration.",
        ) from None


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise LookupError(f"the environment variable {name} is not set")
    return value


def _from_file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise LookupError(f"the file {path} cannot be read: {reason}") from error


def _from_keyring(reference: str) -> str:
    service, _, name = reference.partition("/")
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError as error:
        raise LookupError("the keyring library is missing (pip install soulsync-engine[keyring])") from error
    try:
        value = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        raise LookupError(f"the keyring does not answer: {error}") from error
    if value is None:
        raise LookupError(f"the keyring holds nothing under {service}/{name}")
    return value


_SCHEMES: dict[str, Callable[[str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "keyring": _from_keyring,
}
