"""Secrets given by reference: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr

from soulsync_engine.errors import ConfigurationError


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of the fields whose type is `SecretStr`, or holds it, as in `SecretStr | None` or a list of them."""
    return frozenset(name for name, field in model.model_fields.items() if _holds_secret(field.annotation))


def secrets_in(value: object) -> list[str]:
    """Every secret in a value of such a field."""
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    if isinstance(value, Mapping):
        return [secret for inner in value.values() for secret in secrets_in(inner)]
    if isinstance(value, list | tuple | set | frozenset):
        return [secret for inner in value for secret in secrets_in(inner)]
    return []


def _holds_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_holds_secret, get_args(annotation)))


def resolve_secrets(
    model: type[BaseModel], settings: Mapping[str, object], *, server: str
) -> dict[str, object]:
    """The settings with each reference in a secret field replaced by what it refers to."""
    secret = secret_fields(model)
    return {
        key: _all_resolved(key, value, server) if key in secret else value for key, value in settings.items()
    }


def _all_resolved(key: str, value: object, server: str) -> object:
    if isinstance(value, str):
        return _resolved(key, value, server)
    if isinstance(value, Mapping):
        return {name: _all_resolved(key, inner, server) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_all_resolved(key, inner, server) for inner in value]
    return value


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
