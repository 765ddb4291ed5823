"""Asking for what a backend's settings need."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError

from soulsync_engine.cli.output import note, printable
from soulsync_engine.config.validation import configuration_error
from soulsync_engine.errors import ConfigurationError

if TYPE_CHECKING:
    from soulsync_engine.settings import BackendSettings

_PATHS = frozenset({"path", "file-path", "directory-path"})


def given_settings(model: type[BackendSettings], pairs: Iterable[str]) -> dict[str, object]:
    """The settings that `--set KEY=VALUE` options give; a key given several times is a list.

    A path becomes absolute, because the configuration is read from anywhere.
    """
    collected: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{key!r} lacks its value; write KEY=VALUE.", param_hint="--set")
        collected.setdefault(key, []).append(value)
    fields = _fields(model)
    settings: dict[str, object] = {}
    for key, values in collected.items():
        field = fields.get(key, {})
        values = [_absolute(value) if _is_path(field) else value for value in values]
        settings[key] = values if len(values) > 1 or _only_list(field) else values[0]
    return settings


def ask_for_missing(model: type[BackendSettings], settings: Mapping[str, object]) -> dict[str, object]:
    """The settings, with those that are missing asked for. Secrets are not echoed.

    Asked for are the required ones; then, where the backend needs one or another of the rest, as a folder or several
    folders, those that are texts, until it has enough. What was given wrong is refused before anything is asked.
    """
    required = model.model_json_schema().get("required", [])
    refusal = _refusal(model, settings)
    if refusal is not None:
        kinds = {detail["type"] for detail in refusal.errors()}
        of_the_rest = any(key not in required for key in settings)
        if not (kinds == {"missing"} or (_needs_more(refusal) and not of_the_rest)):
            raise configuration_error(refusal, model, "the settings given with --set") from None
    complete = dict(settings)
    fields = _fields(model)
    for key in (key for key in required if key not in complete):
        complete[key] = _value(fields[key], _ask(key, fields[key]))
    if any(key not in required for key in settings):
        return complete
    for key in (key for key, field in fields.items() if key not in complete and _may_be_asked(field)):
        if not _needs_more(_refusal(model, complete)):
            break
        answer = _ask(key, fields[key], required=False)
        if answer:
            complete[key] = _value(fields[key], answer)
    return complete


def _refusal(model: type[BackendSettings], settings: Mapping[str, object]) -> ValidationError | None:
    try:
        model.model_validate(settings)
    except ValidationError as error:
        return error
    return None


def _needs_more(refusal: ValidationError | None) -> bool:
    """Whether each setting is fine by itself, and they will not do together."""
    return refusal is not None and all(not detail["loc"] for detail in refusal.errors())


def _may_be_asked(field: Mapping[str, object]) -> bool:
    return field.get("default") in (None, "") and any(
        shape.get("type") == "string" for shape in _shapes(field)
    )


def _value(field: Mapping[str, object], answer: str) -> object:
    value = _absolute(answer) if _is_path(field) else answer
    return [value] if _only_list(field) else value


def stored_form(settings: BackendSettings, given: Mapping[str, object]) -> dict[str, object]:
    """What belongs into the file: what was given, numbers and switches as such, secrets as they were written."""
    validated = settings.model_dump(mode="json")
    return {
        key: validated[key] if isinstance(validated.get(key), bool | int | float) else value
        for key, value in given.items()
    }


def _ask(key: str, field: Mapping[str, object], *, required: bool = True) -> str:
    description = printable(str(field.get("description") or field.get("title") or key)).rstrip(".")
    secret = _is_secret(field)
    if secret:
        note(
            f"{description}: it is not shown. env:NAME, file:PATH or keyring:SERVICE/NAME say where to read it."
        )
    text = key if secret else f"{description} ({key})"
    # What is piped in is not echoed anyway, and asking for it unechoed would read the terminal instead.
    hidden = secret and sys.stdin.isatty()
    try:
        answer: str = typer.prompt(
            text, default=None if required else "", show_default=False, hide_input=hidden, err=True
        )
    except typer.Abort:
        note("")
        if sys.stdin.isatty():
            raise
        raise ConfigurationError(
            f"The setting {key!r} ({description}) is missing, and there is nobody to ask.",
            next_step=f"Give it with: --set {key}=VALUE",
        ) from None
    return answer


def _fields(model: type[BackendSettings]) -> dict[str, Mapping[str, object]]:
    fields: dict[str, Mapping[str, object]] = model.model_json_schema().get("properties", {})
    return fields


def _shapes(field: Mapping[str, object]) -> list[Mapping[str, object]]:
    alternatives = field.get("anyOf")
    return alternatives if isinstance(alternatives, list) else [field]


def _is_secret(field: Mapping[str, object]) -> bool:
    return any(shape.get("format") == "password" for shape in _shapes(field))


def _only_list(field: Mapping[str, object]) -> bool:
    return {shape.get("type") for shape in _shapes(field)} - {"null"} == {"array"}


def _is_path(field: Mapping[str, object]) -> bool:
    shapes = _shapes(field)
    items = [shape["items"] for shape in shapes if isinstance(shape.get("items"), dict)]
    return any(shape.get("format") in _PATHS for shape in (*shapes, *items) if isinstance(shape, dict))


def _absolute(value: str) -> str:
    return str(Path(value).expanduser().absolute())
