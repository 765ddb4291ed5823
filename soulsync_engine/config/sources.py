"""Where the configuration comes from: a file, a mapping, and environment variables on top."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from platformdirs import user_config_path

from soulsync_engine.config.document import build
from soulsync_engine.config.legacy import from_legacy, is_legacy
from soulsync_engine.config.model import EngineConfig
from soulsync_engine.discovery import BackendRecord
from soulsync_engine.errors import ConfigurationError

CONFIG_VARIABLE: Final = "SOULSYNC_CONFIG"
_PREFIX: Final = "SOULSYNC_"
_SECTIONS: Final = ("server", "servers", "mirror", "engine", "sync")

Document = dict[str, object]


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """The file that `soulsync` reads and writes: `SOULSYNC_CONFIG`, or the user's configuration folder."""
    chosen = (os.environ if environ is None else environ).get(CONFIG_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_config_path("soulsync") / "soulsync.toml"


def load_config(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    records: Sequence[BackendRecord] | None = None,
) -> EngineConfig:
    """The configuration in a file, with environment variables on top.

    A missing file is an empty configuration, unless `path` or `SOULSYNC_CONFIG` names it. `.json` files
    are read as the old application's. Every problem is a `ConfigurationError`.
    """
    environ = os.environ if environ is None else environ
    named = path is not None or bool(environ.get(CONFIG_VARIABLE))
    file = path or config_path(environ)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if named:
            raise ConfigurationError(
                f"The configuration file {file} does not exist.",
                next_step="Correct the path, or make one with: soulsync servers add",
            ) from error
        return config_from_mapping({}, environ, records)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The configuration file {file} cannot be read: {error}.",
            next_step="Check its permissions and encoding.",
        ) from error
    return config_from_mapping(_parse(file, text), environ, records, source=file)


def config_from_mapping(
    mapping: Mapping[str, object],
    environ: Mapping[str, str] | None = None,
    records: Sequence[BackendRecord] | None = None,
    *,
    source: Path | None = None,
) -> EngineConfig:
    """The configuration a mapping of the same shape as the file describes.

    `environ` adds variables on top; without it none are looked at, so that values passed in code are final.
    """
    document: Document = dict(from_legacy(mapping, records) if is_legacy(mapping, records) else mapping)
    try:
        return build(_overlaid(document, environ or {}), source=source)
    except ConfigurationError:
        if variable := _culprit(document, environ or {}):
            # The same mistake, told of where it is.
            build(_overlaid(document, environ or {}), source=source, variable=variable)
        raise


def _culprit(document: Document, environ: Mapping[str, str]) -> str | None:
    """The one variable without which there is no mistake."""
    for variable in filter(_path, environ):
        others = {name: value for name, value in environ.items() if name != variable}
        try:
            build(_overlaid(document, others), source=None)
        except ConfigurationError:
            continue
        return variable
    return None


def _parse(file: Path, text: str) -> Mapping[str, object]:
    try:
        parsed: object = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"The configuration file {file} is not valid: {error}.", next_step="Correct it in an editor."
        ) from error
    if not isinstance(parsed, dict):
        raise ConfigurationError(f"The configuration file {file} holds a list or a value, not sections.")
    return parsed


def _overlaid(document: Document, environ: Mapping[str, str]) -> Document:
    """The document with every variable `SOULSYNC_<SECTION>__<KEY>` put in its place, as text.

    Done here since settings libraries decode such values as JSON, which turns a password of digits into a number.
    """
    merged = _deep_copy(document)
    for variable, value in environ.items():
        path = _path(variable)
        if not path:
            continue
        section = merged
        for key in path[:-1]:
            inner = section.setdefault(_existing(section, key), {})
            if not isinstance(inner, dict):
                raise ConfigurationError(
                    f"The environment variable {variable} fits nowhere in the configuration.",
                    next_step="Correct its name, or unset it.",
                )
            section = inner
        section[_existing(section, path[-1])] = value
    return merged


def _path(variable: str) -> list[str]:
    """The sections and the key that a variable means; nothing for one that is not about the configuration."""
    path = variable.removeprefix(_PREFIX).lower().split("__")
    return path if variable.startswith(_PREFIX) and len(path) > 1 and path[0] in _SECTIONS else []


def _existing(section: Document, key: str) -> str:
    """The key already there that the variable can only mean: variables know neither case nor hyphens."""
    return next((name for name in section if name.lower().replace("-", "_") == key), key)


def _deep_copy(document: Mapping[str, object]) -> Document:
    return {
        str(key): _deep_copy(value) if isinstance(value, Mapping) else value
        for key, value in document.items()
    }
